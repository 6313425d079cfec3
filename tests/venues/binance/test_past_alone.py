"""History without a floor: a client, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from binance_floor import TwinProcess
from twin_admin import Admin

from actors.runtime import ActorExit, ExitCode
from actors.strategy.past import Pages, question_of
from bus.messages import Code, QueryHistory, Refused
from venues.binance.past_alone import open_past

ID = "BTCUSDT.BINANCE"
DAY = 86_400 * 10**9
SUMMER = 1_717_977_600 * 10**9
Run = Callable[[Coroutine[Any, Any, Any]], Any]


def test_a_range_is_read_with_neither_floor_nor_key(venue: TwinProcess, run: Run) -> None:
    async def read() -> list[Any]:
        async with open_past(venue.settings) as past:
            question = question_of("BINANCE", ID, "bars", SUMMER, SUMMER + 2 * DAY, "1-MINUTE")
            return [row async for row in Pages(past.ask, question).rows()]

    bars = run(read())
    assert [bar.ts_open for bar in bars] == list(range(SUMMER, SUMMER + 2 * DAY, 60 * 10**9))
    assert not [line for line in venue.log("received") if "signature" in str(line) or "SIGNED" in str(line)]


def test_what_is_not_offered_is_refused_as_on_a_floor(venue: TwinProcess, run: Run) -> None:
    async def read() -> Any:
        async with open_past(venue.settings) as past:
            return await past.ask(QueryHistory("BINANCE", "NO.BINANCE", "trade", SUMMER))

    refusal = run(read())
    assert isinstance(refusal, Refused)
    assert refusal.code is Code.NO_SUCH_INSTRUMENT


def test_a_ban_ends_it_with_the_exit_code_of_a_ban(venue: TwinProcess, run: Run) -> None:
    admin = Admin(venue.greeting["admin"])

    async def read() -> None:
        async with open_past(venue.settings) as past:
            await asyncio.to_thread(admin.fault, "banned", for_s=60)
            await past.ask(QueryHistory("BINANCE", ID, "trade", SUMMER))

    with pytest.raises(ActorExit) as caught:
        run(read())
    assert caught.value.code is ExitCode.BANNED
    assert caught.value.until_ns > 0


def test_a_venue_that_cannot_be_reached_costs_one_error(venue: TwinProcess, run: Run) -> None:
    venue.stop()

    async def read() -> None:
        async with open_past(venue.settings):
            pass

    with pytest.raises(ActorExit, match="BINANCE: cannot read the instruments") as caught:
        run(read())
    assert caught.value.code is ExitCode.FAILED


def test_settings_that_are_wrong_cost_one_error(run: Run) -> None:
    async def read() -> None:
        async with open_past({"adapter": "binance", "account_type": "spot", "environment": "moon", "venue_id": "X"}):
            pass

    with pytest.raises(ActorExit, match="moon") as caught:
        run(read())
    assert caught.value.code is ExitCode.CONFIGURATION
