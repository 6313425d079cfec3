"""exchangeInfo -> Instrument and its status; commission rates -> its fees.

Source: Binance Spot API, rest-api (exchangeInfo, account/commission) and filters, faqs (commission), 2026-07.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from bus.messages import (
    CurrencyPair,
    Instrument,
    InstrumentId,
    InstrumentStatus,
    InstrumentStatusWord,
    OrderType,
    Unreadable,
)
from venues.binance.client.payloads import AccountCommission, CommissionRates, ExchangeInfo, Symbol, SymbolFilter
from venues.binance.mapping.words import MS, instrument_status, order_type
from venues.market_data.trouble import Listed
from venues.unreadable import NOT_READABLE

__all__ = ["instrument_of", "instruments_of", "listed_of", "present_status", "status_of", "with_fees"]

FILTERS = frozenset(
    (
        "PRICE_FILTER", "PERCENT_PRICE", "PERCENT_PRICE_BY_SIDE", "LOT_SIZE", "MARKET_LOT_SIZE", "NOTIONAL",
        "MIN_NOTIONAL", "ICEBERG_PARTS", "MAX_NUM_ORDERS", "MAX_NUM_ALGO_ORDERS", "MAX_NUM_ICEBERG_ORDERS",
        "MAX_POSITION", "TRAILING_DELTA", "MAX_NUM_ORDER_AMENDS", "MAX_NUM_ORDER_LISTS",
    )
)  # fmt: skip
"""A symbol's filters as of 2026-07, each of them somewhere in the Instrument; another is said and kept in `raw`."""
EXCHANGE_FILTERS = frozenset(
    (
        "EXCHANGE_MAX_NUM_ORDERS", "EXCHANGE_MAX_NUM_ALGO_ORDERS", "EXCHANGE_MAX_NUM_ICEBERG_ORDERS",
        "EXCHANGE_MAX_NUM_ORDER_LISTS",
    )
)  # fmt: skip
"""Of all symbols together: no instrument has a place for them, and the venue itself refuses what breaks them."""

_symbol = msgspec.json.Decoder(Symbol)
_NO_FILTER = SymbolFilter("")


def listed_of(info: ExchangeInfo, venue_id: str, ts_init: int) -> Listed:
    """Return the venue's instruments, the symbols that cannot be read, and the words that are new to us."""
    found: dict[InstrumentId, Instrument] = {}
    unreadable: list[Unreadable] = []
    strange: dict[str, InstrumentId] = {}
    for raw in info.symbols:
        try:
            symbol = _symbol.decode(raw)
            instrument = _of(symbol, bytes(raw), venue_id, info.server_time * MS, ts_init)
        except NOT_READABLE as error:
            unreadable.append(Unreadable(bytes(raw)[:1024], str(error)))
            continue
        found[instrument.id] = instrument
        for word in _strange_words(symbol):
            strange.setdefault(word, instrument.id)
    for one in info.exchange_filters:
        if one.filter_type not in EXCHANGE_FILTERS:
            strange.setdefault(f"exchange filter {one.filter_type}", "exchangeInfo")
    return Listed(found, unreadable, strange)


def instruments_of(
    info: ExchangeInfo, venue_id: str, ts_init: int
) -> tuple[dict[InstrumentId, Instrument], Sequence[Unreadable]]:
    """Return the instruments by id, and the symbols that cannot be read, each with the reason."""
    listed = listed_of(info, venue_id, ts_init)
    return listed.instruments, listed.unreadable


def instrument_of(raw: bytes, venue_id: str, ts_event: int, ts_init: int) -> Instrument:
    """Return a symbol's rules; `raw` is its entry in exchangeInfo and is kept.

    A limit of 0 is none, by the venue's own rule. Raises msgspec.DecodeError for what is no symbol.
    """
    return _of(_symbol.decode(raw), raw, venue_id, ts_event, ts_init)


def _of(symbol: Symbol, raw: bytes, venue_id: str, ts_event: int, ts_init: int) -> Instrument:
    filters = {one.filter_type: one for one in symbol.filters}
    price = filters.get("PRICE_FILTER", _NO_FILTER)
    lot = filters.get("LOT_SIZE", _NO_FILTER)
    market_lot = filters.get("MARKET_LOT_SIZE", _NO_FILTER)
    notional = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL") or _NO_FILTER
    trailing = filters.get("TRAILING_DELTA", _NO_FILTER)
    return Instrument(
        id=f"{symbol.symbol}.{venue_id}",
        symbol=symbol.symbol,
        status=instrument_status(symbol.status),
        price_increment=_step(price.tick_size),
        size_increment=_step(lot.step_size),
        details=CurrencyPair(symbol.base_asset, symbol.quote_asset),
        min_price=_limit(price.min_price),
        max_price=_limit(price.max_price),
        min_size=_limit(lot.min_qty),
        max_size=_limit(lot.max_qty),
        min_notional=_limit(notional.min_notional),
        max_notional=_limit(notional.max_notional),
        market_min_size=_limit(market_lot.min_qty),
        market_max_size=_limit(market_lot.max_qty),
        order_types=symbol.order_types,
        ts_event=ts_event,
        ts_init=ts_init,
        raw=raw,
        quote_increment=Decimal(1).scaleb(-symbol.quote_asset_precision),
        market_size_increment=_limit(market_lot.step_size),
        min_notional_for_market=_applies(notional.apply_min_to_market, notional.apply_to_market),
        max_notional_for_market=_applies(notional.apply_max_to_market),
        buy_price_band=_band(filters, "bid"),
        sell_price_band=_band(filters, "ask"),
        trailing_offset_above=_pair(trailing.min_trailing_above_delta, trailing.max_trailing_above_delta),
        trailing_offset_below=_pair(trailing.min_trailing_below_delta, trailing.max_trailing_below_delta),
        max_open_orders=filters.get("MAX_NUM_ORDERS", _NO_FILTER).max_num_orders,
        max_open_triggers=filters.get("MAX_NUM_ALGO_ORDERS", _NO_FILTER).max_num_algo_orders,
        max_open_icebergs=filters.get("MAX_NUM_ICEBERG_ORDERS", _NO_FILTER).max_num_iceberg_orders,
        max_open_lists=filters.get("MAX_NUM_ORDER_LISTS", _NO_FILTER).max_num_order_lists,
        max_modifies=filters.get("MAX_NUM_ORDER_AMENDS", _NO_FILTER).max_num_order_amends,
        max_iceberg_parts=_count(filters.get("ICEBERG_PARTS", _NO_FILTER).limit),
        max_position=_limit(filters.get("MAX_POSITION", _NO_FILTER).max_position),
    )


def _strange_words(symbol: Symbol) -> Iterator[str]:
    if instrument_status(symbol.status) is InstrumentStatusWord.UNKNOWN:
        yield f"symbol status {symbol.status}"
    for one in symbol.filters:
        if one.filter_type not in FILTERS:
            yield f"symbol filter {one.filter_type}"
    for word in symbol.order_types:
        if order_type(word) is OrderType.UNKNOWN:
            yield f"order type {word}"


def status_of(raw: bytes | msgspec.Raw, venue_id: str, ts_event: int, ts_init: int) -> InstrumentStatus:
    """Return whether a symbol trades, by its entry in exchangeInfo. Raises msgspec.DecodeError."""
    symbol = _symbol.decode(raw)
    name = f"{symbol.symbol}.{venue_id}"
    return InstrumentStatus(name, instrument_status(symbol.status), symbol.status, "", ts_event, ts_init)


def present_status(instrument: Instrument) -> InstrumentStatus:
    """Return whether an instrument trades, by what is known of it; one that the venue names no more is closed."""
    told, reason = "", ""
    if instrument.raw:
        told = _symbol.decode(instrument.raw).status
        if instrument.status is not instrument_status(told):
            reason = "the venue names it no more"
    return InstrumentStatus(instrument.id, instrument.status, told, reason, instrument.ts_event, instrument.ts_init)


def with_fees(instrument: Instrument, commission: AccountCommission) -> Instrument:
    """Return the instrument with what the account pays at most: the sum of all rates, of the dearer side.

    Without the discount, which hangs on what the account holds when it pays.
    """
    told = (commission.standard_commission, commission.special_commission, commission.tax_commission)
    rates = [rate for rate in told if rate is not None]
    side = max(_sum(rates, "buyer"), _sum(rates, "seller"))
    return replace(instrument, maker_fee=_sum(rates, "maker") + side, taker_fee=_sum(rates, "taker") + side)


def _sum(rates: list[CommissionRates], name: str) -> Decimal:
    return sum((getattr(rate, name) for rate in rates), Decimal(0))


def _step(value: Decimal | None) -> Decimal:
    return value.normalize() if value else Decimal(0)


def _applies(*told: bool | None) -> bool:
    """A limit holds for market orders too unless the filter says that it does not."""
    return not any(one is False for one in told)


def _band(filters: dict[str, SymbolFilter], side: str) -> tuple[Decimal, Decimal] | None:
    by_side = filters.get("PERCENT_PRICE_BY_SIDE")
    if by_side is not None:
        return _pair(getattr(by_side, f"{side}_multiplier_down"), getattr(by_side, f"{side}_multiplier_up"))
    both = filters.get("PERCENT_PRICE", _NO_FILTER)
    return _pair(both.multiplier_down, both.multiplier_up)


def _pair(low: Decimal | int | None, high: Decimal | int | None) -> tuple[Decimal, Decimal] | None:
    return (Decimal(low), Decimal(high)) if low is not None and high is not None else None


def _count(value: Decimal | None) -> int | None:
    return int(value) if value else None


def _limit(value: Decimal | None) -> Decimal | None:
    return value.normalize() if value else None
