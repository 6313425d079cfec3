"""Instruments: what can be traded, by which steps, within which limits.

The common part is one struct; what only one kind has stands in `details`. Both evolve by appending.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_UP, Decimal, InvalidOperation
from typing import Literal, TypeAlias

from bus.messages.base import DECIMAL_DIGITS, Message, check_decimals
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

_PRICE_ROUNDING = {"down": ROUND_FLOOR, "up": ROUND_CEILING, "nearest": ROUND_HALF_EVEN}
"""Down is cheaper, for the negative prices of spreads too."""
_SIZE_ROUNDING = {"down": ROUND_DOWN, "up": ROUND_UP, "nearest": ROUND_HALF_EVEN}
"""Down is smaller, for the negative size of a short position too."""
_NEAR = Decimal("1e-9")
"""A number within this part of a step counts as being on it (floats carry such noise)."""


class CurrencyPair(Message, frozen=True):
    """One asset against another, settled at once: spot."""

    base: str
    quote: str


class Perpetual(Message, frozen=True):
    """provisional: a future without expiry. `inverse`: margin and profit in the base asset, sizes worth quote."""

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
    """provisional: an option; `right` is CALL or PUT."""

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
    """provisional: a selection in a betting market; prices are decimal odds.

    BUY lays and SELL backs, so that bids lie below asks, a BUY at the best ask matches at once, and a position that was
    bought low and sold high has won: what may be backed now (Betfair's ``atb``) are the bids, what may be laid
    (``atl``) the asks. `betting_type` is the venue's (ODDS, LINE, ASIAN_HANDICAP_...); on a LINE market the price is
    the line. `base_rate` is the commission on net winnings, in percent; 0 winners: not told.
    """

    currency: str
    market_id: str
    selection_id: int
    handicap: Decimal
    event: str = ""
    runner: str = ""
    market_time_ns: int = 0
    event_id: str = ""
    market_type: str = ""
    betting_type: str = "ODDS"
    base_rate: Decimal | None = None
    winners: int = 0
    each_way_divisor: Decimal | None = None


class Spread(Message, frozen=True):
    """provisional: several instruments traded as one; legs are (instrument id, signed ratio)."""

    currency: str
    legs: tuple[tuple[InstrumentId, int], ...]


Details: TypeAlias = (
    CurrencyPair | Perpetual | Future | OptionContract | Equity | Index | Cfd | Bond | BettingRunner | Spread
)


class Instrument(Message, frozen=True):
    """The rules of one instrument at one venue, dated by `ts_event`.

    Sizes are in the venue's own unit (`multiplier` says how much of the base one is; of the quote where the contract is
    inverse). `price_tiers` are (from price, step) pairs in ascending order where the step depends on the price
    (Betfair's ladder, IB's market rules); empty means `price_increment` everywhere. Price steps count from `price_base`
    (Binance futures count from their least price, Betfair's lines from the lowest); a step of 0 takes every number. A
    limit of None is none that the venue states. `quote_increment` is the step of an order's quote size, None where
    unknown. `venue_instrument_id` is the venue's own name where the symbol is not what orders carry (IB's conId,
    Databento's instrument_id of the day, Betfair's selection), `exchange` where the venue routes it to (IB: SMART,
    CME). `raw` is the venue's own record.

    `market_size_increment` is the size step of market orders where they have their own; `min_notional_for_market` and
    `max_notional_for_market` are false where the limit does not hold for them. A price band is (least, most) as factors
    of the venue's own reference price, beyond which an order of that side is refused; a trailing offset's bounds are
    (least, most) in basis points, of triggers above the market and below it. `max_open_...` count what an account may
    have open of it at once, `max_modifies` how often one order may be changed, `max_iceberg_parts` is size through
    display size, `max_position` what an account may hold of it with all open buys.
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
    price_base: Decimal = Decimal(0)
    quote_increment: Decimal | None = None
    venue_instrument_id: str = ""
    exchange: str = ""
    market_size_increment: Decimal | None = None
    min_notional_for_market: bool = True
    max_notional_for_market: bool = True
    buy_price_band: tuple[Decimal, Decimal] | None = None
    sell_price_band: tuple[Decimal, Decimal] | None = None
    trailing_offset_above: tuple[Decimal, Decimal] | None = None
    trailing_offset_below: tuple[Decimal, Decimal] | None = None
    max_open_orders: int | None = None
    max_open_triggers: int | None = None
    max_open_icebergs: int | None = None
    max_open_lists: int | None = None
    max_modifies: int | None = None
    max_iceberg_parts: int | None = None
    max_position: Decimal | None = None

    def price(self, value: Decimal | float | int | str, rounding: Rounding = "nearest") -> Decimal:
        """Return the valid price for `value`: on the instrument's steps, rounded as named (down is cheaper).

        Raises ValueError for what is no finite number of a sane size, as all of these methods do.
        """
        number = _decimal(value)
        return _on_steps(number, self.price_step(number), self.price_base, _PRICE_ROUNDING[rounding])

    def size(self, value: Decimal | float | int | str, rounding: Rounding = "down") -> Decimal:
        """Return the valid size for `value`: on the instrument's steps, rounded as named (down is smaller)."""
        return _on_steps(_decimal(value), self.size_increment, _ZERO, _SIZE_ROUNDING[rounding])

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
        return _snap(number, self.price_step(number), self.price_base)

    def snap_size(self, value: Decimal | float | int | str) -> Decimal | tuple[Decimal, Decimal]:
        """As `snap_price`, for sizes."""
        return _snap(_decimal(value), self.size_increment, _ZERO)


_ZERO = Decimal(0)


def _decimal(value: Decimal | float | int | str) -> Decimal:
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a number") from None
    if number.is_finite() and number.adjusted() < -DECIMAL_DIGITS:
        return _ZERO  # the noise that floats leave around 0
    check_decimals(number=number)
    return number


def _on_steps(number: Decimal, step: Decimal, base: Decimal, rounding: str) -> Decimal:
    snapped = _snap(number, step, base)
    if isinstance(snapped, Decimal):
        return snapped
    return base + ((number - base) / step).to_integral_value(rounding) * step


def _snap(number: Decimal, step: Decimal, base: Decimal) -> Decimal | tuple[Decimal, Decimal]:
    if not step:
        return number
    steps = (number - base) / step
    nearest = steps.to_integral_value(ROUND_HALF_EVEN)
    if abs(steps - nearest) <= _NEAR:
        return base + nearest * step
    below = steps.to_integral_value(ROUND_FLOOR)
    return base + below * step, base + (below + 1) * step


def instrument_currency(instrument: Instrument) -> str:
    """Return the currency in which the instrument's price is quoted."""
    details = instrument.details
    currency: str = getattr(details, "quote", "") or getattr(details, "currency", "")
    return currency
