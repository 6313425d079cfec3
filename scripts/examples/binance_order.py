"""Place an order, hear of it, cancel it: ``python binance_order.py twin.json``, a file with a twin's first line."""

import asyncio
import json
import sys
from decimal import Decimal
from pathlib import Path

from venues.binance.client import BinanceSpot, ClientError, Lost


async def main(greeting: Path) -> None:
    """A bid far below the market, by one WebSocket; what becomes of it comes by the same."""
    async with BinanceSpot(json.loads(greeting.read_text())) as spot:  # or BinanceSpot("testnet", key, secret)
        events = spot.user_data()
        print(await anext(events))  # Opened: from here on no event is missing
        best = Decimal(str((await spot.rest.depth("BTCUSDT", 5)).bids[0][0]))
        price = best.quantize(Decimal("0.01")) - 500
        try:
            await spot.ws.place_order("BTCUSDT", "BUY", "LIMIT", time_in_force="GTC", quantity="0.01", price=price)
        except ClientError as error:
            sys.exit(f"refused: {error}" if error.definite else f"nobody knows yet, so ask for the order: {error}")
        await spot.ws.cancel_open_orders("BTCUSDT")
        async for event in events:
            if isinstance(event, Lost):
                sys.exit(f"events may be missing: {event.reason}; ask for orders and balances")
            print(type(event).__name__, getattr(event, "status", ""), flush=True)
            if getattr(event, "status", "") == "CANCELED":
                break


asyncio.run(main(Path(sys.argv[1])))
