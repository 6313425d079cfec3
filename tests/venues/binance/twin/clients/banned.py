"""A client that goes on after 429 until the twin bans its address, as python-binance and then ccxt tell it."""

from __future__ import annotations

import asyncio
from typing import Any

import ccxt
import ccxt_at_twin
import python_binance_at_twin
from at_a_twin import Seen, tell
from python_binance_at_twin import connect

REQUESTS = 500
"""More than any twin with a small limit answers before the ban."""


async def main() -> dict[str, Any]:
    client = await connect()
    seen = Seen(python_binance_at_twin.refusal)
    refused: list[dict[str, Any]] = []
    for _ in range(REQUESTS):
        await seen.ask("order_book", client.get_order_book(symbol="BTCUSDT", limit=5))
        if "refused" in seen["order_book"]:
            headers = {name.lower(): value for name, value in client.response.headers.items()}
            refused.append(seen["order_book"]["refused"] | {"retry_after": headers.get("retry-after")})
            if refused[-1]["status"] == 418:
                break
    await client.session.close()
    later = Seen(ccxt_at_twin.refusal)
    later.call("banned", ccxt_at_twin.at_twin(ccxt.binance).fetch_time)
    return {"python_binance": refused, "ccxt": later}


tell(asyncio.run(asyncio.wait_for(main(), 30)))
