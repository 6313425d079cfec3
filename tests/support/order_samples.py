"""Orders, events, fills and instruments to test with: each is whole, and what a test is about is said by keyword."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from bus.messages import (
    CurrencyPair,
    Fill,
    Instrument,
    InstrumentStatusWord,
    Intent,
    Liquidity,
    NewOrder,
    OrderEvent,
    OrderEventKind,
    OrderState,
    OrderStatus,
    OrderType,
    Pending,
    Side,
    Source,
)

__all__ = [
    "BTC",
    "INSTANCE",
    "an_event",
    "an_instrument",
    "an_intent",
    "an_order",
    "a_fill",
    "a_state",
]

INSTANCE = "BINANCE"
BTC = "BTCUSDT.BINANCE"


def an_order(order_id: str = "o1", **terms: Any) -> NewOrder:
    """A LIMIT order to buy 10 at 100, gated."""
    known: dict[str, Any] = {
        "client_order_id": order_id,
        "instance": INSTANCE,
        "instrument": BTC,
        "strategy": "alpha",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "size": Decimal(10),
        "price": Decimal(100),
        "ts_gated": 1,
    }
    return NewOrder(order_id, **{**known, **terms})


def an_event(kind: OrderEventKind, order_id: str = "o1", **facts: Any) -> OrderEvent:
    """An event of the venue's stream."""
    known: dict[str, Any] = {
        "instance": INSTANCE,
        "instrument": BTC,
        "client_order_id": order_id,
        "source": Source.STREAM,
        "ts_event": 100,
        "ts_init": 101,
    }
    return OrderEvent(kind, **{**known, **facts})


def a_fill(trade_id: str = "1", order_id: str = "o1", **facts: Any) -> Fill:
    """A fill of 4 at 100, without a fee."""
    known: dict[str, Any] = {
        "instance": INSTANCE,
        "instrument": BTC,
        "client_order_id": order_id,
        "venue_order_id": "",
        "side": Side.BUY,
        "price": Decimal(100),
        "size": Decimal(4),
        "fee": None,
        "fee_currency": "",
        "liquidity": Liquidity.MAKER,
        "source": Source.STREAM,
        "ts_event": 200,
        "ts_init": 201,
    }
    return Fill(trade_id, **{**known, **facts})


_UNSENT = (OrderStatus.INITIALIZED, OrderStatus.SUBMITTED)


def a_state(status: OrderStatus, **facts: Any) -> OrderState:
    """An order in `status`: pending SUBMIT while it is unanswered, nothing pending afterwards."""
    pending = Pending.SUBMIT if status in _UNSENT else Pending.NONE
    closed = 50 if status.is_closed else 0
    return replace(OrderState(an_order(), status, pending, ts_closed=closed), **facts)


def an_intent(number: int, order: NewOrder, event: OrderEvent | None = None) -> Intent:
    """What the gate tells of an order that passed, or with an event, of one that did not."""
    return Intent(number, order, event is not None, event, 10)


def an_instrument(**rules: Any) -> Instrument:
    """Spot BTCUSDT in steps of 0.01 and 0.001, with all limits."""
    known: dict[str, Any] = {
        "id": BTC,
        "symbol": "BTCUSDT",
        "status": InstrumentStatusWord.TRADING,
        "price_increment": Decimal("0.01"),
        "size_increment": Decimal("0.001"),
        "details": CurrencyPair("BTC", "USDT"),
        "min_price": Decimal(1),
        "max_price": Decimal(100_000),
        "min_size": Decimal("0.01"),
        "max_size": Decimal(100),
        "min_notional": Decimal(10),
        "max_notional": Decimal(500_000),
        "market_min_size": Decimal("0.02"),
        "market_max_size": Decimal(50),
        "quote_increment": Decimal("0.1"),
    }
    return Instrument(**{**known, **rules})
