"""python-binance, unmodified, against a twin. Prints what it saw as one JSON object."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from binance import AsyncClient, BinanceSocketManager

GREETING = json.loads(sys.argv[1])


class LocalClient(AsyncClient):
    """The library's client with the twin's addresses."""

    API_URL = GREETING["rest"] + "/api"
    WS_API_URL = GREETING["ws_api"]


class LocalSockets(BinanceSocketManager):
    """The library's sockets with the twin's addresses."""

    STREAM_URL = GREETING["stream"] + "/"


async def main() -> dict[str, Any]:
    client = await LocalClient.create(GREETING["api_key"], GREETING["api_secret"])
    sockets = LocalSockets(client)
    seen: dict[str, Any] = {"quotes": [], "reports": []}
    try:
        async with sockets.symbol_book_ticker_socket("BTCUSDT") as quotes:
            while len(seen["quotes"]) < 3:
                seen["quotes"].append(await quotes.recv())
        async with sockets.depth_socket("BTCUSDT", interval=100) as depth:
            seen["depth"] = await depth.recv()
        seen["snapshot"] = await client.get_order_book(symbol="BTCUSDT", limit=5)
        async with sockets.user_socket() as user:
            resting = await client.order_limit_buy(symbol="BTCUSDT", quantity="0.001", price="50000")
            taking = await client.order_limit_buy(symbol="BTCUSDT", quantity="0.002", price="61000")
            canceled = await client.cancel_order(symbol="BTCUSDT", orderId=resting["orderId"])
            while not any(report["x"] == "CANCELED" for report in seen["reports"]):
                event = await user.recv()
                if event["e"] == "executionReport":
                    seen["reports"].append(event)
        placed = await client.ws_create_order(symbol="BTCUSDT", side="SELL", type="MARKET", quantity="0.001")
        trades = await client.get_my_trades(symbol="BTCUSDT")
        account = await client.get_account()
        seen |= {
            "resting": resting,
            "taking": taking,
            "canceled": canceled,
            "placed": placed,
            "trades": trades,
            "account": account,
        }
    finally:
        await client.close_connection()
    return seen


print(json.dumps(asyncio.run(asyncio.wait_for(main(), 60))))
