"""Every type of order that Binance Spot has: it rests as asked, is triggered, is found again, and is canceled."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from binance_floor import Desk, Floor, TwinProcess, wait_for
from binance_trader import ID, NAME, Trader, received

from bus.codec import RequestHeader
from bus.messages import (
    Code,
    CurrencyPair,
    Fill,
    GetInstruments,
    Instrument,
    InstrumentsAnswer,
    InstrumentStatusWord,
    NewOrder,
    OrderAnswer,
    OrderEvent,
    OrderEventKind,
    OrderStatus,
    OrderType,
    QueryOrder,
    QueryPositions,
    Side,
    Source,
    SubmitOrder,
    TimeInForce,
    TrailingOffsetType,
    VenuePositionsAnswer,
)

Kind = OrderEventKind
BUY, SELL = Side.BUY, Side.SELL
UP, DOWN = Decimal(500), Decimal(-500)
BASIS = {"trailing_offset": Decimal(100), "trailing_offset_type": TrailingOffsetType.BASIS_POINTS}
CONDITIONAL = [
    (OrderType.STOP_MARKET, BUY, UP),
    (OrderType.STOP_MARKET, SELL, DOWN),
    (OrderType.STOP_LIMIT, BUY, UP),
    (OrderType.STOP_LIMIT, SELL, DOWN),
    (OrderType.MARKET_IF_TOUCHED, BUY, DOWN),
    (OrderType.MARKET_IF_TOUCHED, SELL, UP),
    (OrderType.LIMIT_IF_TOUCHED, BUY, DOWN),
    (OrderType.LIMIT_IF_TOUCHED, SELL, UP),
]


@pytest.fixture
def venue(still: TwinProcess) -> TwinProcess:
    return still


def terms(venue: TwinProcess, kind: OrderType, side: Side, away: Decimal) -> dict[str, Any]:
    """A conditional order that waits `away` from the market; where it has a limit, it takes once it is triggered."""
    bid, ask = venue.touch()
    trigger = ((bid + ask) / 2 + away).quantize(Decimal(1))
    has_limit = kind in (OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED)
    price = trigger + (Decimal(300) if side is BUY else Decimal(-300)) if has_limit else None
    return {"type": kind, "side": side, "trigger_price": trigger, "price": price}


def move(venue: TwinProcess, away: Decimal) -> None:
    """Trade until the last price lies beyond `away` from where prices are, with enough to trade with on both sides."""
    bid, ask = venue.touch()
    price = ((bid + ask) / 2 + away * Decimal("1.2")).quantize(Decimal(1))
    onward, back = ("BUY", "SELL") if away > 0 else ("SELL", "BUY")

    def place(side: str, quantity: str, at: Decimal) -> None:
        venue.admin.post("market", symbol="BTCUSDT", side=side, type="LIMIT", quantity=quantity, price=str(at))

    place(back, "50", price + (1 if away > 0 else -1))
    place(onward, "5000", price)
    place(back, "0.01", price)


@pytest.mark.parametrize(("kind", "side", "away"), CONDITIONAL)
def test_a_conditional_order_rests_is_found_again_with_all_its_terms_and_is_canceled(
    floor: Floor, venue: TwinProcess, trader: Trader, kind: OrderType, side: Side, away: Decimal
) -> None:
    order, reply = trader.submit(**terms(venue, kind, side, away))
    assert reply.ok
    trader.wait(order, Kind.ACCEPTED, Source.STREAM)
    answer = floor.request(NAME, QueryOrder("BINANCE", ID, order.client_order_id)).body
    assert isinstance(answer, OrderAnswer)
    found = answer.order
    assert found is not None
    assert (found.type, found.side, found.trigger_price, found.price, found.size, found.status) == (
        kind, side, order.trigger_price, order.price, order.size, OrderStatus.ACCEPTED
    )  # fmt: skip
    assert trader.cancel(order).ok
    trader.wait(order, Kind.CANCELED, Source.STREAM)
    assert trader.open_ids() == set()


@pytest.mark.parametrize(("kind", "side", "away"), CONDITIONAL)
def test_a_conditional_order_is_triggered_once_and_filled(
    floor: Floor, venue: TwinProcess, trader: Trader, kind: OrderType, side: Side, away: Decimal
) -> None:
    order, reply = trader.submit(**terms(venue, kind, side, away))
    assert reply.ok
    trader.wait(order, Kind.ACCEPTED, Source.STREAM)
    move(venue, away)
    wait_for(
        lambda: any(event.status is OrderStatus.FILLED for event in trader.events(order)),
        f"it is filled; told: {[(event.kind, event.status) for event in trader.events(order)]}",
    )
    fills = [event for event in floor.events if isinstance(event, Fill)]
    assert sum(fill.size for fill in fills) == order.size
    triggered = [event for event in trader.events(order) if event.kind is Kind.TRIGGERED]
    assert len(triggered) <= 1
    assert all(event.trigger_price == order.trigger_price for event in triggered)


def test_a_stop_limit_that_is_triggered_and_rests_is_told_as_triggered(venue: TwinProcess, trader: Trader) -> None:
    order, _ = trader.submit(**{**terms(venue, OrderType.STOP_LIMIT, SELL, DOWN), "price": Decimal(90000)})
    trader.wait(order, Kind.ACCEPTED, Source.STREAM)
    move(venue, DOWN)
    assert trader.wait(order, Kind.TRIGGERED).status is OrderStatus.TRIGGERED
    assert trader.open_ids() == {order.client_order_id}


@pytest.mark.parametrize("kind", [OrderType.TRAILING_STOP_MARKET, OrderType.TRAILING_STOP_LIMIT])
@pytest.mark.parametrize("activation", [None, DOWN])
def test_a_trailing_stop_rests_with_its_offset_and_follows_the_market(
    venue: TwinProcess, trader: Trader, kind: OrderType, activation: Decimal | None
) -> None:
    bid, _ = venue.touch()
    price = bid - 3000 if kind is OrderType.TRAILING_STOP_LIMIT else None
    start = (bid + activation).quantize(Decimal(1)) if activation is not None else None
    order, reply = trader.submit(type=kind, side=SELL, price=price, activation_price=start, **BASIS)
    assert reply.ok
    event = trader.wait(order, Kind.ACCEPTED, Source.STREAM)
    assert (event.type, event.trailing_offset, event.trailing_offset_type, event.activation_price) == (
        kind, Decimal(100), TrailingOffsetType.BASIS_POINTS, start
    )  # fmt: skip
    assert event.trigger_price is None
    if activation is not None:
        move(venue, activation)
    move(venue, Decimal(-1500))
    wait_for(
        lambda: any(e.filled for e in trader.events(order) if isinstance(e, OrderEvent)),
        "it stops where the market has fallen by one percent from its best",
    )


def test_an_iceberg_shows_a_part_of_itself(floor: Floor, venue: TwinProcess, trader: Trader) -> None:
    bid, ask = venue.touch()
    shown = Decimal("0.01")
    order, reply = trader.submit(size=Decimal("0.05"), display_size=shown, price=bid + (ask - bid) / 2 // 1)
    assert reply.ok
    assert trader.wait(order, Kind.ACCEPTED, Source.STREAM).display_size == shown
    answer = floor.request(NAME, QueryOrder("BINANCE", ID, order.client_order_id)).body
    assert isinstance(answer, OrderAnswer)
    assert answer.order is not None
    assert (answer.order.display_size, answer.order.size) == (shown, Decimal("0.05"))


def test_a_self_trade_is_prevented_as_the_order_says(venue: TwinProcess, trader: Trader) -> None:
    bid, ask = venue.touch()
    price = bid + ((ask - bid) / 2).quantize(Decimal("0.01"))
    resting, _ = trader.submit(side=SELL, price=price)
    trader.wait(resting, Kind.ACCEPTED, Source.STREAM)
    taking, _ = trader.submit(
        side=BUY, price=price, params={"selfTradePreventionMode": "EXPIRE_TAKER"}, time_in_force=TimeInForce.GTC
    )
    wait_for(lambda: any(event.status.is_closed for event in trader.events(taking)), "the taker expires")
    ended = next(event for event in trader.events(taking) if event.status.is_closed)
    assert (ended.status, ended.code) == (OrderStatus.EXPIRED, Code.SELF_TRADE)
    assert trader.open_ids() == {resting.client_order_id}


def test_an_order_that_would_trigger_at_once_is_rejected_and_said_why(venue: TwinProcess, trader: Trader) -> None:
    bid, _ = venue.touch()
    order, reply = trader.submit(type=OrderType.STOP_MARKET, side=BUY, price=None, trigger_price=bid - 1000 // 1)
    assert reply.ok
    rejected = trader.wait(order, Kind.REJECTED)
    assert (rejected.code, rejected.venue_code) == (Code.WOULD_TRIGGER, "-2010")


@pytest.mark.parametrize(
    ("status", "code"), [("HALT", Code.INSTRUMENT_NOT_TRADING), ("BREAK", Code.INSTRUMENT_NOT_TRADING)]
)
def test_a_closed_market_is_told_as_such(venue: TwinProcess, trader: Trader, status: str, code: Code) -> None:
    venue.admin.post("status", symbol="BTCUSDT", status=status)
    order, reply = trader.submit()
    assert reply.ok
    assert trader.wait(order, Kind.REJECTED).code is code


def test_an_account_that_may_not_trade_is_told_as_such(venue: TwinProcess, trader: Trader) -> None:
    venue.admin.post("trading", enabled=False)
    order, _ = trader.submit()
    assert trader.wait(order, Kind.REJECTED).code is Code.ACCOUNT_RESTRICTED


class Records(Desk):
    """Stands for the market-data actor: knows one symbol, which has neither icebergs nor market stops."""

    def on_get_instruments(self, message: GetInstruments, header: RequestHeader) -> InstrumentsAnswer:
        raw = (
            b'{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT","icebergAllowed":false,'
            b'"allowTrailingStop":false,"orderTypes":["LIMIT","MARKET","STOP_LOSS_LIMIT","TAKE_PROFIT_LIMIT"]}'
        )
        one = Instrument(
            ID, "BTCUSDT", InstrumentStatusWord.TRADING, Decimal("0.01"), Decimal("0.00001"),
            CurrencyPair("BTC", "USDT"), raw=raw,
        )  # fmt: skip
        return InstrumentsAnswer((one,))


def test_a_position_is_what_the_account_has_of_the_base_asset(floor: Floor, venue: TwinProcess, trader: Trader) -> None:
    unnamed = floor.request(NAME, QueryPositions("BINANCE"))
    unknown = floor.request(NAME, QueryPositions("BINANCE", ID))
    assert (unnamed.code, unknown.code) == (Code.UNSUPPORTED, Code.NO_SUCH_INSTRUMENT)
    floor.start(Records, "market_data.BINANCE", "market_data")
    wait_for(lambda: floor.desk.member.is_live("market_data.BINANCE"), "the record can be asked for")
    resting, _ = trader.submit(side=SELL, price=Decimal(90000), size=Decimal("0.5"))
    trader.wait(resting, Kind.ACCEPTED)
    wait_for(lambda: floor.request(NAME, QueryPositions("BINANCE", ID)).ok, "its base asset is known")
    answer = floor.request(NAME, QueryPositions("BINANCE", ID)).body
    assert isinstance(answer, VenuePositionsAnswer)
    assert [(one.instrument, one.size) for one in answer.positions] == [(ID, Decimal(60))]


@pytest.mark.parametrize(
    ("lacking", "code"),
    [
        ({"type": OrderType.STOP_MARKET, "price": None, "trigger_price": Decimal(1)}, Code.UNSUPPORTED_ORDER_TYPE),
        ({"type": OrderType.TRAILING_STOP_LIMIT, **BASIS}, Code.UNSUPPORTED_ORDER_TYPE),
        ({"display_size": Decimal("0.001")}, Code.UNSUPPORTED_INSTRUCTION),
    ],
)
def test_what_only_some_symbols_have_is_denied_where_the_symbols_record_lacks_it(
    floor: Floor, venue: TwinProcess, trader: Trader, lacking: dict[str, Any], code: Code
) -> None:
    floor.start(Records, "market_data.BINANCE", "market_data")
    order: NewOrder = trader.order(**lacking)
    wait_for(lambda: floor.desk.member.is_live("market_data.BINANCE"), "the record can be asked for")
    reply = floor.request(NAME, SubmitOrder(order))
    assert (reply.code, ID in reply.reason) == (code, True)
    assert trader.submit()[1].ok
    assert len(received(venue, "order.place")) == 1
