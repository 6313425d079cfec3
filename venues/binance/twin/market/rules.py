"""What a symbol offers and how far an account may go on it, beyond tick and step.

The defaults are those of the venue's large symbols. None takes a filter away, from `exchangeInfo` too.
Source: Binance Spot API, filters and rest-api (exchangeInfo), 2026-07.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from venues.binance.twin.render import amount

ORDER_TYPES = (
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
)
AVERAGE_MINUTES = 5


@dataclass(frozen=True, slots=True)
class PercentPrice:
    """How far from the average price an order may stand, as factors of it; `by_side` gives each side its own two."""

    bid_up: Decimal = Decimal(5)
    bid_down: Decimal = Decimal("0.2")
    ask_up: Decimal = Decimal(5)
    ask_down: Decimal = Decimal("0.2")
    by_side: bool = True

    @property
    def name(self) -> str:
        """The filter's name, which its refusal bears too."""
        return "PERCENT_PRICE_BY_SIDE" if self.by_side else "PERCENT_PRICE"

    def filter(self) -> dict[str, Any]:
        """As exchangeInfo lists it."""
        if not self.by_side:
            return {
                "filterType": self.name,
                "multiplierUp": str(self.bid_up),
                "multiplierDown": str(self.bid_down),
                "avgPriceMins": AVERAGE_MINUTES,
            }
        return {
            "filterType": self.name,
            "bidMultiplierUp": str(self.bid_up),
            "bidMultiplierDown": str(self.bid_down),
            "askMultiplierUp": str(self.ask_up),
            "askMultiplierDown": str(self.ask_down),
            "avgPriceMins": AVERAGE_MINUTES,
        }


@dataclass(frozen=True, slots=True)
class TrailingDelta:
    """Bounds of `trailingDelta` in basis points, for triggers above the market and below it."""

    min_above: int = 10
    max_above: int = 2_000
    min_below: int = 10
    max_below: int = 2_000


USUAL_PERCENT_PRICE, USUAL_TRAILING_DELTA = PercentPrice(), TrailingDelta()


@dataclass(frozen=True, slots=True)
class Bounds:
    """Filters beyond PRICE_FILTER and LOT_SIZE. Counts are of an account's open orders; sizes, positions in atoms."""

    percent_price: PercentPrice | None = USUAL_PERCENT_PRICE
    has_max_notional: bool = True
    """Whether the filter is NOTIONAL; MIN_NOTIONAL, the older one, has no maximum."""
    market_min: int = 0
    market_max: int | None = None
    market_step: int = 0
    iceberg_parts: int | None = 100
    trailing_delta: TrailingDelta | None = USUAL_TRAILING_DELTA
    max_position: int | None = None
    max_orders: int = 200
    max_order_lists: int = 20
    max_algo_orders: int | None = 5
    max_iceberg_orders: int | None = None
    max_amends: int | None = 10

    def filters(self) -> list[dict[str, Any]]:
        """The filters that count or bound, as exchangeInfo lists them after the price, size and notional ones."""
        listed: list[dict[str, Any]] = []
        if self.iceberg_parts is not None:
            listed.append({"filterType": "ICEBERG_PARTS", "limit": self.iceberg_parts})
        if self.trailing_delta is not None:
            delta = self.trailing_delta
            listed.append(
                {
                    "filterType": "TRAILING_DELTA",
                    "minTrailingAboveDelta": delta.min_above,
                    "maxTrailingAboveDelta": delta.max_above,
                    "minTrailingBelowDelta": delta.min_below,
                    "maxTrailingBelowDelta": delta.max_below,
                }
            )
        if self.max_position is not None:
            listed.append({"filterType": "MAX_POSITION", "maxPosition": amount(self.max_position)})
        listed.append({"filterType": "MAX_NUM_ORDERS", "maxNumOrders": self.max_orders})
        listed.append({"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": self.max_order_lists})
        for name, key, limit in (
            ("MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders", self.max_algo_orders),
            ("MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders", self.max_iceberg_orders),
            ("MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends", self.max_amends),
        ):
            if limit is not None:
                listed.append({"filterType": name, key: limit})
        return listed


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be ordered on a symbol, and how."""

    order_types: tuple[str, ...] = ORDER_TYPES
    has_icebergs: bool = True
    has_oco: bool = True
    has_oto: bool = True
    has_opo: bool = True
    has_quote_order_qty: bool = True
    has_trailing_stops: bool = True
    has_cancel_replace: bool = True
    has_amends: bool = True
    has_pegs: bool = True
    preventions: tuple[str, ...] = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT")
    default_prevention: str = "NONE"

    def info(self) -> dict[str, Any]:
        """The symbol's fields of exchangeInfo that say what it offers."""
        return {
            "orderTypes": list(self.order_types),
            "icebergAllowed": self.has_icebergs,
            "ocoAllowed": self.has_oco,
            "otoAllowed": self.has_oto,
            "opoAllowed": self.has_opo,
            "quoteOrderQtyMarketAllowed": self.has_quote_order_qty,
            "allowTrailingStop": self.has_trailing_stops,
            "cancelReplaceAllowed": self.has_cancel_replace,
            "amendAllowed": self.has_amends,
            "pegInstructionsAllowed": self.has_pegs,
        }


USUAL_BOUNDS, USUAL_OFFER = Bounds(), Offer()
