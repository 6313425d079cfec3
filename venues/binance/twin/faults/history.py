"""The recent past of every book, so that a snapshot of then can be told."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from venues.binance.twin.market.markets import Market
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.trading.exchange import Exchange
from venues.twins.matching import Event, LevelChanged, Side

KEPT = 20_000
"""Changes kept of each book: four minutes of a market at the default rate."""
EVERY_LEVEL = 1_000_000
"""More levels than a side has."""
SIDES: tuple[tuple[Side, str], ...] = (("BUY", "bids"), ("SELL", "asks"))


class _Past:
    """One book now, and what each of its last changes took away."""

    def __init__(self, market: Market) -> None:
        self.totals = {side: dict(market.engine.depth(side, EVERY_LEVEL)) for side, _ in SIDES}
        self.update_id = market.engine.update_id
        self.undone: deque[tuple[Side, int, int]] = deque(maxlen=KEPT)

    def take(self, change: LevelChanged) -> None:
        totals = self.totals[change.side]
        self.undone.append((change.side, change.price, totals.get(change.price, 0)))
        self.update_id = change.update_id
        if change.total:
            totals[change.price] = change.total
        else:
            totals.pop(change.price, None)

    def older(self, symbol: Symbol, levels: int, updates_ago: int) -> dict[str, Any]:
        updates_ago = min(updates_ago, len(self.undone))
        totals = {side: dict(self.totals[side]) for side, _ in SIDES}
        for index in range(1, updates_ago + 1):
            side, price, total = self.undone[-index]
            totals[side][price] = total
        body: dict[str, Any] = {"lastUpdateId": self.update_id - updates_ago}
        for side, name in SIDES:
            prices = sorted((price for price, total in totals[side].items() if total), reverse=side == "BUY")
            body[name] = [[symbol.price(price), symbol.size(totals[side][price])] for price in prices[:levels]]
        return body


class History:
    """The pasts of all symbols that are not replayed."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._pasts = {name: _Past(market) for name, market in exchange.markets.items() if not market.is_replayed}

    def market_events(self, market: Market, events: list[Event]) -> None:
        """Follow what happened."""
        past = self._pasts[market.symbol.name]
        for event in events:
            if isinstance(event, LevelChanged):
                past.take(event)

    def older(self, sent: Mapping[str, str], body: dict[str, Any], updates_ago: int) -> dict[str, Any]:
        """The snapshot that was asked for, as it was so many changes ago, with as many levels as `body` has now."""
        name = sent["symbol"]
        if name not in self._pasts:
            return body
        levels = max(len(body["bids"]), len(body["asks"]))
        return self._pasts[name].older(self._exchange.markets[name].symbol, levels, updates_ago)
