"""A mistake in a configuration costs one message that names the file, the key and what was expected, and exit code 10.

Each mistake is tried on `configuration.read`; a choice of them on the real commands, which then start nothing.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from actors.runtime import ExitCode
from actors.supervisor import Restart
from tradefloor import configuration
from tradefloor.configuration import ConfigurationError
from tradefloor.venue_tables import adapter_of

ROOT = Path(__file__).parents[2]

FLOOR = '[floor]\nname = "demo"\n'
TWIN = '[venues.BINANCE]\nadapter = "binance"\naccount_type = "spot"\nenvironment = "twin"\n'
LIVE = TWIN.replace("twin", "live")
KEYS = 'api_key = "env:TEST_KEY"\napi_secret = "env:TEST_SECRET"\n'
ALPHA = '[strategies.alpha]\npath = "alpha.py:Alpha"\n'
STRATEGY = """
from tradefloor import Strategy

class Alpha(Strategy):
    threshold = 0.7
"""


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A short path, for sockets have to fit below it."""
    with tempfile.TemporaryDirectory(prefix="tf", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a floor would put its things by default: empty directories of this test."""
    for name in ("run", "state"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("TEST_KEY", "TEST_SECRET"):
        monkeypatch.setenv(name, "s3cret")
    (tmp_path / "alpha.py").write_text(STRATEGY)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "floor.toml"
    file.write_text(text)
    return file


def created(tmp_path: Path) -> list[str]:
    return [str(path) for name in ("run", "state") for path in (tmp_path / name).rglob("*")]


def refusal(tmp_path: Path, text: str) -> str:
    """The message, less the file that it begins with; nothing was created."""
    file = written(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        configuration.read(file)
    assert caught.value.code == ExitCode.CONFIGURATION
    assert created(tmp_path) == []
    message = caught.value.reason
    assert message.startswith(f"{file}: ")
    assert "\n" not in message
    assert "expected" in message or "is not TOML" in message or "refused" in message, message
    return message.removeprefix(f"{file}: ")


# what is right


def test_a_right_configuration_is_a_floor_and_nothing_is_created_by_reading_it(tmp_path: Path) -> None:
    judged = configuration.read(written(tmp_path, FLOOR + TWIN + ALPHA))
    names = [spec.name for spec in judged.floor.children]
    assert names == [
        *(
            "reconciler",
            "gate",
            "quota.BINANCE",
            "twin.BINANCE",
            "market_data.BINANCE",
            "execution.BINANCE",
            "book.BINANCE",
        ),
        "alpha",
    ]
    assert (judged.floor.name, judged.floor.currency) == ("demo", "USDT")
    assert judged.floor.run_dir == str(tmp_path / "run" / "tradefloor" / "demo")
    assert judged.floor.state_dir.startswith(str(tmp_path / "state" / "tradefloor" / "demo" / "runs"))
    assert created(tmp_path) == []
    configuration.prepare(judged)
    assert Path(judged.floor.state_dir).stat().st_mode & 0o777 == 0o700


def test_an_instance_without_books_has_no_book_actor_and_the_gate_knows(tmp_path: Path) -> None:
    other = TWIN.replace("BINANCE", "OTHER")
    judged = configuration.read(written(tmp_path, FLOOR + TWIN + "books = false\n" + other + ALPHA), dry=True)
    children = {spec.name: spec for spec in judged.floor.children}
    assert children["gate"].context.settings["bookless"] == ["BINANCE"]
    assert "book.BINANCE" not in children
    assert "book.OTHER" in children["alpha"].depends_on
    assert set(children["alpha"].depends_on) <= set(children)


def test_books_are_shared_out_over_as_many_processes_as_are_asked_for(tmp_path: Path) -> None:
    judged = configuration.read(written(tmp_path, FLOOR + TWIN + "books = 3\n" + ALPHA), dry=True)
    children = {spec.name: spec for spec in judged.floor.children}
    names = [f"book.BINANCE.{number}" for number in range(3)]
    assert [children[name].context.settings["share"] for name in names] == [[0, 3], [1, 3], [2, 3]]
    assert set(names) <= set(children["alpha"].depends_on) <= set(children)
    assert children["gate"].context.settings["bookless"] == []


@pytest.mark.parametrize("books", ["0", "17", "-1", '"two"', "2.0"])
def test_a_number_of_book_processes_that_cannot_be_is_refused(tmp_path: Path, books: str) -> None:
    with pytest.raises(ConfigurationError, match=r"venues.BINANCE.books: expected true, false, or from 1 to 16"):
        configuration.read(written(tmp_path, FLOOR + TWIN + f"books = {books}\n"), dry=True)


def test_what_is_said_arrives_where_it_belongs(tmp_path: Path) -> None:
    text = FLOOR + 'currency = "EUR"\ndurability = "power"\nlog_level = "DEBUG"\n'
    text += '[gate]\nmax_order_notional = "10_000"\nmax_order_size = 0.5\n'
    text += TWIN + 'venue_id = "BINANCE_US"\nrecv_window_ms = 1000\nallow_withdrawal_key = true\n'
    text += "[venues.BINANCE.twin]\nseed = 7\nrate = 20\n"
    text += ALPHA + 'exit_policy = "leave"\nbusy_limit_s = 3\n[strategies.alpha.parameters]\nthreshold = 0.5\n'
    judged = configuration.read(written(tmp_path, text), dry=True)
    children = {spec.name: spec for spec in judged.floor.children}
    assert judged.floor.currency == "EUR"
    limits = children["gate"].context.settings["limits"]
    assert limits == {"max_order_size": "0.5", "max_order_notional": "10000"}
    execution = children["execution.BINANCE"].context
    assert (execution.durability, execution.log_level) == ("power", "DEBUG")
    assert (execution.settings["venue_id"], execution.settings["recv_window_ms"]) == ("BINANCE_US", 1000)
    assert execution.settings["allow_withdrawal_key"] is True
    assert "--seed 7" in " ".join(children["twin.BINANCE"].command)
    alpha = children["alpha"]
    assert (str(alpha.context.exit_policy), alpha.heartbeat_timeout_s, alpha.restart) == ("leave", 3, Restart.TRANSIENT)
    assert alpha.context.settings["parameters"] == {"threshold": 0.5}
    assert judged.floor.state_dir == str(tmp_path / "state" / "tradefloor" / "demo")


def test_keys_that_can_be_read_are_no_mistake_and_stand_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    secret.chmod(0o600)
    text = FLOOR + LIVE + f'api_key = "env:TEST_KEY"\napi_secret = "file:{secret}"\n'
    judged = configuration.read(written(tmp_path, text))
    assert "s3cret" not in repr(judged)


# what is wrong

WRONG = [
    # unknown keys, in each table
    ("flor = 1\n" + FLOOR, "flor: unknown key; expected one of floor, gate, venues, strategies"),
    ("[venue.BINANCE]\n" + FLOOR, "venue: unknown key; expected one of floor, gate, venues, strategies"),
    (FLOOR + "size = 1\n", "floor.size: unknown key; expected one of name, currency, durability, log_level"),
    (
        FLOOR + "[gate]\nmax_size = 1\n",
        "gate.max_size: unknown key; expected one of max_order_size, max_order_notional",
    ),
    (
        FLOOR + TWIN + "enviroment = 1\n",
        "venues.BINANCE.enviroment: unknown key; expected one of adapter, account_type",
    ),
    (
        FLOOR + TWIN + "[venues.BINANCE.twin]\nsede = 1\n",
        "venues.BINANCE.twin.sede: unknown key; expected one of port, seed, rate",
    ),
    (FLOOR + ALPHA + 'policy = "x"\n', "strategies.alpha.policy: unknown key; expected one of path, exit_policy"),
    # keys that are known and not enforced yet
    (FLOOR + 'listen = "localhost:7000"\n', "floor.listen: expected tcp://HOST:PORT, found 'localhost:7000'"),
    (FLOOR + 'listen = "tcp://127.0.0.1"\n', "floor.listen: expected tcp://HOST:PORT, found 'tcp://127.0.0.1'"),
    (
        FLOOR + 'listen = "tcp://192.0.2.1:7000"\n',  # an address for documentation, which no host has
        "floor.listen: tcp://192.0.2.1 cannot be had (Cannot assign requested address); "
        "expected an IP address of this host",
    ),
    (
        FLOOR + 'listen = "tcp://some.where:7000"\n',
        "floor.listen: tcp://some.where cannot be had (No such device); expected an IP address of this host",
    ),
    (
        FLOOR + 'listen = "tcp://127.0.0.1:7000"\n' + TWIN + "[venues.BINANCE.twin]\nport = 7000\n",
        "venues.BINANCE.twin.port: 7000 is the port of floor.listen too; expected ports that differ",
    ),
    (
        FLOOR + 'listen = "tcp://127.0.0.1:70000"\n',
        "floor.listen: expected tcp://HOST:PORT, found 'tcp://127.0.0.1:70000'",
    ),
    (FLOOR + "[gate]\nmax_position = 1\n", "gate.max_position: is known but not enforced yet, so it is refused"),
    (
        FLOOR + ALPHA + 'exit_policy = "flatten"\n',
        "strategies.alpha.exit_policy: flatten is not carried out yet; expected one of cancel, leave",
    ),
    # what is missing
    ("", "floor.name: is missing; expected a name"),
    (FLOOR + "[venues.BINANCE]\n", "venues.BINANCE.adapter: is missing; expected one of binance"),
    (
        FLOOR + '[venues.BINANCE]\nadapter = "binance"\n',
        "venues.BINANCE.account_type: is missing; expected one of spot",
    ),
    (
        FLOOR + TWIN.replace("environment", "# environment"),
        "venues.BINANCE.environment: is missing; expected one of twin, live, testnet, demo",
    ),
    (FLOOR + "[strategies.alpha]\n", "strategies.alpha.path: is missing; expected FILE.py:Class"),
    # wrong types and values
    ("floor = 5\n", "floor: expected a table, found a whole number"),
    (FLOOR + "[venues]\nBINANCE = 5\n", "venues.BINANCE: expected a table, found a whole number"),
    ("venues = []\n" + FLOOR, "venues: expected a table, found a list"),
    ("[floor]\nname = 5\n", "floor.name: expected a name, found a whole number 5"),
    (FLOOR + "currency = true\n", "floor.currency: expected a currency such as USDT, found true or false True"),
    (FLOOR + 'currency = ""\n', "floor.currency: name '': expected a letter, then up to 31"),
    (FLOOR + 'durability = "disk"\n', "floor.durability: expected one of process, power, found 'disk'"),
    (FLOOR + 'log_level = "LOUD"\n', "floor.log_level: expected one of DEBUG, INFO, WARNING, ERROR, found 'LOUD'"),
    (FLOOR + '[gate]\nmax_order_size = "much"\n', "gate.max_order_size: expected a number above 0, found 'much'"),
    (FLOOR + "[gate]\nmax_order_size = 0\n", "gate.max_order_size: expected a number above 0, found 0"),
    (FLOOR + "[gate]\nmax_order_size = nan\n", "gate.max_order_size: expected a number above 0, found nan"),
    (
        FLOOR + "[gate]\nmax_order_size = true\n",
        "gate.max_order_size: expected a number above 0, found true or false True",
    ),
    (FLOOR + TWIN.replace("spot", "margin"), "venues.BINANCE.account_type: expected one of spot, found 'margin'"),
    (
        FLOOR + TWIN.replace("twin", "paper"),
        "venues.BINANCE.environment: expected one of twin, live, testnet, demo, found 'paper'",
    ),
    (
        FLOOR + TWIN + 'allow_withdrawal_key = "yes"\n',
        "venues.BINANCE.allow_withdrawal_key: expected true or false, found text 'yes'",
    ),
    (
        FLOOR + TWIN + "recv_window_ms = 0\n",
        "venues.BINANCE.recv_window_ms: expected milliseconds from 1 to 60000, found 0",
    ),
    (
        FLOOR + TWIN + "recv_window_ms = 60001\n",
        "venues.BINANCE.recv_window_ms: expected milliseconds from 1 to 60000, found 60001",
    ),
    (
        FLOOR + TWIN + 'recv_window_ms = "5 s"\n',
        "venues.BINANCE.recv_window_ms: expected milliseconds from 1 to 60000, found text '5 s'",
    ),
    (
        FLOOR + TWIN + "instrument_refresh_s = 0.5\n",
        "venues.BINANCE.instrument_refresh_s: expected seconds from 1 to 86400, found 0.5",
    ),
    (
        FLOOR + TWIN + "snapshot_levels = 200\n",
        "venues.BINANCE.snapshot_levels: expected 100, 500, 1000 or 5000, found 200",
    ),
    (
        FLOOR + TWIN + "silence_s = true\n",
        "venues.BINANCE.silence_s: expected seconds from 0.1 to 60, found",
    ),
    (
        FLOOR + LIVE + KEYS + 'rest_url = "http://api.binance.com"\n',
        "venues.BINANCE.rest_url: expected https://HOST[:PORT][/PATH], or http:// on this host alone",
    ),
    (
        FLOOR + TWIN + 'rest_url = "http://127.0.0.1:80"\n',
        "venues.BINANCE.rest_url: a twin makes its own addresses",
    ),
    (FLOOR + TWIN + 'venue_id = "a.b"\n', "venues.BINANCE.venue_id: name 'a.b': expected a letter, then up to 31"),
    (
        FLOOR + TWIN + "[venues.BINANCE.twin]\nport = 65536\n",
        "venues.BINANCE.twin.port: expected 1 to 65535, or 0 for any free one, found 65536",
    ),
    (
        FLOOR + TWIN + '[venues.BINANCE.twin]\nport = "80"\n',
        "venues.BINANCE.twin.port: expected a port number, or 0 for any free one, found text '80'",
    ),
    (
        FLOOR + TWIN + "[venues.BINANCE.twin]\nrate = -1\n",
        "venues.BINANCE.twin.rate: expected changes a second, above 0, found -1",
    ),
    (FLOOR + TWIN + "twin = 5\n", "venues.BINANCE.twin: expected a table, found a whole number"),
    (FLOOR + ALPHA + "busy_limit_s = 0\n", "strategies.alpha.busy_limit_s: expected seconds above 0, found 0"),
    (FLOOR + ALPHA + "busy_limit_s = inf\n", "strategies.alpha.busy_limit_s: expected seconds above 0, found inf"),
    (FLOOR + ALPHA + "parameters = 5\n", "strategies.alpha.parameters: expected a table, found a whole number"),
    (
        FLOOR + ALPHA + 'exit_policy = "sell"\n',
        "strategies.alpha.exit_policy: expected one of cancel, leave, found 'sell'",
    ),
    (
        FLOOR + '[strategies.alpha]\npath = "alpha.py"\n',
        "strategies.alpha.path: expected FILE.py:Class, found 'alpha.py'",
    ),
    (
        FLOOR + '[strategies.alpha]\npath = "alpha.py:Al pha"\n',
        "strategies.alpha.path: expected FILE.py:Class, found 'alpha.py:Al pha'",
    ),
    (FLOOR + '[strategies.alpha]\npath = "nowhere.py:Alpha"\n', "strategies.alpha.path: expected a Python file, and "),
    # adapters
    (
        FLOOR + TWIN.replace('"binance"', '"bybit"'),
        "venues.BINANCE.adapter: bybit is planned and not there yet; expected binance",
    ),
    (
        FLOOR + TWIN.replace('"binance"', '"binanse"'),
        "venues.BINANCE.adapter: expected one of binance, found 'binanse'",
    ),
    # secrets
    (FLOOR + LIVE, "venues.BINANCE.api_key: is missing; expected env:NAME, file:PATH or keyring:NAME"),
    (FLOOR + LIVE + 'api_key = "env:TEST_KEY"\n', "venues.BINANCE.api_secret: is missing; expected env:NAME"),
    (
        FLOOR + LIVE + KEYS.replace("TEST_SECRET", "NOT_SET"),
        "venues.BINANCE.api_secret: the environment has no variable NOT_SET; expected a secret at env:NAME",
    ),
    (
        FLOOR + LIVE + KEYS.replace("env:TEST_KEY", "file:/nowhere/key"),
        "venues.BINANCE.api_key: file /nowhere/key cannot be read: No such file or directory; expected",
    ),
    (
        FLOOR + TWIN + 'api_key = "env:TEST_KEY"\n',
        "venues.BINANCE.api_key: a twin makes its own keys; expected it in no environment but the others",
    ),
    (
        FLOOR + LIVE + KEYS + "[venues.BINANCE.twin]\nseed = 1\n",
        "venues.BINANCE.twin: belongs to environment = \"twin\"; expected none with 'live'",
    ),
    (
        FLOOR + LIVE + KEYS + LIVE.replace("BINANCE", "OTHER") + KEYS,
        "venues.OTHER.api_key: is the key of another instance too; expected an account for each",
    ),
    # names
    ('[floor]\nname = "a b"\n', "floor.name: name 'a b': expected a letter, then up to 31 letters, digits, '_' or '-'"),
    ('[floor]\nname = "../up"\n', "floor.name: name '../up': expected a letter"),
    (FLOOR + TWIN.replace("BINANCE", '"BIN/ANCE"'), "venues.BIN/ANCE: name 'BIN/ANCE': expected a letter"),
    (
        FLOOR + ALPHA.replace(".alpha", f".{'a' * 33}"),
        f"strategies.{'a' * 33}: name '{'a' * 33}': expected a letter, then up to 31",
    ),
    (
        FLOOR + ALPHA.replace(".alpha", ".gate"),
        "strategies.gate: 'gate' is a name of the floor's own; expected another",
    ),
    (
        FLOOR + ALPHA.replace(".alpha", ".Supervisor"),
        "strategies.Supervisor: 'Supervisor' is a name of the floor's own",
    ),
    # duplicates
    (FLOOR + 'name = "again"\n', "floor.name: duplicate name, again in line 3; expected each name once"),
    (FLOOR + TWIN + TWIN, "venues.BINANCE: duplicate name, again in line 7; expected each name once"),
    (FLOOR + TWIN + ALPHA + ALPHA, "strategies.alpha: duplicate name, again in line 9; expected each name once"),
    (FLOOR + TWIN + FLOOR, "floor: duplicate name, again in line 7; expected each name once"),
    (
        FLOOR + TWIN + TWIN.replace("BINANCE", "binance"),
        "venues.binance: duplicate name: venues.BINANCE has it too; expected names that differ",
    ),
    (
        FLOOR + TWIN + ALPHA.replace(".alpha", ".BINANCE"),
        "strategies.BINANCE: duplicate name: venues.BINANCE has it too; expected names that differ",
    ),
    (
        FLOOR + TWIN + ALPHA.replace(".alpha", ".Binance"),
        "strategies.Binance: duplicate name: venues.BINANCE has it too; expected names that differ",
    ),
    # not TOML
    ("floor\n", "is not TOML: "),
    ('[floor]\nname = "demo\n', "is not TOML: "),
    ("a = " + "[" * 5000, "is not TOML: "),
    ("a = " + "1" * 5000, "is not TOML: "),
]


@pytest.mark.parametrize(("text", "message"), WRONG, ids=[message[:60] for _, message in WRONG])
def test_a_mistake_is_named_with_its_key_and_what_was_expected(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text).startswith(message)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"no\.toml: cannot be read: No such file or directory; expected a TOML"
    ):
        configuration.read(tmp_path / "no.toml")
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        configuration.read(tmp_path)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    file = tmp_path / "floor.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="is not UTF-8 text; expected a TOML file"):
        configuration.read(file)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_secret_that_others_may_read_is_refused_with_its_mode(tmp_path: Path, mode: int) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    secret.chmod(mode)
    message = refusal(tmp_path, FLOOR + LIVE + KEYS.replace("env:TEST_SECRET", f"file:{secret}"))
    expected = f"venues.BINANCE.api_secret: file {secret} has mode {mode:04o}, so others may read it; expected 0600"
    assert message == expected


@pytest.mark.parametrize("literal", ['"s3cret"', '"plain:s3cret"', "12345678"])
def test_a_secret_that_somebody_typed_in_is_refused_and_never_repeated(tmp_path: Path, literal: str) -> None:
    message = refusal(tmp_path, FLOOR + LIVE + KEYS.replace('"env:TEST_KEY"', literal))
    assert message.startswith("venues.BINANCE.api_key: expected env:NAME, file:PATH or keyring:NAME")
    assert "s3cret" not in message
    assert "12345678" not in message


def test_an_empty_secret_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "  ")
    message = refusal(tmp_path, FLOOR + LIVE + KEYS)
    assert message.startswith("venues.BINANCE.api_key: env:TEST_KEY is empty; expected a secret")


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_port_in_use_is_refused(tmp_path: Path, taken_port: int) -> None:
    message = refusal(tmp_path, FLOOR + TWIN + f"[venues.BINANCE.twin]\nport = {taken_port}\n")
    expected = f"venues.BINANCE.twin.port: port {taken_port} is in use; expected a free port, or 0 for any"
    assert message == expected


def test_two_twins_on_one_port_are_refused(tmp_path: Path) -> None:
    port = f"port = {free_port()}\n"
    second = TWIN.replace("BINANCE", "OTHER") + f"[venues.OTHER.twin]\n{port}"
    message = refusal(tmp_path, FLOOR + TWIN + f"[venues.BINANCE.twin]\n{port}" + second)
    expected = (
        f"venues.OTHER.twin.port: {port[7:-1]} is the port of venues.BINANCE.twin too; expected ports that differ"
    )
    assert message == expected


def test_a_run_directory_that_sockets_cannot_have_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"at most 100 work; choose a shorter --run-dir"):
        configuration.read(written(tmp_path, FLOOR + TWIN), run_dir=tmp_path / ("x" * 100))


# through the real commands

THROUGH_COMMANDS = [
    FLOOR + "size = 1\n",
    FLOOR + "[gate]\nmax_position = 1\n",
    FLOOR + TWIN + 'recv_window_ms = "5 s"\n',
    FLOOR + LIVE + KEYS.replace("TEST_SECRET", "NOT_SET"),
    FLOOR + TWIN + TWIN,
    FLOOR + TWIN + ALPHA.replace(".alpha", ".Binance"),
    "floor\n",
]


def ran(tmp_path: Path, command: str, file: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as its users do, with a parent that would be told of anything it left running."""
    words = [sys.executable, "-m", "tradefloor", command, str(file)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=30, check=False)


def left_running(file: Path) -> list[str]:
    """Processes whose command line names the configuration or its directory."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(file.parent) in words and "pytest" not in words.partition(str(file.parent))[0]:
            found.append(words)
    return found


@pytest.mark.parametrize("command", ["check", "up"])
@pytest.mark.parametrize("text", THROUGH_COMMANDS, ids=range(len(THROUGH_COMMANDS)))
def test_a_command_ends_with_10_and_one_line_and_starts_nothing(tmp_path: Path, command: str, text: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        configuration.read(file)
    result = ran(tmp_path, command, file)
    assert result.returncode == 10
    assert result.stderr == f"tradefloor {command}: {caught.value.reason}\n"
    assert result.stdout == ""
    assert created(tmp_path) == []
    assert left_running(file) == []


@pytest.mark.parametrize("command", ["check", "up"])
def test_a_port_in_use_stops_a_command_too(tmp_path: Path, command: str, taken_port: int) -> None:
    file = written(tmp_path, FLOOR + TWIN + f"[venues.BINANCE.twin]\nport = {taken_port}\n")
    result = ran(tmp_path, command, file)
    assert result.returncode == 10
    assert result.stderr.count("\n") == 1
    assert f"port {taken_port} is in use" in result.stderr
    assert created(tmp_path) == []


@pytest.mark.parametrize(
    ("code", "parameters", "problem"),
    [
        ("raise ValueError('two\\nlines')", "", "alpha.py: cannot be imported: ValueError: two lines"),
        ("import nowhere_to_be_found", "", "cannot be imported: ModuleNotFoundError: No module named"),
        ("def broken(:", "", "cannot be imported: SyntaxError: "),
        ("import sys; sys.exit()", "", "it ends the process when it is imported; expected that below if __name__"),
        (STRATEGY.replace("Alpha", "Beta"), "", "expected a strategy class Alpha; the file has: Beta"),
        (STRATEGY, "treshold = 0.5", "Alpha has no parameter 'treshold'; its class attributes are: threshold"),
        (STRATEGY, 'threshold = "high"', "Alpha.threshold: expected float like 0.7, found str 'high'"),
    ],
    ids=["raises", "lacks a module", "is no Python", "exits", "another class", "unknown parameter", "wrong parameter"],
)
@pytest.mark.parametrize("command", ["check", "up"])
def test_a_strategy_that_cannot_run_stops_a_command(
    tmp_path: Path, command: str, code: str, parameters: str, problem: str
) -> None:
    (tmp_path / "alpha.py").write_text(code)
    file = written(tmp_path, FLOOR + TWIN + ALPHA + f"[strategies.alpha.parameters]\n{parameters}\n")
    result = ran(tmp_path, command, file)
    assert result.returncode == 10
    assert result.stderr.startswith(f"tradefloor {command}: {file}: strategies.alpha: ")
    assert result.stderr.count("\n") == 1
    assert problem in result.stderr
    assert created(tmp_path) == []
    assert left_running(file) == []


def test_a_good_configuration_is_called_good_and_nothing_is_started(tmp_path: Path) -> None:
    file = written(tmp_path, FLOOR + TWIN + ALPHA)
    result = ran(tmp_path, "check", file)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0] == f"{file}: good. Floor 'demo' would run:"
    assert [line.split() for line in result.stdout.splitlines()[-1:]] == [["strategy", "alpha"]]
    assert created(tmp_path) == []
    assert left_running(file) == []


@pytest.mark.parametrize("name", configuration.ADAPTERS)
def test_every_option_of_an_adapter_reaches_its_actors_and_has_a_default(name: str, tmp_path: Path) -> None:
    adapter = adapter_of(name)
    defaults = {field.name: field.default for field in msgspec.structs.fields(adapter.settings)}
    lines = [f"{key} = {msgspec.json.encode(defaults[key]).decode()}" for key in adapter.options]
    assert lines
    spec = configuration.read(written(tmp_path, FLOOR + TWIN + "\n".join(lines) + "\n"))
    contexts = [child.context for child in spec.floor.children if child.context.kind in ("execution", "market_data")]
    for context in contexts:
        found = {key: context.settings[key] for key in adapter.options}
        assert found == {key: defaults[key] for key in adapter.options}
    assert len(contexts) == 2
