"""Logs: no secret in any line, and a dying interpreter's words beside them."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.runtime.log import FILES_KEPT, Log, Secret, configure

PLAIN = "hunter2-hunter2"


class Keys(msgspec.Struct):
    """Something that holds a secret."""

    api_key: str
    api_secret: Secret


def shown(secret: Secret) -> list[str]:
    """Every way of showing a string that an innocent line may take."""
    keys = Keys("public", secret)
    return [
        repr(secret),
        str(secret),
        format(secret),
        format(secret, ">40"),
        f"{secret}",
        f"{secret!r}",
        f"{secret!s}",
        f"{secret!a}",
        f"{secret:>40}",
        "{}".format(secret),  # noqa: UP032
        "%s %r" % (secret, secret),  # noqa: UP031
        str([secret]),
        str({"secret": secret}),
        str((secret, secret)),
        str(keys),
        repr(keys),
        str(ValueError(secret)),
        repr(ValueError(secret)),
        str(KeyError(secret)),
    ]


def test_a_secret_shows_itself_nowhere() -> None:
    lines = shown(Secret(PLAIN))
    assert all(PLAIN not in line for line in lines)
    assert all("***" in line for line in lines)


def test_a_secret_can_be_revealed_to_sign_with() -> None:
    assert Secret(PLAIN).reveal() == PLAIN
    assert type(Secret(PLAIN).reveal()) is str
    assert Secret(PLAIN) == PLAIN


@given(st.text(alphabet="ΩΨ≈ç√∫\"'\\\n", min_size=1).filter(lambda text: not text.isascii()))
def test_no_secret_of_any_text_is_in_a_log_line(text: str) -> None:
    stream = io.StringIO()
    logger = logging.getLogger("secretive")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    logger.handlers[:] = [logging.StreamHandler(stream)]
    secret, log = Secret(text), Log("secretive")
    for write in (log.debug, log.info, log.warning, log.error):
        write("connecting", secret=secret, keys=[secret], more={"secret": secret}, held=Keys("", secret))
    log.info(secret)
    logger.info("plain %s", secret)
    try:
        raise ValueError(secret)
    except ValueError as error:
        log.exception("refused", error, secret=secret)
    said = stream.getvalue()
    assert said.count(" secret=***") == 5
    assert "ValueError: ***" in said
    assert said.isascii()


def test_fields_stand_behind_the_sentence_and_odd_ones_are_quoted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    Log("gate").info("filled", side="BUY", size=0.5, note="two words", empty="", line="a\nb")
    assert caplog.messages == ["filled side=BUY size=0.5 note='two words' empty='' line='a\\nb'"]


ROTATING = """
import os, sys
from pathlib import Path
from actors.runtime import log
log.FILE_BYTES = 2_000
log.configure(Path(sys.argv[1]))
gate = log.Log("gate")
os.write(2, b"first words\\n")
for number in range(200):
    gate.info("a line that fills the file", number=number)
os.write(2, b"words in between\\n")
gate.info("the last line")
raise RuntimeError("dying words")
"""


def test_rotation_keeps_standard_error_in_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "gate.log"
    done = subprocess.run([sys.executable, "-c", ROTATING, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == ""
    files = sorted(path.parent.iterdir())
    assert len(files) == 1 + FILES_KEPT
    last = path.read_text()
    between, line, dying = (last.index(words) for words in ("words in between", "the last line", "dying words"))
    assert between < line < dying
    assert all("dying words" not in file.read_text() for file in files[1:])


def test_a_line_has_the_utc_time_the_level_and_the_name(capfd: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        configure(None, "INFO")
        Log("gate").debug("not shown")
        Log("gate").warning("late", by_ms=3)
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    stamp, word, rest = capfd.readouterr().err.strip().split(maxsplit=2)
    assert abs(time.time() - time.mktime(time.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ")) + time.timezone) < 5
    assert (word, rest) == ("WARNING", "gate: late by_ms=3")
    assert json.dumps(stamp).isascii()
