"""Where poison is kept: for each message its frames as they came, and a page that says what they are.

``<actor>.<fingerprint>.header`` and ``.body`` are the raw frames, ``.json`` the page. What ended an actor may crash a
decoder, so the supervisor reads it by MessagePack's pure Python implementation alone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgpack import fallback
from msgpack.exceptions import UnpackException

from actors.runtime.note import Noted
from bus.noter import NoteKind
from bus.schema import label, schema

__all__ = ["QUARANTINE_LIMIT", "quarantine"]

QUARANTINE_LIMIT = 200
"""Messages that are kept, the newest: under 10 MB."""

_HEADERS = {
    NoteKind.REQUEST: ("version", "id", "caller", "epoch", "deadline_ns", "ts_sent"),
    NoteKind.STREAM: ("version", "kind", "sender", "epoch", "seq", "ts_sent"),
}


def quarantine(folder: Path, actor: str, noted: Noted, ended: str, now_ns: int) -> Path:
    """Write a message and its page; return the page's path. The same message again replaces what was there."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    stem = folder / f"{actor}.{noted.fingerprint}"
    page = stem.with_name(f"{stem.name}.json")
    stem.with_name(f"{stem.name}.header").write_bytes(noted.header)
    stem.with_name(f"{stem.name}.body").write_bytes(noted.body)
    page.write_bytes(_page(_describe(actor, noted, ended, now_ns)))
    pages = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    for old in pages[:-QUARANTINE_LIMIT]:
        for kind in (".header", ".body", ".json"):
            old.with_suffix(kind).unlink(missing_ok=True)
    return page


def _describe(actor: str, noted: Noted, ended: str, now_ns: int) -> dict[str, Any]:
    header = _read(noted.header)
    names = _HEADERS.get(noted.kind, ())
    body = _read(noted.body) if len(noted.body) == noted.body_bytes else None
    return {
        "actor": actor,
        "ended": ended,
        "at": datetime.fromtimestamp(now_ns / 1e9, UTC).isoformat(),
        "at_ns": now_ns,
        "fingerprint": noted.fingerprint,
        "kind": noted.kind.name.lower(),
        "topic": noted.name.decode(errors="replace"),
        "header": dict(zip(names, header, strict=False)) if isinstance(header, list) else None,
        "body_bytes": noted.body_bytes,
        "kept_bytes": len(noted.body),
        "message": label(body, schema()) if body is not None else None,
    }


def _page(told: dict[str, Any]) -> bytes:
    try:
        page = msgspec.json.encode(told, enc_hook=str)
    except (TypeError, ValueError, RecursionError):  # MessagePack holds what JSON does not: a list as a key, any depth
        page = msgspec.json.encode({**told, "header": None, "message": None})
    return msgspec.json.format(page)


def _read(raw: bytes) -> Any:
    """Return what the bytes say, None where they are no MessagePack (or not all of one)."""
    unpacker = fallback.Unpacker(raw=False, strict_map_key=False, unicode_errors="replace")
    unpacker.feed(raw)
    try:
        return unpacker.unpack()
    except (ValueError, TypeError, RecursionError, UnpackException):
        return None
