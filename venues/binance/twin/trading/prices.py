"""Prices that the exchange measures orders and fees with."""

from __future__ import annotations

from collections.abc import Mapping

from venues.binance.twin.market import statistics
from venues.binance.twin.market.intervals import SECOND_MS
from venues.binance.twin.market.markets import Market
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.render import ATOM
from venues.binance.twin.trading.rates import DISCOUNT_ASSET


class Prices:
    """Looks at the markets. An average is taken anew after each trade and each second: it costs a third of an order."""

    def __init__(self, markets: Mapping[str, Market]) -> None:
        self._markets = markets
        self._averages: dict[str, tuple[tuple[int, int], int]] = {}

    def average(self, symbol: Symbol, now_ms: int) -> int:
        """The price in ticks that filters measure with: the reference price, else the average; 0 for neither."""
        market = self._markets[symbol.name]
        now_ms, last = market.time_ms(now_ms), market.tape.last
        when = (now_ms // SECOND_MS, last.trade_id if last is not None else 0)
        known = self._averages.get(symbol.name)
        if known is None or known[0] != when:
            reference = statistics.reference(market, now_ms)
            price = reference[0] if reference is not None else None
            price = statistics.average(market, now_ms) if price is None else price
            known = self._averages[symbol.name] = (when, price // symbol.tick)
        return known[1]

    def of_bnb(self, quote: str) -> int:
        """Atoms of a quote asset for one BNB by the last trade, 0 when the two are not traded here."""
        if quote == DISCOUNT_ASSET:
            return ATOM
        market = self._markets.get(DISCOUNT_ASSET + quote)
        last = market.tape.last if market is not None else None
        return last.price * market.symbol.tick if market is not None and last is not None else 0
