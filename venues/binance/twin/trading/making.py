"""How the records of an account are made from what was asked for and from what the engine did."""

from __future__ import annotations

from typing import cast

from venues.binance.twin.trading.account_orders import AccountOrder, Hold, PreventedMatch
from venues.binance.twin.trading.accounts import Account
from venues.binance.twin.trading.orders import NewOrder
from venues.binance.twin.trading.triggers import Trigger, direction
from venues.twins.matching import Order, Prevented, Prevention


def account_order(account: Account, new: NewOrder, now_ms: int) -> AccountOrder:
    """An order of an account as it begins; its id comes with its acceptance."""
    mode = "DECREMENT" if new.prevention == "TRANSFER" else new.prevention
    order = Order(
        owner=account.api_key,
        side=new.side,
        kind=new.kind,
        price=new.price,
        size=new.size,
        quote=new.quote,
        time_in_force=new.engine_tif,
        display=new.iceberg or 0,
        prevention=cast(Prevention, mode),
    )
    trigger = None
    if new.is_algo:
        trigger = Trigger(0, new.side, direction(new.type, new.side), new.stop_price, new.trailing_delta)
    return AccountOrder(
        symbol=new.symbol,
        order=order,
        client_order_id=new.client_order_id,
        type=new.type,
        time_in_force=new.time_in_force,
        quote_order_qty=new.quote_order_qty,
        time_ms=now_ms,
        update_ms=now_ms,
        strategy_id=new.strategy_id,
        strategy_type=new.strategy_type,
        price=new.price,
        trigger=trigger,
        iceberg=new.iceberg,
        prevention=new.prevention,
        peg=new.peg,
        hold=Hold(),
    )


def prevented_match(taker: AccountOrder, maker: AccountOrder, event: Prevented, now_ms: int) -> PreventedMatch:
    """The record of a trade that did not happen, before either order has lost anything by it."""
    order = taker.order
    wanted = (order.quote - taker.filled_quote) // event.price if order.quote else taker.remaining
    return PreventedMatch(
        match_id=event.prevented_id,
        symbol=taker.symbol,
        taker_order_id=taker.order_id,
        maker_order_id=maker.order_id,
        mode=order.prevention,
        price=event.price,
        size=min(wanted, maker.remaining),
        taker_prevented=event.taker_prevented,
        maker_prevented=event.maker_prevented,
        time_ms=now_ms,
    )
