"""What a strategy keeps over its lives: a dict of its own, in a file that is whole or as it was before."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import Any

import msgspec

__all__ = ["Kept", "KeptError"]

_MAGIC = b"TFS1"
"""The file: this, the CRC-32 of the rest in four bytes, and the rest: the dict in MessagePack."""


class KeptError(Exception):
    """What was kept cannot be read, or what is to be kept cannot be written; the message names it."""


class Kept:
    """The file ``kept/<strategy>`` of the floor's state directory."""

    def __init__(self, path: Path, durable: bool = False) -> None:
        self._path, self._durable = path, durable
        self._last = b""

    def load(self) -> dict[str, Any] | None:
        """Return what was saved last, None where nothing was. Raises KeptError for a file that is spoilt."""
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise KeptError(f"{self._path}: {error.strerror}") from error
        magic, checksum, body = raw[:4], raw[4:8], raw[8:]
        if magic != _MAGIC or checksum != _checksum(body):
            raise KeptError(f"{self._path}: it is spoilt; move it away, and the strategy begins without what it kept")
        self._last = body
        found: dict[str, Any] = msgspec.msgpack.decode(body)
        return found

    def save(self, state: dict[str, Any]) -> bool:
        """Write it if it changed; False where it did not. Raises KeptError for what would not come back as it is."""
        try:
            body = msgspec.msgpack.encode(state)
            back = msgspec.msgpack.decode(body) if isinstance(state, dict) else None
        except (TypeError, ValueError, OverflowError, RecursionError, msgspec.DecodeError) as error:
            raise KeptError(f"on_save: {error}; {_EXPECTED}") from error
        if back is None or not _same(state, back):
            key = next((key for key in state if not _same(state[key], back.get(key))), "") if back is not None else ""
            raise KeptError(f"on_save: {key or type(state).__name__!r} would not come back as it is; {_EXPECTED}")
        if body == self._last:
            return False
        self._write(_MAGIC + _checksum(body) + body)
        self._last = body
        return True

    def _write(self, raw: bytes) -> None:
        part = self._path.with_name(f"{self._path.name}.part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with part.open("wb") as file:
                file.write(raw)
                if self._durable:
                    file.flush()
                    os.fsync(file.fileno())
            part.replace(self._path)
        except OSError as error:
            raise KeptError(f"{self._path}: {error.strerror}") from error


_EXPECTED = "expected a dict of str or int to None, bool, int of 64 bits, float, str, bytes, lists and dicts"


def _checksum(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(4, "little")


def _same(value: object, back: object) -> bool:
    """True where reading gives what was written, kinds included: an int key or a tuple would come back as another."""
    if type(value) is not type(back):
        return False
    if isinstance(value, dict) and isinstance(back, dict):
        return value.keys() == back.keys() and all(_same(value[key], back[key]) for key in value)
    if isinstance(value, list) and isinstance(back, list):
        return len(value) == len(back) and all(map(_same, value, back))
    return value == back or (value != value and back != back)
