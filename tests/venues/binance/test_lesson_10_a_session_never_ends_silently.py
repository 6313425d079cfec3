"""Lesson 10: a listen key or session that expired silently left people without their fills for hours."""

from __future__ import annotations

from binance_floor import Floor, TwinProcess, wait_for
from binance_trader import Trader

from bus.messages import OrderEvent, OrderEventKind, PrivateStream, Source
from venues.binance.execution import Execution

Kind = OrderEventKind


def ups(floor: Floor) -> list[bool]:
    return [event.up for event in floor.events if isinstance(event, PrivateStream)]


def test_a_connection_that_the_venue_will_close_is_replaced_before_and_no_event_is_missed_or_told_twice(
    floor: Floor, venue: TwinProcess, trader: Trader, actor: Execution
) -> None:
    first = actor._connection.api
    orders = [trader.submit()[0]]
    trader.wait(orders[0], Kind.ACCEPTED, Source.STREAM)
    venue.admin.fault("server_shutdown", after_s=6.0)

    def trade_until_replaced() -> bool:
        order, reply = trader.submit()
        assert reply.ok
        orders.append(order)
        trader.wait(order, Kind.ACCEPTED, Source.STREAM)
        return actor._connection.api is not first

    wait_for(trade_until_replaced, "a fresh connection takes over")
    for _ in range(5):
        orders.append(trader.submit()[0])
    for order in orders:
        trader.wait(order, Kind.ACCEPTED, Source.STREAM)
    told = [
        event.client_order_id
        for event in floor.events
        if isinstance(event, OrderEvent) and (event.kind, event.source) == (Kind.ACCEPTED, Source.STREAM)
    ]
    assert sorted(told) == sorted(order.client_order_id for order in orders)
    assert ups(floor) == [True], "the private stream was never down"
    closed = [line["socket"] for line in venue.log("socket_close", "socket_cut")]
    assert closed, "the announced end has come, or the old connection was left before it"


def test_a_subscription_that_the_venue_ends_is_a_disconnect_with_a_full_recovery(
    floor: Floor, venue: TwinProcess, trader: Trader, actor: Execution
) -> None:
    actor.loop.call_soon_threadsafe(actor.on_event, b'{"e":"eventStreamTerminated","E":1770123456789}')
    wait_for(lambda: ups(floor) == [True, False, True], "the end is told, and the stream is up again")
    order, reply = trader.submit()
    assert reply.ok
    trader.wait(order, Kind.ACCEPTED, Source.STREAM)


def test_a_connection_that_is_open_and_mute_is_dropped_by_the_probe(
    floor: Floor, venue: TwinProcess, trader: Trader, actor: Execution
) -> None:
    mute = venue.admin.fault("mute", door="ws_api")
    actor.loop.call_soon_threadsafe(actor.measure_clock)
    wait_for(lambda: ups(floor) == [True, False], "the probe is not answered, and the end is told")
    venue.admin.end(mute)
    wait_for(lambda: ups(floor) == [True, False, True], "the stream is up again")
