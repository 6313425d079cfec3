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
from bus.messages import BookSnapshot, InstanceInfo, Message

__all__ = ["Watcher"]

KINDS = ("quote", "trade", "book", "depth", "bar", "ticker", "status")
_TOPICS = ", ".join(topics.KINDS)


class Watcher:
    """Runs in the connection's loop."""

    def __init__(self, member: Member, instances: tuple[InstanceInfo, ...]) -> None:
        self.member = member
        self._loop = asyncio.get_running_loop()
        self.log = Log("connection")
        self.feeds = MarketFeeds(self)
        self.feeds.instances = instances
        self._callbacks: dict[tuple[str, str], list[Callable[[Any], object]]] = {}
        self._books: dict[str, BookSnapshot] = {}
        """By topic, so by levels too."""
        self._news = asyncio.Event()

    async def newest(self, kind: str, instrument: str, instance: str, detail: int | str, limit_s: float) -> Any:
        """Return the newest of a kind, once there is one. Raises ValueError, LookupError where there is none, and
        TimeoutError that says what is the matter.
        """
        detail = _detail(kind, detail)
        topic = self._join(kind, instrument, instance, detail)
        deadline = self._loop.time() + limit_s
        while True:
            found = self._found(kind, instrument, detail, topic)
            if found is not None:
                return found
            if refusal := self.feeds.refusal(topic):
                raise LookupError(refusal)
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), deadline - self._loop.time())
            except TimeoutError:
                stale = self.feeds.stale.get(topic)
                said = f"it is stale: {stale}" if stale else "nothing has come"
                raise TimeoutError(f"no {kind} of {instrument} within {limit_s:g} s: {said}") from None

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

    def listen(self, topic: str, callback: Callable[[str, Any], object]) -> Callable[[], None]:
        """Call back with each message under a topic; return what ends that. Raises ValueError for no topic of ours."""
        word, slash, _ = topic.partition("/")
        if word not in topics.KINDS or not slash or not topic.endswith("/"):
            raise ValueError(f"topic {topic!r}: expected a path that ends in '/' and begins with one of {_TOPICS}")

        def hear(message: Message, header: Header, name: str) -> None:
            try:
                callback(name, message)
            except Exception:  # noqa: BLE001 - as in `_tell`
                traceback.print_exc()
                end()

        def end() -> None:
            self.member.unsubscribe(subscription)

        subscription = self.member.subscribe(topic, hear)
        return end

    def _join(self, kind: str, instrument: str, instance: str, detail: int | str) -> str:
        if kind not in KINDS:
            raise ValueError(f"kind {kind!r}: expected one of {', '.join(KINDS)}")
        if kind == "bar":
            return self.feeds.add_bars(instrument, str(detail), instance, forming=True)
        return self.feeds.add(kind, instrument, instance, detail)

    def _found(self, kind: str, instrument: str, detail: int | str, topic: str) -> Any:
        if kind == "book":
            return self._books.get(topic)
        if kind == "bar":
            return self.feeds.bars.get((instrument, str(detail)))
        return self.feeds.quotes.get(instrument) if kind == "quote" else self.feeds.tickers.get(instrument)

    # what the feeds call

    def handle(self, handler: Callable[..., Any], message: Any, header: Header, topic: str) -> None:
        if topic.startswith("book/"):
            self._books[topic] = message
        self._news.set()
        handler(message)

    def _call(self, handler: Callable[..., Any], *arguments: Any) -> None:
        handler(*arguments)

    def on_book_state(self, instrument: str, state: str, reason: str) -> None:
        for topic in self.feeds.stale:
            self._books.pop(topic, None)
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
