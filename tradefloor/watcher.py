"""What a connection watches: the newest of what was asked for, and who is to be called."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from typing import Any

from actors.runtime import Log
from actors.strategy.market import MarketFeeds
from bus import topics
from bus.codec import Header
from bus.member import Member
from bus.messages import BookSnapshot, InstanceInfo

__all__ = ["Watcher"]

KINDS = ("quote", "trade", "book", "depth", "bar", "ticker", "status")


class Watcher:
    """Runs in the connection's loop."""

    def __init__(self, member: Member, instances: tuple[InstanceInfo, ...]) -> None:
        self.member = member
        self.log = Log("connection")
        self.feeds = MarketFeeds(self)
        self.feeds.instances = instances
        self._callbacks: dict[tuple[str, str], list[Callable[[Any], object]]] = {}
        self._books: dict[tuple[str, int], BookSnapshot] = {}
        """By instrument and levels."""
        self._refused: dict[str, str] = {}
        self._news = asyncio.Event()

    async def newest(self, kind: str, instrument: str, instance: str, detail: int | str = 0) -> Any:
        """Return the newest of a kind, once there is one. Raises LookupError where there is none, and ValueError."""
        detail = _detail(kind, detail)
        self._join(kind, instrument, instance, detail)
        while True:
            found = self._found(kind, instrument, detail)
            if found is not None:
                return found
            if instrument in self._refused:
                raise LookupError(self._refused[instrument])
            self._news.clear()
            await self._news.wait()

    def watch(
        self, kind: str, instrument: str, instance: str, detail: int | str, callback: Callable[[Any], object]
    ) -> Callable[[], None]:
        """Call back with each message of a kind; return what ends that. Raises ValueError."""
        detail = _detail(kind, detail)
        callbacks = self._callbacks.setdefault((kind, instrument), [])
        self._join(kind, instrument, instance, detail)
        callbacks.append(callback)

        def end() -> None:
            if callback in callbacks:
                callbacks.remove(callback)

        return end

    def _join(self, kind: str, instrument: str, instance: str, detail: int | str) -> None:
        if kind not in KINDS:
            raise ValueError(f"kind {kind!r}: expected one of {', '.join(KINDS)}")
        if kind == "bar":
            self.feeds.add_bars(instrument, str(detail), instance, forming=True)
        else:
            self.feeds.add(kind, instrument, instance, detail)

    def _found(self, kind: str, instrument: str, detail: int | str) -> Any:
        if kind == "book":
            return self._books.get((instrument, int(detail)))
        if kind == "bar":
            return self.feeds.bars.get((instrument, str(detail)))
        return self.feeds.quotes.get(instrument) if kind == "quote" else self.feeds.tickers.get(instrument)

    # what the feeds call

    def handle(self, handler: Callable[..., Any], message: Any, header: Header, topic: str) -> None:
        if topic.startswith("book/"):
            self._books[message.instrument, int(topics.segments(topic)[4])] = message
        self._news.set()
        handler(message)

    def _call(self, handler: Callable[..., Any], *arguments: Any) -> None:
        handler(*arguments)

    def on_book_state(self, instrument: str, state: str, reason: str) -> None:
        if state == "STALE":
            for key in [key for key in self._books if key[0] == instrument]:
                del self._books[key]
        if state == "REFUSED":
            self._refused[instrument] = reason
            self._news.set()

    def on_quote(self, message: Any) -> None:
        self._tell("quote", message)

    def on_trade(self, message: Any) -> None:
        self._tell("trade", message)

    def on_book(self, message: Any) -> None:
        self._tell("book", message)

    def on_depth(self, message: Any) -> None:
        self._tell("depth", message)

    def on_bar(self, message: Any) -> None:
        self._tell("bar", message)

    def on_ticker(self, message: Any) -> None:
        self._tell("ticker", message)

    def on_status(self, message: Any) -> None:
        self._tell("status", message)

    def _tell(self, kind: str, message: Any) -> None:
        for callback in tuple(self._callbacks.get((kind, message.instrument), ())):
            try:
                callback(message)
            except Exception:  # noqa: BLE001 - a person's callback in the connection's thread: said, and not called again
                traceback.print_exc()
                self._callbacks[kind, message.instrument].remove(callback)


def _detail(kind: str, detail: int | str) -> int | str:
    return f"{detail}-LAST" if kind == "bar" and str(detail).count("-") == 1 else detail
