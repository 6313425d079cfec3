"""``[supervisor]`` and ``on_alert``: what is said arrives at the children, and a mistake is named."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.runtime import ExitCode
from actors.supervisor import ChildSpec
from actors.supervisor.spec import settings
from tradefloor import configuration
from tradefloor.configuration import REPLAY_S, ConfigurationError

FLOOR = '[floor]\nname = "demo"\n'
TWIN = '[venues.A]\nadapter = "binance"\naccount_type = "spot"\nenvironment = "twin"\n'
ALPHA = '[strategies.alpha]\npath = "alpha.py:Alpha"\n'
NAMES = "reconciler, gate, quota.A, twin.A, market_data.A, execution.A, book.A"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path, for sockets have to fit below it."""
    with tempfile.TemporaryDirectory(prefix="tf", dir="/tmp") as name:
        Path(name, "alpha.py").write_text("from tradefloor import Strategy\nclass Alpha(Strategy):\n    pass\n")
        yield Path(name)


def read(folder: Path, text: str) -> dict[str, ChildSpec]:
    file = folder / "floor.toml"
    file.write_text(text)
    judged = configuration.read(file, folder / "run", folder / "state")
    return {spec.name: spec for spec in judged.floor.children}


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(folder, text)
    assert caught.value.code == ExitCode.CONFIGURATION
    return caught.value.reason.removeprefix(f"{folder / 'floor.toml'}: ")


def test_defaults_are_those_of_the_specs(folder: Path) -> None:
    children = read(folder, FLOOR + TWIN)
    for name, setting in settings().items():
        assert getattr(children["execution.A"], name) == setting.default
    assert children["reconciler"].start_timeout_s == REPLAY_S


def test_every_setting_has_a_description_and_a_default_that_it_allows_itself() -> None:
    found = settings()
    assert set(found) >= {"intensity", "period_s", "backoff_min_s", "backoff_max_s", "heartbeat_timeout_s"}
    for setting in found.values():
        assert setting.allows(setting.default)
        assert setting.description


def test_a_value_for_all_reaches_all_but_who_has_one_for_a_reason_of_its_own(folder: Path) -> None:
    text = "[supervisor]\nintensity = 0\nstart_timeout_s = 7\nheartbeat_timeout_s = 2\nstop_timeout_s = 1.5\n"
    children = read(folder, FLOOR + TWIN + ALPHA + "busy_limit_s = 3\n" + text)
    assert {spec.intensity for spec in children.values()} == {0}
    assert {spec.stop_timeout_s for spec in children.values()} == {1.5}
    assert {name: spec.start_timeout_s for name, spec in children.items() if spec.start_timeout_s != 7} == {
        "reconciler": REPLAY_S
    }
    silences = {name: spec.heartbeat_timeout_s for name, spec in children.items() if spec.heartbeat_timeout_s != 2}
    assert silences == {"alpha": 3}


def test_a_value_for_one_has_the_last_word(folder: Path) -> None:
    text = '[supervisor]\nintensity = 5\n[supervisor.actors."execution.A"]\nintensity = 2\nbackoff_max_s = 1\n'
    text += "[supervisor.actors.reconciler]\nstart_timeout_s = 3\n"
    children = read(folder, FLOOR + TWIN + text)
    assert (children["execution.A"].intensity, children["execution.A"].backoff_max_s) == (2, 1.0)
    assert (children["book.A"].intensity, children["book.A"].backoff_max_s) == (5, 15.0)
    assert children["reconciler"].start_timeout_s == 3


WRONG = [
    ("[supervisor]\nintensty = 1\n", "supervisor.intensty: unknown key; expected one of intensity, period_s"),
    ("[supervisor]\nintensity = -1\n", "supervisor.intensity: expected a whole number, 0 or more, found -1"),
    ("[supervisor]\nintensity = 1.5\n", "supervisor.intensity: expected a whole number, 0 or more, found a number 1.5"),
    ("[supervisor]\nintensity = true\n", "supervisor.intensity: expected a whole number, 0 or more, found true or"),
    ("[supervisor]\nperiod_s = 0\n", "supervisor.period_s: expected a number above 0, found 0"),
    ("[supervisor]\nperiod_s = inf\n", "supervisor.period_s: expected a number above 0, found inf"),
    ("[supervisor]\nperiod_s = nan\n", "supervisor.period_s: expected a number above 0, found nan"),
    ('[supervisor]\nperiod_s = "1"\n', "supervisor.period_s: expected a number above 0, found text '1'"),
    ("[supervisor]\nbackoff_min_s = 20\n", "supervisor.backoff_min_s: expected at most backoff_max_s, 15, found 20"),
    (
        "[supervisor]\nbackoff_max_s = 0.1\n",
        "supervisor.backoff_max_s: expected at least backoff_min_s, 0.2, found 0.1",
    ),
    ("[supervisor]\nactors = 1\n", "supervisor.actors: expected a table, found a whole number"),
    (
        '[supervisor.actors."execution.B"]\nintensity = 1\n',
        f"supervisor.actors.execution.B: unknown actor; expected one of {NAMES}",
    ),
    (
        "[supervisor.actors.gate]\nintensty = 1\n",
        "supervisor.actors.gate.intensty: unknown key; expected one of intensity, period_s",
    ),
    (
        "[supervisor.actors.gate]\nbackoff_max_s = 0.1\n",
        "supervisor.actors.gate.backoff_max_s: expected at least backoff_min_s, 0.2, found 0.1",
    ),
    (
        ALPHA + "[supervisor.actors.alpha]\nheartbeat_timeout_s = 4\n",
        "supervisor.actors.alpha.heartbeat_timeout_s: is busy_limit_s for a strategy; expected that, in strategies.",
    ),
]


@pytest.mark.parametrize(("text", "message"), WRONG, ids=[message[:60] for _, message in WRONG])
def test_a_mistake_is_named_with_its_key_and_what_was_expected(folder: Path, text: str, message: str) -> None:
    assert refusal(folder, FLOOR + TWIN + text).startswith(message)


def alert_command(folder: Path, value: str) -> tuple[str, ...]:
    file = folder / "floor.toml"
    file.write_text(FLOOR + f"on_alert = {value}\n")
    return configuration.read(file, folder / "run", folder / "state").floor.on_alert


@pytest.fixture
def script(folder: Path) -> Path:
    file = folder / "call me.sh"
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return file.resolve()


def test_a_command_is_split_as_a_shell_would_and_found_now(folder: Path, script: Path) -> None:
    assert alert_command(folder, '''"'./call me.sh' --to 'a b'"''') == (str(script), "--to", "a b")
    assert alert_command(folder, '["./call me.sh", "--to", "a b", ""]') == (str(script), "--to", "a b", "")
    assert alert_command(folder, '"true"')[0].endswith("/true")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ('""', "expected a program and its arguments"),
        ("[]", "expected a program and its arguments"),
        ('[""]', "expected a program and its arguments"),
        ('["true", 5]', "expected a program and its arguments"),
        ("5", "expected a program and its arguments, as one text or as a list of texts, found a whole number 5"),
        ('"it\'s"', "No closing quotation; expected a program"),
        ('"no-such-program-anywhere"', "no-such-program-anywhere is no program that can be run; expected a program"),
        ('"./nowhere.sh"', "./nowhere.sh is no program that can be run; expected a program"),
        ('"./alpha.py"', "./alpha.py is no program that can be run; expected a program"),
    ],
)
def test_a_command_that_cannot_be_run_is_a_mistake_in_the_configuration(folder: Path, value: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        alert_command(folder, value)
    assert caught.value.reason.startswith(f"{folder / 'floor.toml'}: floor.on_alert: {problem}")
