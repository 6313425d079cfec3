"""The clockwork of the live markets: who acts when.

One task serves all markets, for a wake of the loop costs more than an act: what is due within `TOGETHER_S` is done
at one wake.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heapify, heapreplace

from venues.binance.twin.market.markets import Market
from venues.binance.twin.trading.exchange import Exchange

TOGETHER_S = 0.002
"""Acts so close together are done at once; a client on another process sees no difference."""
MAX_ACTS_AT_ONCE = 200
"""Acts in one loop turn, so that a fast market never holds up an answer for long."""
STILL_S = 0.02
"""How often a market that stands still, or in which nothing happened, is looked at again."""
MAX_BEHIND_S = 1.0
"""A market that fell further behind than this (a stopped process) does not catch up."""


async def drive(exchange: Exchange, rate: float, acted: Callable[[], None], moves: Callable[[Market], bool]) -> None:
    """Let the participants of all markets that move act, for `rate` book changes a second and symbol, until cancelled.

    A market that opens later moves from then on. `acted` is called after each round of acts. With a rate of 0 nothing
    moves.
    """
    loop = asyncio.get_running_loop()
    markets = [market for market in exchange.markets.values() if not market.is_replayed]
    if not rate or not markets:
        await loop.create_future()
    due = [(loop.time(), number) for number in range(len(markets))]
    heapify(due)
    while True:
        now = loop.time()
        for _ in range(MAX_ACTS_AT_ONCE):
            at, number = due[0]
            if at > now + TOGETHER_S:
                break
            market = markets[number]
            pause_s = STILL_S
            if moves(market):
                pause_s = market.participants.pause_s(exchange.act(market), rate) or STILL_S
            heapreplace(due, (max(at, now - MAX_BEHIND_S) + pause_s, number))
        acted()
        await asyncio.sleep(max(0.0, due[0][0] - loop.time()))
