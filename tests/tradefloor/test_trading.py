"""A call that was given up does nothing later."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tradefloor.trading import TradingConnection


@pytest.fixture
def connection() -> Iterator[Any]:
    """A connection whose desk is a loop in a thread, and no strategy."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    made: Any = object.__new__(TradingConnection)
    made._is_closed, made._name = False, "hand"
    made._desk = SimpleNamespace(loop=loop, actor_stopped=threading.Event())
    yield made
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_an_order_that_was_given_up_while_the_desk_was_busy_never_leaves(
    connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_free, sent = threading.Event(), []
    monkeypatch.setattr("tradefloor.trading.CALL_S", 0.01)
    connection._desk.loop.call_soon_threadsafe(is_free.wait)
    with pytest.raises(TimeoutError):
        connection._do(lambda desk: sent.append("order"))
    is_free.set()
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), connection._desk.loop).result(5.0)
    assert sent == []


def test_an_order_that_has_begun_to_leave_is_waited_for(connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradefloor.trading.CALL_S", 0.01)
    takes_longer = threading.Event()
    assert connection._do(lambda desk: takes_longer.wait(0.1) or "order") == "order"


def test_what_it_raises_is_the_callers(connection: Any) -> None:
    def wrong(desk: Any) -> None:
        raise ValueError("side 'BUX'")

    with pytest.raises(ValueError, match="side 'BUX'"):
        connection._do(wrong)


def test_a_wait_that_was_given_up_leaves_nothing_that_waits(connection: Any) -> None:
    ended = threading.Event()

    async def wait() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    with pytest.raises(TimeoutError):
        connection._within(wait(), 0.01)
    assert ended.wait(5.0)
