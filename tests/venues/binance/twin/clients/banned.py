"""Too many orders, and a client that goes on after 429 until its address is banned, as both libraries tell it."""

from __future__ import annotations

from typing import Any

import ccxt
import ccxt_at_twin
import python_binance_at_twin
from at_a_twin import Seen, run
from python_binance_at_twin import connect

REQUESTS = 500
"""More than any twin with a small limit answers before the ban."""


async def main() -> dict[str, Any]:
    client, exchange = await connect(), ccxt_at_twin.at_twin(ccxt.binance)
    seen, others = Seen(python_binance_at_twin.refusal), Seen(ccxt_at_twin.refusal)
    order = {"symbol": "BTCUSDT", "quantity": "0.001", "price": "50000"}
    whole = {**order, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    # Again and again, for a window of ten seconds may end between the two.
    while not ("refused" in seen.get("order", {}) and "refused" in others["order"]):
        await seen.ask("order", client.order_limit_buy(**order))
        others.call("order", exchange.privatePostOrder, whole)
    refused: list[dict[str, Any]] = []
    for _ in range(REQUESTS):
        await seen.ask("order_book", client.get_order_book(symbol="BTCUSDT", limit=5))
        if "refused" in seen["order_book"]:
            headers = {name.lower(): value for name, value in client.response.headers.items()}
            refused.append(seen["order_book"]["refused"] | {"retry_after": headers.get("retry-after")})
            if refused[-1]["status"] == 418:
                break
    await client.session.close()
    others.call("banned", exchange.fetch_time)
    return {"order": seen["order"], "weight": refused, "ccxt": others}


run(main, 30)
