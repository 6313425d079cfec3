"""The account: user-data events, fills and balances -> messages.

Source: Binance Spot API, user-data-stream and rest-api (account endpoints), 2026-07.
"""

from __future__ import annotations

import msgspec

from bus.messages import (
    Balance,
    BalanceChange,
    BalanceReason,
    Code,
    ContingencyType,
    Fill,
    InstrumentId,
    Liquidity,
    OrderEvent,
    OrderEventKind,
    OrderStatus,
    PrivateStream,
    Side,
    Source,
)
from venues.binance.client.payloads import (
    Account,
    AccountTrade,
    BalanceUpdate,
    EventStreamTerminated,
    ExecutionReport,
    OutboundAccountPosition,
)
from venues.binance.mapping.errors import reject_code
from venues.binance.mapping.orders import average, leaves, with_rare
from venues.binance.mapping.words import (
    MS,
    WAITS,
    expiry_code,
    is_working_stop,
    order_status,
    order_type,
    side_of,
    time_in_force,
    trailing_type,
)

__all__ = [
    "balance_change_of",
    "balances_of",
    "execution_report",
    "fill_of",
    "messages_of",
    "own_client_id",
    "position_of",
    "stream_end_of",
]

_KINDS = {
    "NEW": OrderEventKind.ACCEPTED,
    "CANCELED": OrderEventKind.CANCELED,
    "EXPIRED": OrderEventKind.EXPIRED,
    "REJECTED": OrderEventKind.REJECTED,
    "REPLACED": OrderEventKind.UPDATED,
    "TRADE": OrderEventKind.REPORT,
    "TRADE_PREVENTION": OrderEventKind.REPORT,
}

_REPORT, _STREAM, _NONE = OrderEventKind.REPORT, Source.STREAM, Code.NONE
_MAKER, _TAKER = Liquidity.MAKER, Liquidity.TAKER
_UNTROUBLED = frozenset((OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED))
# named here, for a member of an enum takes 0.1 us to look up


_report = msgspec.json.Decoder(ExecutionReport)


def execution_report(raw: bytes) -> ExecutionReport:
    """Return an ``executionReport``. Raises msgspec.DecodeError."""
    return _report.decode(raw)


def own_client_id(report: ExecutionReport) -> str:
    """Return the order's own client id: on a cancel `c` is the cancel request's, and `C` the order's.

    An amended order is told under the name that it had; later reports name it as it was named anew.
    """
    return report.original_id or report.client_id


def messages_of(
    report: ExecutionReport,
    instance: str,
    instrument: InstrumentId,
    ts_init: int,
    order_id: str = "",
    strategy: str = "",
    raw: bytes = b"",
    list_id: str = "",
    contingency: ContingencyType = ContingencyType.NONE,
) -> tuple[Fill | OrderEvent, ...]:
    """Return what a report says: a Fill first, where it is a trade, then the order as it stands after it.

    Only a TRADE with id, size and price is a fill; anything less leaves its trace in the order's `filled` alone, from
    which the reconciler sees that a fill is to be fetched.
    """
    client_id, venue_id, at = own_client_id(report), str(report.order_id), report.time_ms * MS
    execution, side, code, reason = report.execution, side_of(report.side), _NONE, ""
    kind, status = _KINDS.get(execution, _REPORT), order_status(report.status)
    if execution == "NEW" and is_working_stop(report.type, report.status, report.working_ms):
        kind, status = OrderEventKind.TRIGGERED, OrderStatus.TRIGGERED
    elif report.status == "PENDING_NEW":
        reason = WAITS
    elif status not in _UNTROUBLED:
        code, reason = _why(report)
    trails, prevented = report.trailing_delta is not None, report.prevented_size
    order = OrderEvent(
        kind,
        instance,
        instrument,
        client_id,
        _STREAM,
        at,
        ts_init,
        order_id,
        venue_id,
        strategy=strategy,
        status=status,
        side=side,
        type=(trailing_type if trails else order_type)(report.type),
        size=report.size or None,
        price=report.price or None,
        time_in_force=time_in_force(report.time_in_force),
        filled=report.filled,
        code=code,
        reason=reason,
        raw=raw,
        leaves=leaves(status, report.size, report.filled, prevented) if prevented else None,
        average_price=average(report.filled_quote, report.filled),
        trigger_price=None if trails else report.stop_price or None,
        quote_size=report.quote_size or None,
        post_only=report.type == "LIMIT_MAKER",
    )
    if trails or list_id or report.iceberg_size:
        order = with_rare(order, report.iceberg_size, report.trailing_delta, report.stop_price, list_id, contingency)
    if execution != "TRADE" or report.trade_id < 0 or not (report.last_size and report.last_price):
        return (order,)
    fill = Fill(
        str(report.trade_id),
        instance,
        instrument,
        client_id,
        venue_id,
        side,
        report.last_price,
        report.last_size,
        report.fee,
        report.fee_asset or "",
        _MAKER if report.is_maker else _TAKER,
        _STREAM,
        at,
        ts_init,
        order_id,
        strategy,
        raw=raw,
    )
    return fill, order


def _why(report: ExecutionReport) -> tuple[Code, str]:
    """Return why an order does not go on, as far as the venue says it."""
    if report.execution == "REJECTED":
        return reject_code(report.reject_reason), "" if report.reject_reason == "NONE" else report.reject_reason
    code = expiry_code(report.status, report.expiry_reason)
    return code, report.expiry_reason or ("" if report.reject_reason == "NONE" else report.reject_reason)


def position_of(position: OutboundAccountPosition, instance: str, ts_init: int) -> tuple[Balance, ...]:
    """``outboundAccountPosition`` -> balances."""
    at = position.update_ms * MS
    return tuple(
        Balance(instance, one.asset, one.free, one.locked, Source.STREAM, at, ts_init) for one in position.balances
    )


def balance_change_of(update: BalanceUpdate, instance: str, ts_init: int) -> BalanceChange:
    """``balanceUpdate`` -> BalanceChange. The venue numbers none, and does not tell a deposit from a transfer."""
    kind, at = BalanceReason.TRANSFER, update.time_ms * MS
    return BalanceChange(instance, update.asset, update.delta, kind, Source.STREAM, at, ts_init)


def stream_end_of(event: EventStreamTerminated, instance: str, ts_init: int) -> PrivateStream:
    """``eventStreamTerminated`` -> PrivateStream: nothing comes after it, so what happens now is to be asked for."""
    return PrivateStream(instance, False, "the venue ended the private stream", ts_init)


def balances_of(account: Account, instance: str, ts_init: int) -> tuple[Balance, ...]:
    """GET /api/v3/account -> the balances that are not zero."""
    return tuple(
        Balance(instance, one.asset, one.free, one.locked, Source.QUERY, account.update_time * MS, ts_init)
        for one in account.balances
        if one.free or one.locked
    )


def fill_of(
    trade: AccountTrade, instance: str, instrument: InstrumentId, ts_init: int, client_order_id: str = ""
) -> Fill:
    """GET /api/v3/myTrades -> Fill. The venue names the order by its own id alone."""
    return Fill(
        trade_id=str(trade.id),
        instance=instance,
        instrument=instrument,
        client_order_id=client_order_id,
        venue_order_id=str(trade.order_id),
        side=Side.BUY if trade.is_buyer else Side.SELL,
        price=trade.price,
        size=trade.qty,
        fee=trade.commission,
        fee_currency=trade.commission_asset,
        liquidity=Liquidity.MAKER if trade.is_maker else Liquidity.TAKER,
        source=Source.QUERY,
        ts_event=trade.time * MS,
        ts_init=ts_init,
    )
