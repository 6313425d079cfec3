"""The note that an actor leaves before each handler, in a small mapped file, for whoever looks after its end.

The file is shared memory: it holds what was written last even after a kill -9. On the hot path the frames are copied
as they came and nothing is decoded or hashed: 0.5 us a message. A handler that returns clears the note by one byte;
one that raises, hangs or crashes leaves it, and from an actor's failure on nothing is noted any more.

    byte 0          `NoteKind`, written last and cleared first
    4 to 12         lengths of name and header, the body's true length
    16 to 24        until when a venue has banned us, UNIX nanoseconds; 0 for no word
    32 on           name, header and body, one behind the other, as far as there is room
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Collection
from hashlib import blake2b
from pathlib import Path

import msgspec

from bus.noter import NoteKind

__all__ = ["BODY_BYTES", "Frames", "Note", "Noted", "fingerprint", "read_note", "reset_note"]

BODY_BYTES = 32 * 1024
"""Of a body that are kept and hashed, with its true length: nearly every message whole, and a longer one by a head that
holds its names, times and numbers. To copy so much takes 2 us."""
NAMES_BYTES = 2048
"""For topic and header together: both are under 200 bytes unless a peer is hostile."""

_LENGTHS = struct.Struct("<HHI")
_TIME = struct.Struct("<Q")
_AT_LENGTHS, _AT_TIME, _AT_FRAMES = 4, 16, 32
NOTE_BYTES = 9 * 4096
"""The whole file, in pages."""
assert _AT_FRAMES + NAMES_BYTES + BODY_BYTES <= NOTE_BYTES

Frames = tuple[int, bytes, bytes, bytes]
"""Kind, name, header and body of a message."""


class Noted(msgspec.Struct, frozen=True):
    """What a note says: the message in hand (kind NOTHING: none was), and until when a venue has banned the address."""

    kind: NoteKind = NoteKind.NOTHING
    name: bytes = b""
    header: bytes = b""
    body: bytes = b""
    body_bytes: int = 0
    until_ns: int = 0

    @property
    def fingerprint(self) -> str:
        """What tells this message from others; see `fingerprint`."""
        return _digest(self.kind, self.name, self.body, self.body_bytes)


class Note:
    """The writing side, a `Noter`. Messages whose fingerprint is in `poison` are not to be handled."""

    def __init__(self, path: Path, poison: Collection[str] = ()) -> None:
        with open(path, "r+b") as file:
            self._page = mmap.mmap(file.fileno(), NOTE_BYTES)
        self._room: mmap.mmap | bytearray = self._page
        self._frames: Frames = (0, b"", b"", b"")
        self._poison = frozenset(poison)

    def begin(self, kind: int, name: bytes, header: bytes, body: bytes) -> bool:
        """Note what is about to be handled; False where it has ended earlier lives and must not be."""
        if self._poison and fingerprint(kind, name, body) in self._poison:
            return False
        self._frames = (kind, name, header, body)
        if len(name) + len(header) > NAMES_BYTES:
            name, header = name[: NAMES_BYTES // 2], header[: NAMES_BYTES // 2]
        size = len(body)
        frames = name + header + (body if size <= BODY_BYTES else body[:BODY_BYTES])
        room = self._room
        room[_AT_FRAMES : _AT_FRAMES + len(frames)] = frames
        _LENGTHS.pack_into(room, _AT_LENGTHS, len(name), len(header), size)
        room[0] = kind
        return True

    def done(self) -> None:
        """The handler has returned."""
        self._room[0] = 0

    @property
    def in_hand(self) -> Frames | None:
        """What is being handled now, to be noted again should a task that its handler began fail later."""
        return self._frames if self._room[0] else None

    def seal(self) -> None:
        """The actor failed: what the note says now stays, whatever is refused and answered on the way out."""
        self._room = bytearray(NOTE_BYTES)

    def note_ban(self, until_ns: int) -> None:
        """Write down until when the venue has banned this address."""
        _TIME.pack_into(self._page, _AT_TIME, until_ns)


def fingerprint(kind: int, name: bytes, body: bytes) -> str:
    """Return what tells a message from others: of its body, and for a stream its topic.

    Neither caller nor number count: a request that is tried again has another id, and a state that is published again
    may have another `seq`, and what the handler does with it is the same.
    """
    return _digest(kind, name, body[:BODY_BYTES], len(body))


def _digest(kind: int, name: bytes, body: bytes, body_bytes: int) -> str:
    name = name[: NAMES_BYTES // 2]
    return blake2b(_LENGTHS.pack(kind, len(name), body_bytes) + name + body, digest_size=16).hexdigest()


def reset_note(path: Path) -> None:
    """Make an empty note, a new file each time: an earlier life that thaws writes to its own.

    It is written, not left sparse: a page that could not be had later would end the actor by SIGBUS.
    """
    path.unlink(missing_ok=True)
    path.write_bytes(bytes(NOTE_BYTES))
    path.chmod(0o600)


def read_note(path: Path) -> Noted:
    """Return what the note says; an empty one where there is none, or it is none of ours."""
    try:
        raw = path.read_bytes()
    except OSError:
        return Noted()
    if len(raw) != NOTE_BYTES:
        return Noted()
    (until_ns,) = _TIME.unpack_from(raw, _AT_TIME)
    if raw[0] not in (NoteKind.REQUEST, NoteKind.STREAM):
        return Noted(until_ns=until_ns)
    name, header, body = _LENGTHS.unpack_from(raw, _AT_LENGTHS)
    at_header = _AT_FRAMES + name
    at_body = at_header + header
    return Noted(
        NoteKind(raw[0]),
        raw[_AT_FRAMES:at_header],
        raw[at_header:at_body],
        raw[at_body : at_body + min(body, BODY_BYTES)],
        body,
        until_ns,
    )
