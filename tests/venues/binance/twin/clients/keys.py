"""python-binance and ccxt with keys of each type: REST by all verbs, the WebSocket API, the account's events."""

from __future__ import annotations

import asyncio
from typing import Any

import ccxt
import ccxt_at_twin
import python_binance_at_twin
from at_a_twin import GREETING, Seen, run
from python_binance_at_twin import LocalSockets, connect

SYMBOL = "BTCUSDT"
ORDER = {"symbol": SYMBOL, "quantity": "0.001", "price": "50000.00"}
EVENT_S = 5.0


async def use(name: str, key: dict[str, str]) -> dict[str, Any]:
    """One key through both libraries."""
    seen = Seen(python_binance_at_twin.refusal)
    secret = "api_secret" if name == "HMAC" else "private_key"
    client = await connect(api_key=key["api_key"], **{secret: key["api_secret"]})
    async with LocalSockets(client).user_socket() as user:
        await seen.ask("get", client.get_account())
        placed = await seen.ask("post", client.order_limit_buy(**ORDER))
        await seen.ask("delete", client.cancel_order(symbol=SYMBOL, orderId=placed["orderId"]))
        await seen.ask("ws_api", client.ws_order_limit_buy(**ORDER))
        await seen.ask("ws_cancel", client.ws_cancel_all_open_orders(symbol=SYMBOL))
        async with asyncio.timeout(EVENT_S):
            seen["event"] = await user.recv()
    await client.session.close()
    exchange = ccxt_at_twin.at_twin(ccxt.binance, apiKey=key["api_key"], secret=key["api_secret"])
    other = Seen(ccxt_at_twin.refusal)
    other.call("get", exchange.fetch_balance)
    made = other.call("post", exchange.create_order, "BTC/USDT", "limit", "buy", 0.001, 50000)
    other.call("delete", exchange.cancel_order, made["id"], "BTC/USDT")
    return {"python_binance": seen, "ccxt": other}


async def main() -> dict[str, Any]:
    seen: dict[str, Any] = {name: await use(name, key) for name, key in GREETING["keys"].items()}
    client = await connect(api_key=GREETING["api_key"], api_secret=GREETING["api_secret"], time_unit="MICROSECOND")
    seen["microseconds"] = {"time": await client.get_server_time(), "ws_time": await client.ws_get_time()}
    sockets = LocalSockets(client)
    trades = sockets.trade_socket(SYMBOL)
    await trades.connect()
    async with asyncio.timeout(EVENT_S):
        seen["microseconds"]["trade"] = await trades.recv()
    await client.session.close()
    return seen


run(main, 40)
