"""The same message twice in a row is poison; what is poison is written down so that a person can read it."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from actors.runtime import ExitCode
from actors.runtime.note import BODY_BYTES, Noted
from actors.supervisor import quarantine as module
from actors.supervisor.poison import POISON_LIMIT, PoisonWatch
from actors.supervisor.quarantine import quarantine
from bus.codec import WIRE_VERSION, Header, RequestHeader, encode
from bus.messages import Acknowledged
from bus.noter import NoteKind

ABORTED = -signal.SIGABRT


def request(body: bytes, number: int = 1) -> Noted:
    header = encode(RequestHeader(WIRE_VERSION, number, "execution.BINANCE", 7, 0, 0))
    return Noted(NoteKind.REQUEST, b"", header, body, len(body))


@pytest.mark.parametrize("code", [ABORTED, -signal.SIGKILL, ExitCode.FAILED, ExitCode.USAGE, 77])
def test_the_same_message_twice_in_a_row_is_poison_although_its_request_was_another(code: int) -> None:
    watch = PoisonWatch(60.0)
    assert not watch.on_exit(code, request(b"deadly", 1), 0.0)
    assert watch.known == ()
    assert watch.on_exit(code, request(b"deadly", 2), 5.0)
    assert watch.known == (request(b"deadly").fingerprint,)


def test_two_different_messages_are_no_poison() -> None:
    watch = PoisonWatch(60.0)
    assert [watch.on_exit(ABORTED, request(body), 0.0) for body in (b"a", b"b", b"a", b"b")] == [False] * 4


def test_an_end_with_nothing_in_hand_between_breaks_the_row() -> None:
    watch = PoisonWatch(60.0)
    assert [watch.on_exit(ABORTED, noted, 0.0) for noted in (request(b"a"), Noted(), request(b"a"))] == [False] * 3


@pytest.mark.parametrize(
    "code", [ExitCode.DONE, ExitCode.CONFIGURATION, ExitCode.BANNED, ExitCode.FENCED, ExitCode.TOO_SLOW]
)
def test_an_end_that_the_actor_chose_is_no_fault_of_the_message(code: int) -> None:
    watch = PoisonWatch(60.0)
    assert [watch.on_exit(code, request(b"a"), 0.0) for _ in range(3)] == [False] * 3


def test_two_ends_further_apart_than_the_period_are_two_first_ones() -> None:
    watch = PoisonWatch(60.0)
    times = (0.0, 61.0, 100.0)
    assert [watch.on_exit(ABORTED, request(b"a"), now_s) for now_s in times] == [False, False, True]


def test_an_operator_s_restart_forgets_poison_and_suspicion() -> None:
    watch = PoisonWatch(60.0)
    for _ in range(3):
        watch.on_exit(ABORTED, request(b"a"), 0.0)
    watch.forget()
    assert watch.known == ()
    assert not watch.on_exit(ABORTED, request(b"a"), 0.0)


def test_no_more_than_a_bounded_number_of_messages_is_refused_the_newest() -> None:
    watch = PoisonWatch(60.0)
    bodies = [str(number).encode() for number in range(POISON_LIMIT + 1)]
    for body in bodies:
        assert [watch.on_exit(ABORTED, request(body), 0.0) for _ in range(2)] == [False, True]
    assert watch.known == tuple(request(body).fingerprint for body in bodies[1:])


def test_a_quarantined_request_is_kept_raw_with_a_page_that_labels_it(tmp_path: Path) -> None:
    noted = request(encode(Acknowledged(7)))
    page = quarantine(tmp_path / "quarantine", "reconciler", noted, "killed by SIGABRT", 1_800_000_000 * 10**9)
    told = json.loads(page.read_text())
    assert told["message"] == {"message": "Acknowledged", "upto": 7}
    assert told["header"]["caller"] == "execution.BINANCE"
    assert (told["header"]["id"], told["header"]["epoch"], told["kind"]) == (1, 7, "request")
    assert (told["actor"], told["ended"], told["at"]) == (
        "reconciler", "killed by SIGABRT", "2027-01-15T08:00:00+00:00",
    )  # fmt: skip
    assert page.with_suffix(".body").read_bytes() == noted.body
    assert page.with_suffix(".header").read_bytes() == noted.header


def test_a_quarantined_stream_message_names_topic_epoch_and_number(tmp_path: Path) -> None:
    header = encode(Header(WIRE_VERSION, 1, "teller", 3, 44, 0))
    noted = Noted(NoteKind.STREAM, b"state/instance/X/", header, b"\x91\xc1", 2)
    told = json.loads(quarantine(tmp_path, "a", noted, "failed", 0).read_text())
    assert (told["topic"], told["header"]["epoch"], told["header"]["seq"]) == ("state/instance/X/", 3, 44)
    assert told["message"] is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        b"\xdd\xff\xff\xff\xff",
        b"\x91" * 5000,
        b"\xa1\xff",
        b"\xc7\x01\x05x",
        b"\x81\x90\x01",
        b"\x91\x81\xc0\x01",
    ],
)
def test_hostile_bytes_are_kept_and_described_as_far_as_they_can_be(tmp_path: Path, body: bytes) -> None:
    noted = Noted(NoteKind.STREAM, b"\xff/", body, body, len(body))
    assert json.loads(quarantine(tmp_path, "a", noted, "failed", 0).read_text())["body_bytes"] == len(body)


def test_a_body_of_which_a_part_is_missing_is_not_decoded(tmp_path: Path) -> None:
    noted = Noted(NoteKind.REQUEST, b"", b"", b"x" * BODY_BYTES, BODY_BYTES + 1)
    told = json.loads(quarantine(tmp_path, "a", noted, "failed", 0).read_text())
    assert (told["message"], told["body_bytes"], told["kept_bytes"]) == (None, BODY_BYTES + 1, BODY_BYTES)


def test_the_quarantine_keeps_a_bounded_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUARANTINE_LIMIT", 3)
    pages = [quarantine(tmp_path, "a", request(str(number).encode()), "failed", number) for number in range(5)]
    assert [page.exists() for page in pages] == [False, False, True, True, True]
    assert len(list(tmp_path.iterdir())) == 9
