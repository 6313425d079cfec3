"""Calls at a moment, on a clock that tests turn."""

from __future__ import annotations

import asyncio

import pytest

from actors.strategy.times import LOOK_AGAIN_S, Timer
from tradefloor.testing import run_virtual


def test_a_call_comes_when_nothing_is_left_and_once() -> None:
    async def work() -> list[float]:
        loop, called = asyncio.get_running_loop(), []
        due = loop.time() + 5
        timer = Timer(loop, lambda: due - loop.time(), lambda timer: called.append(loop.time() - due))
        assert not timer.is_over
        await asyncio.sleep(60)
        assert timer.is_over
        timer.cancel()
        return called

    assert run_virtual(work()) == pytest.approx([0.0], abs=0.01)


def test_what_was_taken_back_is_never_called() -> None:
    async def work() -> list[Timer]:
        loop, called = asyncio.get_running_loop(), []
        due = loop.time() + 5
        timer = Timer(loop, lambda: due - loop.time(), called.append)
        timer.cancel()
        timer.cancel()
        await asyncio.sleep(60)
        return called

    assert run_virtual(work()) == []


def test_a_clock_that_is_set_forward_is_noticed_and_one_that_is_set_back_is_waited_for() -> None:
    async def work() -> None:
        loop, called, step = asyncio.get_running_loop(), [], [0.0]
        begun = loop.time()
        due = begun + 3600

        def left_s() -> float:
            return due - loop.time() - step[0]

        Timer(loop, left_s, called.append)
        step[0] = -600.0
        await asyncio.sleep(3700)
        assert not called
        step[0] = 3600.0
        await asyncio.sleep(LOOK_AGAIN_S + 1)
        assert len(called) == 1

    run_virtual(work())
