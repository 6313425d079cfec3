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
from bus.messages import InstanceInfo, Message

__all__ = ["Watcher"]

NEWEST_S = 10.0
"""How long the first of some data is waited for."""
KINDS = ("quote", "trade", "book", "depth", "bar", "ticker", "status")
_TOPICS = ", ".join(topics.KINDS)


class Watcher:
    """Runs in the connection's loop."""

    def __init__(self, member: Member, instances: tuple[InstanceInfo, ...]) -> None:
        self.member = member
        self.log = Log("connection")
        self.feeds = MarketFeeds(self)
        self.feeds.instances = instances
        self._callbacks: dict[str, list[Callable[[Any], object]]] = {}
        """By topic."""
        self._newest: dict[str, Any] = {}
        """By topic."""
        self._news = asyncio.Event()

    async def newest(
        self, kind: str, instrument: str, instance: str, detail: int | str = 0, limit_s: float = NEWEST_S
    ) -> Any:
        """Return the newest of a kind, once there is one. Raises ValueError, LookupError where there is none, and
        TimeoutError that says what is the matter.
        """
        topic = self._join(kind, instrument, instance, detail)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit_s
        while True:
            found = None if topic in self.feeds.stale else self._newest.get(topic)
            if found is not None:
                return found
            if refusal := self.feeds.refusal(topic):
                raise LookupError(refusal)
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), deadline - loop.time())
            except TimeoutError:
                stale = self.feeds.stale.get(topic)
                said = f"it is stale: {stale}" if stale else "nothing has come"
                raise TimeoutError(f"no {kind} of {instrument} within {limit_s:g} s: {said}") from None

    def watch(
        self, kind: str, instrument: str, instance: str, detail: int | str, callback: Callable[[Any], object]
    ) -> Callable[[], None]:
        """Call back with each message of a kind; return what ends that. Raises ValueError."""
        callbacks = self._callbacks.setdefault(self._join(kind, instrument, instance, detail), [])
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
            except Exception:  # noqa: BLE001 - as in `handle`
                traceback.print_exc()
                end()

        def end() -> None:
            self.member.unsubscribe(subscription)

        subscription = self.member.subscribe(topic, hear)
        return end

    def _join(self, kind: str, instrument: str, instance: str, detail: int | str) -> str:
        if kind not in KINDS:
            raise ValueError(f"kind {kind!r}: expected one of {', '.join(KINDS)}")
        detail = _detail(kind, detail)
        if kind == "bar":
            return self.feeds.add_bars(instrument, str(detail), instance, forming=True)
        return self.feeds.add(kind, instrument, instance, detail)

    # what the feeds call

    def handle(self, handler: Callable[..., Any], message: Any, header: Header, topic: str) -> None:
        self._newest[topic] = message
        self._news.set()
        for callback in tuple(self._callbacks.get(topic, ())):
            try:
                callback(message)
            except Exception:  # noqa: BLE001 - a person's callback in the connection's thread: said, and not called again
                traceback.print_exc()
                self._callbacks[topic].remove(callback)

    def _call(self, handler: Callable[..., Any], *arguments: Any) -> None:
        handler(*arguments)

    def on_book_state(self, instrument: str, state: str, reason: str) -> None:
        self._news.set()

    def on_data(self, message: Any) -> None:
        """Nothing: `handle` has told it, by its topic."""

    on_quote = on_trade = on_book = on_depth = on_bar = on_ticker = on_status = on_data


def _detail(kind: str, detail: int | str) -> int | str:
    return f"{detail}-LAST" if kind == "bar" and str(detail).count("-") == 1 else detail
