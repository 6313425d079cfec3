"""The symbols of the twin and their units.

Amounts are integers of 1e-8 ("atoms"), the venue's eight decimals; a price is also a count of ticks and a
size a count of steps, which is what the matching engine works with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from venues.binance.twin.market.rules import AVERAGE_MINUTES, USUAL_BOUNDS, USUAL_OFFER, Bounds, Offer
from venues.binance.twin.render import ATOM, amount

TYPICAL_NOTIONAL = 4_000
"""Quote units of a participant's typical order: small against a real touch, so that queues move within
a second.
"""


DAY_VOLATILITY = 0.025
"""Usual size of a day's change of price before the twin's start, as a share."""
ReferenceKind = Literal["NONE", "ARITHMETIC_MEAN", "EXTERNAL"]


@dataclass(frozen=True, slots=True)
class Symbol:
    """One instrument: tick and step in atoms, notional bounds in atoms, first price in ticks.

    A tick times a step is a whole count of atoms, so that no quote amount is ever rounded.
    """

    name: str
    base: str
    quote: str
    tick: int
    step: int
    start: int
    max_price: int
    max_size: int
    min_notional: int = 5 * ATOM
    max_notional: int = 9_000_000 * ATOM
    typical_notional: int = TYPICAL_NOTIONAL * ATOM
    status: str = "TRADING"
    permissions: tuple[str, ...] = ("SPOT",)
    volatility: float = DAY_VOLATILITY
    reference: ReferenceKind = "NONE"
    bounds: Bounds = USUAL_BOUNDS
    offer: Offer = USUAL_OFFER

    @property
    def trade_stream(self) -> str:
        """The name of its stream of trades."""
        return f"{self.name.lower()}@trade"

    @property
    def aggregate_stream(self) -> str:
        """The name of its stream of aggregate trades."""
        return f"{self.name.lower()}@aggTrade"

    @property
    def book_stream(self) -> str:
        """The name of its stream of best prices."""
        return f"{self.name.lower()}@bookTicker"

    @property
    def quote_unit(self) -> int:
        """Atoms of the quote asset in one tick times one step."""
        return self.tick * self.step // ATOM

    @property
    def typical_size(self) -> int:
        """Steps of a participant's typical order."""
        return max(1, self.typical_notional // (self.start * self.quote_unit))

    def price(self, ticks: int) -> str:
        """A price as the venue writes it."""
        return amount(ticks * self.tick)

    def size(self, steps: int) -> str:
        """A size as the venue writes it."""
        return amount(steps * self.step)

    def value(self, quote: int) -> str:
        """A quote amount (ticks times steps) as the venue writes it."""
        return amount(quote * self.quote_unit)

    def filters(self) -> list[dict[str, Any]]:
        """The symbol's filters as exchangeInfo lists them. Source: Binance Spot API, filters, 2026-07."""
        bounds = self.bounds
        notional: dict[str, Any] = {
            "filterType": "NOTIONAL",
            "minNotional": amount(self.min_notional),
            "applyMinToMarket": True,
            "maxNotional": amount(self.max_notional),
            "applyMaxToMarket": False,
            "avgPriceMins": AVERAGE_MINUTES,
        }
        if not bounds.has_max_notional:
            notional = {
                "filterType": "MIN_NOTIONAL",
                "minNotional": amount(self.min_notional),
                "applyToMarket": True,
                "avgPriceMins": AVERAGE_MINUTES,
            }
        return [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": amount(self.tick),
                "maxPrice": amount(self.max_price),
                "tickSize": amount(self.tick),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": amount(self.step),
                "maxQty": amount(self.max_size),
                "stepSize": amount(self.step),
            },
            {
                "filterType": "MARKET_LOT_SIZE",
                "minQty": amount(bounds.market_min),
                "maxQty": amount(self.max_size if bounds.market_max is None else bounds.market_max),
                "stepSize": amount(bounds.market_step),
            },
            *([bounds.percent_price.filter()] if bounds.percent_price is not None else []),
            notional,
            *bounds.filters(),
        ]

    def info(self, with_permission_sets: bool, status: str) -> dict[str, Any]:
        """The symbol's entry in exchangeInfo. Source: Binance Spot API, rest-api, exchangeInfo, 2026-07."""
        return {
            "symbol": self.name,
            "status": status,
            "baseAsset": self.base,
            "baseAssetPrecision": 8,
            "quoteAsset": self.quote,
            "quotePrecision": 8,
            "quoteAssetPrecision": 8,
            "baseCommissionPrecision": 8,
            "quoteCommissionPrecision": 8,
            **self.offer.info(),
            "isSpotTradingAllowed": True,
            "isMarginTradingAllowed": "MARGIN" in self.permissions,
            "filters": self.filters(),
            "permissions": [],
            "permissionSets": [list(self.permissions)] if with_permission_sets else [],
            "defaultSelfTradePreventionMode": self.offer.default_prevention,
            "allowedSelfTradePreventionModes": list(self.offer.preventions),
        }
