"""A download under way: one file that only grows, and whose whole pages survive whatever ends us.

The first line says what was asked for. Then come pages: their rows as lines of CSV, and one line that begins with
``#page`` and says how many rows there are now, where the next page begins, what is missing, and the checksum of the
page's rows. A page is on the disk before the next is asked for. What is behind the last whole page, written by a
process that was killed or a host that lost its power, is cut off when the download goes on, and read from the venue
again.

One process writes: the file is locked while it is open.
"""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from bus.messages import Bar, HistoryAnswer
from tradefloor.past.columns import COLUMNS, lines

__all__ = ["Download", "NothingBegun", "Part", "PartError", "Reached"]

HEAD = b"#tradefloor history 1 "
PAGE = b"#page "
HEAD_BYTES = 4096
"""What the first line may take; it has six short values."""


class PartError(Exception):
    """The file cannot be used; the message says why."""


class NothingBegun(PartError):
    """Whoever made the file was ended before it had said of what."""


class Download(msgspec.Struct, frozen=True):
    """What a file is of. `source` names adapter, account type and environment: testnet's past is not live's."""

    source: str
    instrument: str
    kind: str
    interval: str
    start_ns: int
    end_ns: int = 0


class Reached(msgspec.Struct, frozen=True):
    """How far a download is; `is_done` when there is no next page."""

    rows: int = 0
    first_ns: int = 0
    last_ns: int = 0
    next_ns: int = 0
    next_after: str = ""
    missing: tuple[str, ...] = ()
    is_done: bool = False
    size: int = 0
    """Bytes of this page's rows."""
    checksum: int = 0
    """Their CRC-32."""


class Part:
    """The file, open and locked; `reached` is what is safely in it."""

    def __init__(self, path: Path, file: BinaryIO, download: Download, reached: Reached) -> None:
        self.path, self.download, self.reached = path, download, reached
        self._file = file
        self._columns = COLUMNS[download.kind]

    @classmethod
    def begin(cls, path: Path, download: Download) -> Self:
        """Begin a new file, in place of one that is there. Raises PartError, and OSError."""
        file = _locked(path, "a+b")
        file.truncate(0)
        file.write(HEAD + msgspec.json.encode(download) + b"\n")
        _sync(file)
        return cls(path, file, download, Reached(next_ns=download.start_ns))

    @classmethod
    def resume(cls, path: Path) -> Self:
        """Open a file that is there and cut off what is behind its last whole page. Raises PartError, and OSError."""
        file = _locked(path, "r+b")
        try:
            download = _head(path, file)
            reached, end = _last_page(file, download)
        except BaseException:
            file.close()
            raise
        file.truncate(end)
        file.seek(end)
        return cls(path, file, download, reached)

    def append(self, page: HistoryAnswer) -> None:
        """Put a page on the disk. Raises OSError; the pages before it are then still whole."""
        rows, before = page.rows, self.reached
        body = lines(rows, self._columns)
        times = [row.ts_open if isinstance(row, Bar) else row.ts_event for row in (rows[:1] + rows[-1:])]
        new = () if not page.missing or page.missing in before.missing else (page.missing,)
        reached = Reached(
            before.rows + len(rows),
            before.first_ns if before.rows or not times else times[0],
            times[-1] if times else before.last_ns,
            page.next_ns,
            page.next_after,
            before.missing + new,
            not page.next_ns,
            len(body),
            zlib.crc32(body),
        )
        try:
            self._file.write(body + PAGE + msgspec.json.encode(reached) + b"\n")
            _sync(self._file)
        except OSError as error:
            error.filename = str(self.path)
            raise
        self.reached = reached

    def rows(self) -> Iterator[bytes]:
        """Yield the lines of all rows."""
        self._file.seek(0)
        for line in self._file:
            if not line.startswith((PAGE, HEAD)):
                yield line

    def close(self) -> None:
        """Close and unlock. What could not be written was said then; its beginning is cut off by `resume`."""
        with suppress(OSError):
            self._file.close()

    def remove(self) -> None:
        """Close, and take the file away."""
        self.path.unlink(missing_ok=True)
        self.close()


def _locked(path: Path, mode: str) -> BinaryIO:
    file = open(path, mode)  # noqa: SIM115 - closed by `Part.close`
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise PartError(f"{path} is being written by another process") from None
    return file  # type: ignore[return-value]


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _head(path: Path, file: BinaryIO) -> Download:
    line = file.readline(HEAD_BYTES)
    if HEAD.startswith(line[: len(HEAD)]) and not line.endswith(b"\n"):
        raise NothingBegun(f"{path} is empty")
    try:
        if line.startswith(HEAD) and line.endswith(b"\n"):
            download = msgspec.json.decode(line.removeprefix(HEAD), type=Download)
            if download.kind in COLUMNS:
                return download
    except msgspec.DecodeError:
        pass
    raise PartError(f"{path} is no download of this version that was begun")


def _last_page(file: BinaryIO, download: Download) -> tuple[Reached, int]:
    """Return the last of the whole pages, and where it ends; the beginning, where there is none."""
    file.seek(0)
    end = len(file.readline())
    reached, size, checksum = Reached(next_ns=download.start_ns), 0, 0
    for line in file:
        if not line.startswith(PAGE):
            size, checksum = size + len(line), zlib.crc32(line, checksum)
            continue
        page = _page(line)
        if page is None or (page.size, page.checksum) != (size, checksum):
            break
        reached, end = page, end + size + len(line)
        size = checksum = 0
    return reached, end


def _page(line: bytes) -> Reached | None:
    if not line.endswith(b"\n"):
        return None
    try:
        return msgspec.json.decode(line.removeprefix(PAGE), type=Reached)
    except msgspec.DecodeError:
        return None
