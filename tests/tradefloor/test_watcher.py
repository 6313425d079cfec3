"""What a connection is given is what it asked for: that kind, that instance, that interval."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bus import topics
from bus.codec import Header
from bus.messages import Bar, Code, InstanceInfo, Message, Quote, TopicStatus
from tradefloor.watcher import Watcher

ID = "BTCUSDT.BINANCE"
INSTANCES = tuple(InstanceInfo(name, "binance", "spot", "twin", "BINANCE") for name in ("A", "B"))
HEADER: Any = None


class Member:
    """A member whose topics are told by the test."""

    def __init__(self) -> None:
        self.handlers: dict[str, tuple[Any, Any]] = {}

    def subscribe(self, topic: str, handler: Any, on_stale: Any = None, conflate: bool = False) -> None:
        self.handlers[topic] = handler, on_stale

    def tell(self, topic: str, message: Message, header: Header = HEADER) -> None:
        self.handlers[topic][0](message, header, topic)

    def refuse(self, topic: str, reason: str) -> None:
        self.tell(f"status/{topic}", TopicStatus(topic, "REFUSED", Code.UNSUPPORTED, reason))


@pytest.fixture
def member() -> Member:
    return Member()


@pytest.fixture
def watcher(member: Member) -> Watcher:
    made: Any = member
    return Watcher(made, INSTANCES)


def a_quote(bid: float) -> Quote:
    return Quote(ID, bid, bid + 1, 1.0, 1.0, 1, 1, 1)


def a_bar(interval: str) -> Bar:
    return Bar(ID, interval, 1.0, 1.0, 1.0, 1.0, 1.0, False, 1, 1, 1)


async def soon(awaitable: Any) -> Any:
    return await asyncio.wait_for(awaitable, 1.0)


async def test_what_is_refused_of_an_instrument_spoils_nothing_else_of_it(watcher: Watcher, member: Member) -> None:
    asked = asyncio.ensure_future(watcher.newest("bar", ID, "A", "7-MINUTE"))
    await asyncio.sleep(0)
    member.refuse(topics.market("A", "bar", ID, "7-MINUTE-LAST"), "no bars of 7 minutes")
    with pytest.raises(LookupError, match="no bars of 7 minutes"):
        await soon(asked)
    asked = asyncio.ensure_future(watcher.newest("quote", ID, "A"))
    await asyncio.sleep(0)
    member.tell(topics.market("A", "quote", ID), a_quote(5.0))
    assert (await soon(asked)).bid == 5.0


async def test_a_book_of_an_instrument_that_there_is_not_is_refused_too(watcher: Watcher, member: Member) -> None:
    asked = asyncio.ensure_future(watcher.newest("book", ID, "A", 10))
    await asyncio.sleep(0)
    member.refuse(topics.market("A", "book", ID), "A has no such instrument")  # what a book is made of
    with pytest.raises(LookupError, match="A has no such instrument"):
        await soon(asked)


async def test_who_watches_one_interval_is_not_called_with_another(watcher: Watcher, member: Member) -> None:
    seen: list[str] = []
    watcher.watch("bar", ID, "A", "1-MINUTE", lambda bar: seen.append(bar.interval))
    watcher.watch("bar", ID, "A", "1-HOUR", lambda bar: None)
    for interval in ("1-HOUR-LAST", "1-MINUTE-LAST"):
        member.tell(topics.market("A", "bar", ID, interval), a_bar(interval))
    assert seen == ["1-MINUTE-LAST"]


async def test_two_instances_of_one_venue_are_told_apart(watcher: Watcher, member: Member) -> None:
    seen: list[float] = []
    watcher.watch("quote", ID, "A", 0, lambda quote: seen.append(quote.bid))
    asked = [asyncio.ensure_future(watcher.newest("quote", ID, name)) for name in ("A", "B")]
    await asyncio.sleep(0)
    member.tell(topics.market("A", "quote", ID), a_quote(1.0))
    member.tell(topics.market("B", "quote", ID), a_quote(2.0))
    assert [(await soon(each)).bid for each in asked] == [1.0, 2.0]
    assert seen == [1.0]


async def test_what_is_stale_is_not_given(watcher: Watcher, member: Member) -> None:
    topic = topics.market("A", "bar", ID, "1-MINUTE-LAST")
    watcher.watch("bar", ID, "A", "1-MINUTE", lambda bar: None)
    member.tell(topic, a_bar("1-MINUTE-LAST"))
    member.handlers[topic][1](topic, "its owner is gone")
    asked = asyncio.ensure_future(watcher.newest("bar", ID, "A", "1-MINUTE"))
    await asyncio.sleep(0)
    assert not asked.done()
    member.tell(topic, a_bar("1-MINUTE-LAST"))
    assert (await soon(asked)).interval == "1-MINUTE-LAST"
