"""exchangeInfo -> Instrument and its status; commission rates -> its fees.

Source: Binance Spot API, rest-api (exchangeInfo, account/commission) and filters, faqs (commission), 2026-07.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec.structs import replace

from bus.messages import CurrencyPair, Instrument, InstrumentId, InstrumentStatus, Unreadable
from venues.binance.client.payloads import AccountCommission, CommissionRates, ExchangeInfo, Symbol, SymbolFilter
from venues.binance.mapping.words import MS, instrument_status

__all__ = ["instrument_of", "instruments_of", "status_of", "with_fees"]

_symbol = msgspec.json.Decoder(Symbol)
_NO_FILTER = SymbolFilter("")


def instruments_of(
    info: ExchangeInfo, venue_id: str, ts_init: int
) -> tuple[dict[InstrumentId, Instrument], list[Unreadable]]:
    """Return the instruments by id, and the symbols that cannot be read, each with the reason."""
    found: dict[InstrumentId, Instrument] = {}
    unreadable: list[Unreadable] = []
    for raw in info.symbols:
        try:
            instrument = instrument_of(bytes(raw), venue_id, info.server_time * MS, ts_init)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            unreadable.append(Unreadable(bytes(raw)[:1024], str(error)))
        else:
            found[instrument.id] = instrument
    return found, unreadable


def instrument_of(raw: bytes, venue_id: str, ts_event: int, ts_init: int) -> Instrument:
    """Return a symbol's rules; `raw` is its entry in exchangeInfo and is kept.

    A limit of 0 is none, by the venue's own rule. Raises msgspec.DecodeError for what is no symbol.
    """
    symbol = _symbol.decode(raw)
    filters = {one.filter_type: one for one in symbol.filters}
    price = filters.get("PRICE_FILTER", _NO_FILTER)
    lot = filters.get("LOT_SIZE", _NO_FILTER)
    market_lot = filters.get("MARKET_LOT_SIZE", _NO_FILTER)
    notional = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL") or _NO_FILTER
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
    )


def status_of(raw: bytes | msgspec.Raw, venue_id: str, ts_event: int, ts_init: int) -> InstrumentStatus:
    """Return whether a symbol trades, by its entry in exchangeInfo. Raises msgspec.DecodeError."""
    symbol = _symbol.decode(raw)
    name = f"{symbol.symbol}.{venue_id}"
    return InstrumentStatus(name, instrument_status(symbol.status), symbol.status, "", ts_event, ts_init)


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


def _limit(value: Decimal | None) -> Decimal | None:
    return value.normalize() if value else None
