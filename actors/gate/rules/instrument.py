"""The venue's own rules for the instrument: status, steps and limits, checked before anything is sent."""

from __future__ import annotations

from decimal import Context, Decimal

from actors.gate.rules.base import Denial, View
from bus.messages import Code, Instrument, InstrumentStatusWord, NewOrder, OrderType, exact

name = "instrument"

_EXACT = Context(prec=100)
"""Room for every step of every amount: where the default's 28 digits are not enough, the remainder raises."""


def check(order: NewOrder, view: View) -> Denial | None:
    """Deny what the venue would refuse."""
    instrument = view.instrument(order.instance, order.instrument)
    if instrument is None:
        return Denial(Code.NO_SUCH_INSTRUMENT, f"{order.instrument} is not known on {order.instance}")
    if instrument.status is not InstrumentStatusWord.TRADING:
        return Denial(Code.INSTRUMENT_NOT_TRADING, f"{order.instrument} is {instrument.status}")
    denial = _price(order.price, instrument) if order.price is not None else None
    if denial is None and not (order.trigger_price is order.activation_price is order.display_size is None):
        denial = _rare(order, instrument)
    if denial is None and order.size is not None:
        denial = _size(order.size, order.type, instrument)
    if denial is None and order.quote_size is not None:
        denial = _quote_size(order.quote_size, instrument)
    return denial or _notional(order, instrument, view)


def _rare(order: NewOrder, instrument: Instrument) -> Denial | None:
    """What few orders have: prices that wait, and a size that is shown."""
    for name, price in (("trigger_price", order.trigger_price), ("activation_price", order.activation_price)):
        denial = _price(price, instrument, name) if price is not None else None
        if denial is not None:
            return denial
    shown = order.display_size
    if shown is None:
        return None
    if shown <= 0 or (order.size is not None and shown > order.size):
        return Denial(Code.SIZE_LIMIT, f"display_size {exact(shown)}: expected above 0, and the size at most")
    between = _between(shown, instrument.size_increment)
    return Denial(Code.SIZE_INCREMENT, f"display_size {between}") if between else None


def _price(price: Decimal, instrument: Instrument, name: str = "price") -> Denial | None:
    if price <= 0:
        return Denial(Code.PRICE_LIMIT, f"{name} {exact(price)}: expected above 0")
    between = _between(price, instrument.price_step(price), instrument.price_base)
    if between:
        return Denial(Code.PRICE_INCREMENT, f"{name} {between}")
    return _within(price, instrument.min_price, instrument.max_price, Code.PRICE_LIMIT, name)


def _size(size: Decimal, kind: OrderType, instrument: Instrument) -> Denial | None:
    if size <= 0:
        return Denial(Code.SIZE_LIMIT, f"size {exact(size)}: expected above 0")
    between = _between(size, instrument.size_increment)
    if between:
        return Denial(Code.SIZE_INCREMENT, f"size {between}")
    denial = _within(size, instrument.min_size, instrument.max_size, Code.SIZE_LIMIT, "size")
    if denial is None and kind is OrderType.MARKET:
        low, high = instrument.market_min_size, instrument.market_max_size
        denial = _within(size, low, high, Code.SIZE_LIMIT, "size of a MARKET order")
    return denial


def _between(value: Decimal, step: Decimal, base: Decimal = Decimal(0)) -> str:
    """Return between which steps a value is; empty where it is on one. A step of 0 takes every number."""
    over = _EXACT.remainder(_EXACT.subtract(value, base), step) if step else step
    if not over:
        return ""
    below = _EXACT.subtract(value, over if over > 0 else _EXACT.add(over, step))
    return f"{exact(value)} is between {exact(below)} and {exact(_EXACT.add(below, step))} (step {exact(step)})"


def _quote_size(value: Decimal, instrument: Instrument) -> Denial | None:
    if value <= 0:
        return Denial(Code.SIZE_LIMIT, f"quote_size {exact(value)}: expected above 0")
    between = _between(value, instrument.quote_increment or Decimal(0))
    return Denial(Code.SIZE_INCREMENT, f"quote_size {between}") if between else None


def _notional(order: NewOrder, instrument: Instrument, view: View) -> Denial | None:
    if instrument.min_notional is None and instrument.max_notional is None:
        return None
    value = notional(order, instrument, view)
    if value is None:
        return Denial(Code.NO_PRICE, f"no price of {order.instrument} is known to value the order by")
    return _within(value, instrument.min_notional, instrument.max_notional, Code.NOTIONAL_LIMIT, "price times size")


def notional(order: NewOrder, instrument: Instrument, view: View) -> Decimal | None:
    """Return the order's value in the quote currency, None where no price is known."""
    if order.quote_size is not None:
        return order.quote_size
    price = order.price if order.price is not None else order.trigger_price
    if price is None:
        price = view.reference_price(order.instance, order.instrument)
    return None if price is None or order.size is None else price * order.size * instrument.multiplier


def _within(value: Decimal, low: Decimal | None, high: Decimal | None, code: Code, what: str) -> Denial | None:
    if low is not None and value < low:
        return Denial(code, f"{what} {exact(value)} is under the venue's minimum {exact(low)}")
    if high is not None and high > 0 and value > high:
        return Denial(code, f"{what} {exact(value)} is over the venue's maximum {exact(high)}")
    return None
