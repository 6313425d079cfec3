"""Lesson 9: a connection that came back without key, subscription or a look at the orders traded on blind."""

from __future__ import annotations

from binance_floor import Floor, TwinProcess, wait_for
from binance_trader import Trader

from bus.messages import OrderEventKind, PrivateStream
from venues.binance.execution import Execution

Kind = OrderEventKind


def ups(floor: Floor) -> list[bool]:
    return [event.up for event in floor.events if isinstance(event, PrivateStream)]


def test_after_a_cut_the_stream_is_up_only_once_it_is_subscribed_and_nothing_is_lost_unsaid(
    floor: Floor, venue: TwinProcess, trader: Trader, actor: Execution
) -> None:
    before, _ = trader.submit()
    trader.wait(before, Kind.ACCEPTED)
    held = venue.admin.fault("request_lost", method="userDataStream.subscribe.signature", how="silence", count=100)
    venue.admin.fault("cut", door="ws_api")
    wait_for(lambda: ups(floor) == [True, False], "the end of the stream is told")
    wait_for(lambda: actor._connection.api is not None, "orders could be sent again")
    assert ups(floor) == [True, False], "a connection without the account's events is not a whole one"
    assert actor.state == "CONNECTING"
    venue.admin.end(held)
    wait_for(lambda: ups(floor) == [True, False, True], "the stream is up again")
    wait_for(lambda: actor.state == "READY", "and so is the actor")
    after, reply = trader.submit()
    assert reply.ok
    trader.wait(after, Kind.ACCEPTED)
    assert trader.open_ids() == {before.client_order_id, after.client_order_id}


def test_what_happened_while_it_was_down_is_found_by_asking(
    floor: Floor, venue: TwinProcess, trader: Trader, actor: Execution
) -> None:
    order, _ = trader.submit()
    trader.wait(order, Kind.ACCEPTED)
    held = venue.admin.fault("request_lost", method="time", via="ws_api", how="cut", count=1000)
    venue.admin.fault("cut", door="ws_api")
    wait_for(lambda: ups(floor) == [True, False], "the end of the stream is told")
    venue.admin.post("cancel", symbol="BTCUSDT", client_order_id=order.client_order_id)
    assert trader.open_ids() == set(), "the venue's own word is there, whatever the stream missed"
    venue.admin.end(held)
    wait_for(lambda: ups(floor) == [True, False, True], "the reconciler is told to ask")
