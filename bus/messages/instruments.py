"""Instruments: what can be traded, by which steps, within which limits.

The common part is one struct; what only one kind has stands in `details`. Both evolve by appending.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_UP, Decimal
from typing import Literal, TypeAlias

from bus.messages.base import Message
from bus.messages.identifiers import InstrumentId
from bus.messages.words import InstrumentStatusWord

__all__ = [
    "Bond",
    "BettingRunner",
    "Cfd",
    "CurrencyPair",
    "Details",
    "Equity",
    "Future",
    "Index",
    "Instrument",
    "OptionContract",
    "Perpetual",
    "Rounding",
    "Spread",
]

Rounding: TypeAlias = Literal["down", "up", "nearest"]

_ROUNDING = {"down": ROUND_DOWN, "up": ROUND_UP, "nearest": ROUND_HALF_EVEN}
_NEAR = Decimal("1e-9")
"""A number within this part of a step counts as being on it (floats carry such noise)."""


class CurrencyPair(Message, frozen=True):
    """One asset against another, settled at once: spot."""

    base: str
    quote: str


class Perpetual(Message, frozen=True):
    """provisional: a future without expiry. `inverse`: margin and profit in the base asset."""

    base: str
    quote: str
    settle: str
    inverse: bool = False
    funding_interval_ns: int = 0


class Future(Message, frozen=True):
    """provisional: a future that expires."""

    underlying: str
    quote: str
    settle: str
    expiry_ns: int
    inverse: bool = False


class OptionContract(Message, frozen=True):
    """provisional: a call or put."""

    underlying: str
    quote: str
    settle: str
    expiry_ns: int
    strike: Decimal
    right: str


class Equity(Message, frozen=True):
    """provisional: a share or fund."""

    currency: str
    isin: str = ""
    primary_exchange: str = ""


class Index(Message, frozen=True):
    """provisional: a number that nobody can trade."""

    currency: str


class Cfd(Message, frozen=True):
    """provisional: a contract for difference."""

    underlying: str
    currency: str


class Bond(Message, frozen=True):
    """provisional: a bond."""

    currency: str
    maturity_ns: int
    coupon: Decimal | None = None


class BettingRunner(Message, frozen=True):
    """provisional: a selection in a betting market; prices are decimal odds."""

    currency: str
    market_id: str
    selection_id: int
    handicap: Decimal
    event: str = ""
    runner: str = ""
    market_time_ns: int = 0


class Spread(Message, frozen=True):
    """provisional: several instruments traded as one; legs are (instrument id, signed ratio)."""

    currency: str
    legs: tuple[tuple[InstrumentId, int], ...]


Details: TypeAlias = (
    CurrencyPair | Perpetual | Future | OptionContract | Equity | Index | Cfd | Bond | BettingRunner | Spread
)


class Instrument(Message, frozen=True):
    """The rules of one instrument at one venue, dated by `ts_event`.

    Sizes are in the venue's own unit (`multiplier` says how much of the base one is). `price_tiers` are
    (from price, step) pairs in ascending order where the step depends on the price (Betfair's ladder, IB's market
    rules); empty means `price_increment` everywhere. A limit of None is none that the venue states. `raw` is the
    venue's own record.
    """

    id: InstrumentId
    symbol: str
    status: InstrumentStatusWord
    price_increment: Decimal
    size_increment: Decimal
    details: Details
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    min_size: Decimal | None = None
    max_size: Decimal | None = None
    min_notional: Decimal | None = None
    max_notional: Decimal | None = None
    market_min_size: Decimal | None = None
    market_max_size: Decimal | None = None
    multiplier: Decimal = Decimal(1)
    maker_fee: Decimal | None = None
    taker_fee: Decimal | None = None
    initial_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None
    price_tiers: tuple[tuple[Decimal, Decimal], ...] = ()
    order_types: tuple[str, ...] = ()
    ts_event: int = 0
    ts_init: int = 0
    raw: bytes = b""

    def price(self, value: Decimal | float | int | str, rounding: Rounding = "nearest") -> Decimal:
        """Return the valid price for `value`: on the instrument's steps, rounded as named."""
        return self._on_steps(_decimal(value), self.price_step(_decimal(value)), rounding)

    def size(self, value: Decimal | float | int | str, rounding: Rounding = "down") -> Decimal:
        """Return the valid size for `value`: on the instrument's steps, rounded as named (down by default)."""
        return self._on_steps(_decimal(value), self.size_increment, rounding)

    def price_step(self, price: Decimal) -> Decimal:
        """Return the price step that applies at `price`."""
        step = self.price_increment
        for start, tier in self.price_tiers:
            if price < start:
                break
            step = tier
        return step

    def snap_price(self, value: Decimal | float | int | str) -> Decimal | tuple[Decimal, Decimal]:
        """Return the valid price that `value` means, or the two nearest where it means none.

        `value` within 1e-9 of a step (relative to the step) is that step: floats carry such noise.
        """
        number = _decimal(value)
        return _snap(number, self.price_step(number))

    def snap_size(self, value: Decimal | float | int | str) -> Decimal | tuple[Decimal, Decimal]:
        """As `snap_price`, for sizes."""
        return _snap(_decimal(value), self.size_increment)

    @staticmethod
    def _on_steps(number: Decimal, step: Decimal, rounding: Rounding) -> Decimal:
        snapped = _snap(number, step)
        if isinstance(snapped, Decimal):
            return snapped
        return (number / step).quantize(Decimal(1), rounding=_ROUNDING[rounding]) * step


def _decimal(value: Decimal | float | int | str) -> Decimal:
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a finite number")
    return number


def _snap(number: Decimal, step: Decimal) -> Decimal | tuple[Decimal, Decimal]:
    steps = number / step
    nearest = steps.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    if abs(steps - nearest) <= _NEAR:
        return nearest * step
    below = steps.to_integral_value(rounding="ROUND_FLOOR")
    return below * step, (below + 1) * step


def instrument_currency(instrument: Instrument) -> str:
    """Return the currency in which the instrument's price is quoted."""
    details = instrument.details
    return getattr(details, "quote", None) or getattr(details, "currency", "")
