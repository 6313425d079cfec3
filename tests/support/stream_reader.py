"""A listener that keeps everything it is told, in order."""

from __future__ import annotations

import json
from typing import Any

from msgspec import Raw


class StreamReader:
    """`told` is ("up",), ("open", stream), ("message", stream, data), ("down", *streams), ("gap", stream), ..."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.reasons: list[str] = []

    def on_message(self, stream: str, data: Raw) -> None:
        self.told.append(("message", stream, json.loads(bytes(data))))

    def on_open(self, stream: str) -> None:
        self.told.append(("open", stream))

    def on_refused(self, stream: str, reason: str) -> None:
        self.told.append(("refused", stream))

    def on_up(self) -> None:
        self.told.append(("up",))

    def on_down(self, streams: list[str], reason: str) -> None:
        self.told.append(("down", *streams))
        self.reasons.append(reason)

    def on_gap(self, stream: str, reason: str) -> None:
        self.told.append(("gap", stream))

    def on_silent(self, streams: int, reason: str) -> None:
        self.told.append(("silent", streams))

    def on_unreadable(self, raw: bytes, reason: str) -> None:
        self.told.append(("unreadable", raw))

    def messages(self, stream: str) -> list[Any]:
        """The data of a stream's messages."""
        return [told[2] for told in self.told if told[:2] == ("message", stream)]

    def count(self, kind: str) -> int:
        """How often a kind was told."""
        return sum(told[0] == kind for told in self.told)
