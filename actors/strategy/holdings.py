"""What a strategy holds in hand besides orders: fills and positions; floats, with the exact beside."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from bus.messages import Fill, Instrument, Position, Side

__all__ = ["FillView", "PositionView", "summed"]


class FillView:
    """One execution: floats to compute with, `exact` with Decimals beside."""

    __slots__ = ("exact",)

    def __init__(self, fill: Fill) -> None:
        self.exact = fill

    def __repr__(self) -> str:
        return f"<Fill {self.trade_id} {self.side} {self.size:g} {self.instrument} at {self.price:g}>"

    @property
    def trade_id(self) -> str:
        """The venue's id of it."""
        return self.exact.trade_id

    @property
    def order_id(self) -> str:
        """Our id of its order."""
        return self.exact.order_id

    @property
    def instrument(self) -> str:
        """The instrument's id."""
        return self.exact.instrument

    @property
    def side(self) -> Side:
        """BUY or SELL."""
        return self.exact.side

    @property
    def price(self) -> float:
        """At which price."""
        return float(self.exact.price)

    @property
    def size(self) -> float:
        """How much."""
        return float(self.exact.size)

    @property
    def fee(self) -> float | None:
        """What it cost, in `exact.fee_currency`; None until known."""
        return _float(self.exact.fee)

    @property
    def ts_event(self) -> int:
        """When, by the venue, UNIX nanoseconds."""
        return self.exact.ts_event


class PositionView:
    """What the strategy holds of an instrument. Flat within one size step."""

    __slots__ = ("_step", "exact")

    def __init__(self, position: Position, instrument: Instrument | None) -> None:
        self.exact = position
        self._step = instrument.size_increment if instrument is not None else Decimal(0)

    def __repr__(self) -> str:
        return f"<Position {self.size:g} {self.exact.instrument} at {self.average_price:g}>"

    @property
    def size(self) -> float:
        """Signed size: above 0 long, below 0 short."""
        return float(self.exact.size)

    @property
    def average_price(self) -> float:
        """The mean entry price of what is held."""
        return float(self.exact.average_price)

    @property
    def is_flat(self) -> bool:
        """True within one size step of nothing: what is left cannot be traded away."""
        return abs(self.exact.size) < self._step or self.exact.size == 0

    @property
    def is_long(self) -> bool:
        """True when something to sell is held."""
        return self.exact.size > 0 and not self.is_flat

    @property
    def is_short(self) -> bool:
        """True when something is owed."""
        return self.exact.size < 0 and not self.is_flat


def summed(positions: list[Position]) -> Position:
    """Return one position for those of several instances; its average price is weighed by their sizes."""
    total = positions[0]
    for other in positions[1:]:
        size = total.size + other.size
        value = total.size * total.average_price + other.size * other.average_price
        fees = {
            name: total.fees.get(name, _ZERO) + other.fees.get(name, _ZERO) for name in {**total.fees, **other.fees}
        }
        total = replace(
            total,
            instance="",
            size=size,
            average_price=value / size if size else _ZERO,
            realized=total.realized + other.realized,
            fees=fees,
            bought=total.bought + other.bought,
            sold=total.sold + other.sold,
            fills=total.fills + other.fills,
            ts_event=max(total.ts_event, other.ts_event),
        )
    return total


_ZERO = Decimal(0)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
