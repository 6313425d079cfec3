"""One symbol's market: its book, its participants, its tape; live, or replayed from a capture."""

from __future__ import annotations

import random
from typing import Protocol

from venues.binance.twin.market.past import Past
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.market.tape import Tape
from venues.twins.market import LEVELS, MarketShape, Participants
from venues.twins.matching import MatchingEngine, Side

FIRST_TRADE_ID = 10_000_000_000
"""Ids of live trades lie above this, so that those of the past, which count down from them, stay positive."""


class Book(Protocol):
    """What everybody may see of a book; prices in ticks, sizes in steps, best first."""

    @property
    def update_id(self) -> int:
        """The number of the last change."""

    def best(self) -> tuple[int, int, int, int]:
        """(bid, bid size, ask, ask size), zeros for an empty side."""

    def depth(self, side: Side, limit: int) -> list[tuple[int, int]]:
        """Up to `limit` levels (price, total)."""


class Market:
    """One symbol that its participants move; the same seed gives the same market whatever other symbols there are.

    `status` is the venue's word for what may be done at the symbol now; it begins with the symbol's own.
    """

    is_replayed = False

    def __init__(self, symbol: Symbol, seed: int, levels: int = LEVELS) -> None:
        rng = random.Random(f"{seed} {symbol.name}")
        first = rng.randrange(10**6, 10**7)
        trade_id = FIRST_TRADE_ID + first // 3
        self.symbol = symbol
        self.status = symbol.status
        self.engine = MatchingEngine(first_order_id=first, first_trade_id=trade_id, update_id=first * 2)
        self.book: Book = self.engine
        shape = MarketShape(symbol.start, symbol.typical_size, levels)
        self.participants = Participants(self.engine, shape, random.Random(rng.random()))
        self.tape = Tape(lambda join: Past(seed, symbol, join))

    @property
    def is_open(self) -> bool:
        """Whether orders are taken and participants act."""
        return self.status == "TRADING" and not self.is_replayed

    def time_ms(self, now_ms: int) -> int:
        """What time it is in this market, given the venue's time; a replayed one has its capture's."""
        return now_ms
