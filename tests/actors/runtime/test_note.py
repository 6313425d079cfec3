"""The note before each handler: what it holds, when it is cleared, and what stays once the actor fails."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from actors.runtime.note import BODY_BYTES, NAMES_BYTES, Note, Noted, fingerprint, read_note, reset_note
from actors.runtime.noted_steps import NotedSteps
from bus.noter import NoteKind

TOPIC = b"market/BINANCE/quote/BTCUSDT.BINANCE/"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "a.note"
    reset_note(file)
    return file


def test_a_note_holds_the_frames_as_they_came_until_the_handler_returns(path: Path) -> None:
    note = Note(path)
    assert read_note(path) == Noted()
    assert note.begin(NoteKind.STREAM, TOPIC, b"header", b"body")
    assert read_note(path) == Noted(NoteKind.STREAM, TOPIC, b"header", b"body", 4)
    assert note.begin(NoteKind.REQUEST, b"", b"h", b"")
    assert read_note(path) == Noted(NoteKind.REQUEST, b"", b"h", b"", 0)
    note.done()
    assert read_note(path) == Noted()


def test_a_long_body_is_kept_as_far_as_there_is_room_with_its_true_length(path: Path) -> None:
    body = bytes(range(256)) * 1000
    Note(path).begin(NoteKind.REQUEST, b"", b"header", body)
    noted = read_note(path)
    assert (noted.header, noted.body, noted.body_bytes) == (b"header", body[:BODY_BYTES], len(body))
    assert noted.fingerprint == fingerprint(NoteKind.REQUEST, b"", body)


def test_a_hostile_topic_or_header_is_cut_and_the_body_kept(path: Path) -> None:
    Note(path).begin(NoteKind.STREAM, b"n" * 100_000, b"h" * 100_000, b"b" * BODY_BYTES)
    noted = read_note(path)
    assert len(noted.name) + len(noted.header) == NAMES_BYTES
    assert noted.body == b"b" * BODY_BYTES
    assert noted.fingerprint == fingerprint(NoteKind.STREAM, b"n" * 100_000, b"b" * BODY_BYTES)


@pytest.mark.parametrize(
    ("kind", "name", "body"),
    [
        (NoteKind.STREAM, TOPIC, b"other"),
        (NoteKind.STREAM, b"market/BINANCE/quote/ETHUSDT.BINANCE/", b"body"),
        (NoteKind.REQUEST, TOPIC, b"body"),
        (NoteKind.STREAM, TOPIC, b"x" * BODY_BYTES),
        (NoteKind.STREAM, TOPIC, b"x" * (BODY_BYTES + 1)),
    ],
)
def test_messages_that_differ_have_other_fingerprints(kind: NoteKind, name: bytes, body: bytes) -> None:
    assert fingerprint(kind, name, body) != fingerprint(NoteKind.STREAM, TOPIC, b"body")
    assert len({fingerprint(kind, name, b"x" * size) for size in (BODY_BYTES, BODY_BYTES + 1)}) == 2


def test_what_is_poison_is_refused_and_leaves_no_note(path: Path) -> None:
    note = Note(path, (fingerprint(NoteKind.REQUEST, b"", b"deadly"),))
    assert not note.begin(NoteKind.REQUEST, b"", b"any header", b"deadly")
    assert read_note(path) == Noted()
    assert note.begin(NoteKind.REQUEST, b"", b"any header", b"harmless")


def test_a_sealed_note_says_for_ever_what_it_said_then(path: Path) -> None:
    note = Note(path)
    note.begin(NoteKind.REQUEST, b"", b"header", b"guilty")
    note.seal()
    note.done()
    note.begin(NoteKind.REQUEST, b"", b"header", b"refused on the way out")
    note.note_ban(7)
    assert read_note(path) == Noted(NoteKind.REQUEST, b"", b"header", b"guilty", 6, 7)


def test_a_file_that_is_no_note_says_nothing(tmp_path: Path) -> None:
    assert read_note(tmp_path / "none") == Noted()
    (tmp_path / "short").write_bytes(b"\1\1\1")
    assert read_note(tmp_path / "short") == Noted()


def test_a_thawed_life_writes_to_a_note_of_its_own(path: Path) -> None:
    frozen = Note(path)
    reset_note(path)
    frozen.begin(NoteKind.REQUEST, b"", b"header", b"body")
    assert read_note(path) == Noted()


def test_each_step_of_what_a_handler_began_is_noted_and_the_failing_one_stays(path: Path) -> None:
    note, seen = Note(path), []

    async def handler() -> None:
        seen.append(read_note(path).body)
        await asyncio.sleep(0)
        seen.append(read_note(path).body)
        raise ArithmeticError

    async def body() -> Any:
        task = asyncio.ensure_future(NotedSteps(handler(), note, (NoteKind.REQUEST, b"", b"header", b"first")))
        await asyncio.sleep(0)
        between = read_note(path).kind
        with pytest.raises(ArithmeticError):
            await task
        return between

    assert asyncio.run(body()) is NoteKind.NOTHING
    assert seen == [b"first", b"first"]
    assert read_note(path).body == b"first"
