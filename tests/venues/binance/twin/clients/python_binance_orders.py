"""python-binance trades on a twin: every order call of REST and of the WebSocket API, with the account's events."""

from __future__ import annotations

import asyncio
from typing import Any

from at_a_twin import Seen, run
from python_binance_at_twin import UNREAD_MESSAGES, LocalClient, LocalSockets, connect, refusal

SYMBOL = "BTCUSDT"
SIZE = "0.001"
LAST_EVENT_S = 5.0
"""Time for the last order's event to come."""


def money(price: float) -> str:
    """A price on the tick."""
    return f"{price:.2f}"


async def single_orders(seen: Seen, client: LocalClient, bid: float) -> None:
    """Each kind of order that stands alone, over REST."""
    far, near = money(bid * 0.9), money(bid * 1.01)
    one = {"symbol": SYMBOL, "quantity": SIZE}
    resting = await seen.ask("limit_buy", client.order_limit_buy(**one, price=far))
    await seen.ask("get_order", client.get_order(symbol=SYMBOL, orderId=resting["orderId"]))
    await seen.ask("open_orders", client.get_open_orders(symbol=SYMBOL))
    await seen.ask("open_orders_everywhere", client.get_open_orders())
    await seen.ask("cancel_order", client.cancel_order(symbol=SYMBOL, orderId=resting["orderId"]))
    await seen.ask("limit_sell", client.order_limit_sell(**one, price=money(bid * 1.1)))
    await seen.ask("limit_taking", client.order_limit_buy(**one, price=near))
    await seen.ask("immediate_or_cancel", client.order_limit_buy(**one, price=far, timeInForce="IOC"))
    await seen.ask("fill_or_kill", client.order_limit_buy(**one, price=far, timeInForce="FOK"))
    await seen.ask("market_buy", client.order_market_buy(**one))
    await seen.ask("market_sell", client.order_market_sell(**one))
    await seen.ask("market_by_value", client.order_market_buy(symbol=SYMBOL, quoteOrderQty="100"))
    maker = {**one, "side": "BUY", "type": "LIMIT_MAKER", "price": far, "newOrderRespType": "FULL"}
    made = await seen.ask("limit_maker", client.create_order(**maker))
    sell_stop = {**one, "side": "SELL", "timeInForce": "GTC"}
    below, above = money(bid * 0.9), money(bid * 1.1)
    await seen.ask(
        "stop_loss_limit", client.create_order(**sell_stop, type="STOP_LOSS_LIMIT", price=below, stopPrice=below)
    )
    await seen.ask(
        "take_profit_limit", client.create_order(**sell_stop, type="TAKE_PROFIT_LIMIT", price=above, stopPrice=above)
    )
    at_market = {**one, "side": "SELL"}
    await seen.ask("stop_loss", client.create_order(**at_market, type="STOP_LOSS", stopPrice=below))
    await seen.ask("take_profit", client.create_order(**at_market, type="TAKE_PROFIT", stopPrice=above))
    await seen.ask("trailing_stop", client.create_order(**at_market, type="STOP_LOSS", trailingDelta=500))
    await seen.ask("iceberg", client.order_limit_buy(symbol=SYMBOL, quantity="0.01", icebergQty="0.002", price=far))
    await seen.ask(
        "cancel_replace",
        client.cancel_replace_order(
            **one, side="BUY", type="LIMIT", timeInForce="GTC", price=money(bid * 0.91),
            cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=made["orderId"],
        ),
    )  # fmt: skip
    await seen.ask(
        "test_order", client.create_test_order(**one, side="BUY", type="LIMIT", timeInForce="GTC", price=far)
    )
    await seen.ask("cancel_all", client.cancel_all_open_orders(symbol=SYMBOL))


async def triggered_orders(seen: Seen, client: LocalClient) -> None:
    """A stop just below the market, which a sale of our own then reaches."""
    bids = (await client.get_order_book(symbol=SYMBOL, limit=100))["bids"]
    last = float((await client.get_symbol_ticker(symbol=SYMBOL))["price"])
    depth = next(depth for depth, (price, _) in enumerate(bids) if depth >= 3 and float(price) < last)
    stop, through = bids[depth][0], f"{sum(float(size) for _, size in bids[: depth + 5]):.5f}"
    placed = await seen.ask(
        "stop_to_trigger",
        client.create_order(
            symbol=SYMBOL, side="SELL", type="STOP_LOSS", quantity=SIZE, stopPrice=stop, newOrderRespType="RESULT"
        ),
    )
    await seen.ask("sale_through_stop", client.order_market_sell(symbol=SYMBOL, quantity=through))
    if placed is not None:
        await seen.ask("stop_triggered", client.get_order(symbol=SYMBOL, orderId=placed["orderId"]))


async def order_lists(seen: Seen, client: LocalClient, bid: float) -> None:
    """OCO, OTO and OTOCO over REST."""
    low, high = money(bid * 0.9), money(bid * 1.1)
    exits = {"aboveType": "LIMIT_MAKER", "abovePrice": high, "belowType": "STOP_LOSS_LIMIT", "belowPrice": low}
    exits |= {"belowStopPrice": low, "belowTimeInForce": "GTC"}
    entry = {"workingType": "LIMIT", "workingSide": "BUY", "workingPrice": low, "workingQuantity": SIZE}
    entry |= {"workingTimeInForce": "GTC", "pendingSide": "SELL", "pendingQuantity": SIZE}
    pending = {f"pending{name[0].upper()}{name[1:]}": value for name, value in exits.items()}
    oco = await seen.ask("oco", client.order_oco_sell(symbol=SYMBOL, quantity=SIZE, **exits))
    await seen.ask(
        "oto", client.v3_post_order_list_oto(symbol=SYMBOL, **entry, pendingType="LIMIT_MAKER", pendingPrice=high)
    )
    await seen.ask("otoco", client.v3_post_order_list_otoco(symbol=SYMBOL, **entry, **pending))
    await seen.ask("open_lists", client.get_open_oco_orders())
    if oco is not None:
        await seen.ask("get_list", client.v3_get_order_list(orderListId=oco["orderListId"]))
        await seen.ask("cancel_list", client.v3_delete_order_list(symbol=SYMBOL, orderListId=oco["orderListId"]))
    await seen.ask("all_lists", client.v3_get_all_order_list())
    await seen.ask("cancel_all_lists", client.cancel_all_open_orders(symbol=SYMBOL))


async def orders_over_ws_api(seen: Seen, client: LocalClient, bid: float) -> None:
    """The WebSocket API's order calls."""
    far, high = money(bid * 0.9), money(bid * 1.1)
    one = {"symbol": SYMBOL, "quantity": SIZE}
    await seen.ask(
        "ws_test_order", client.ws_create_test_order(**one, side="BUY", type="LIMIT", timeInForce="GTC", price=far)
    )
    await seen.ask("ws_market_buy", client.ws_order_market_buy(**one))
    await seen.ask("ws_market_sell", client.ws_order_market_sell(**one))
    resting = await seen.ask("ws_limit_buy", client.ws_order_limit_buy(**one, price=far))
    await seen.ask("ws_limit_sell", client.ws_order_limit_sell(**one, price=high))
    await seen.ask("ws_get_order", client.ws_get_order(symbol=SYMBOL, orderId=resting["orderId"]))
    replaced = await seen.ask(
        "ws_cancel_replace",
        client.ws_cancel_and_replace_order(
            **one, side="BUY", type="LIMIT", timeInForce="GTC", price=money(bid * 0.91),
            cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=resting["orderId"],
        ),
    )  # fmt: skip
    left = replaced["newOrderResponse"] if replaced is not None else resting
    await seen.ask("ws_cancel_order", client.ws_cancel_order(symbol=SYMBOL, orderId=left["orderId"]))
    exits = {"aboveType": "LIMIT_MAKER", "abovePrice": high, "belowType": "STOP_LOSS", "belowStopPrice": far}
    oco = await seen.ask("ws_oco", client.ws_create_oco_order(**one, side="SELL", **exits))
    entry = {"workingType": "LIMIT", "workingSide": "BUY", "workingPrice": far, "workingQuantity": SIZE}
    entry |= {"workingTimeInForce": "GTC", "pendingSide": "SELL", "pendingQuantity": SIZE}
    await seen.ask(
        "ws_oto", client.ws_create_oto_order(symbol=SYMBOL, **entry, pendingType="LIMIT_MAKER", pendingPrice=high)
    )
    pending = {f"pending{name[0].upper()}{name[1:]}": value for name, value in exits.items()}
    await seen.ask("ws_otoco", client.ws_create_otoco_order(symbol=SYMBOL, **entry, **pending))
    await seen.ask("ws_open_lists", client.ws_get_oco_open_orders())
    if oco is not None:
        await seen.ask("ws_get_list", client.ws_get_oco_order(orderListId=oco["orderListId"]))
        await seen.ask("ws_cancel_list", client.ws_cancel_oco_order(symbol=SYMBOL, orderListId=oco["orderListId"]))
    await seen.ask("ws_open_orders", client.ws_get_open_orders(symbol=SYMBOL))
    await seen.ask("ws_cancel_all", client.ws_cancel_all_open_orders(symbol=SYMBOL))


async def questions(seen: Seen, client: LocalClient) -> None:
    """What the account may ask for, over both doors, once nothing moves any more."""
    one = {"symbol": SYMBOL}
    await seen.ask("account", client.get_account())
    await seen.ask("asset_balance", client.get_asset_balance(asset="BTC"))
    await seen.ask("my_trades", client.get_my_trades(**one))
    await seen.ask("all_orders", client.get_all_orders(**one))
    await seen.ask("order_count", client.get_current_order_count())
    await seen.ask("prevented_matches", client.get_prevented_matches(symbol=SYMBOL, preventedMatchId=1))
    await seen.ask("allocations", client.get_allocations(**one))
    await seen.ask("commission", client.v3_get_account_commission(**one))
    await seen.ask("trade_fee", client.get_trade_fee(**one))
    await seen.ask("ws_account", client.ws_get_account())
    await seen.ask("ws_my_trades", client.ws_get_my_trades(**one))
    await seen.ask("ws_all_orders", client.ws_get_all_orders(**one))
    await seen.ask("ws_order_count", client.ws_get_account_rate_limits_orders())
    await seen.ask("ws_prevented_matches", client.ws_get_prevented_matches(symbol=SYMBOL, preventedMatchId=1))
    await seen.ask("ws_allocations", client.ws_get_allocations(**one))
    await seen.ask("ws_commission", client.ws_get_commission_rates(**one))


async def main() -> dict[str, Any]:
    client = await connect()
    seen = Seen(refusal)
    events: list[Any] = []
    sockets = LocalSockets(client, max_queue_size=UNREAD_MESSAGES)
    async with sockets.user_socket() as user:
        bid = float((await client.get_order_book(symbol=SYMBOL, limit=1))["bids"][0][0])
        await single_orders(seen, client, bid)
        await triggered_orders(seen, client)
        await order_lists(seen, client, bid)
        await orders_over_ws_api(seen, client, bid)
        await questions(seen, client)
        last = await client.order_limit_buy(symbol=SYMBOL, quantity=SIZE, price=money(bid * 0.9))
        seen["last_canceled"] = await client.cancel_order(symbol=SYMBOL, orderId=last["orderId"])
        async with asyncio.timeout(LAST_EVENT_S):
            while not (events and events[-1].get("i") == last["orderId"] and events[-1].get("x") == "CANCELED"):
                events.append(await user.recv())
    # The WebSocket API's connection is left to the end of the process: to close it, the library waits ten seconds.
    await client.session.close()
    return {"calls": seen, "events": events}


run(main, 30)
