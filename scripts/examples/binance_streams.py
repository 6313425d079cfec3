"""Read market streams: ``python binance_streams.py twin.json``, or ``live``, which needs no key."""

import asyncio
import json
import sys
from pathlib import Path

from venues.binance.client import BinanceSpot, Lost, Opened


async def main(where: str) -> None:
    """Print each message; a loss stands among them, at the place where something may be missing."""
    async with BinanceSpot(json.loads(Path(where).read_text()) if where.endswith(".json") else where) as spot:
        async for item in spot.streams.listen("btcusdt@trade", "btcusdt@bookTicker"):
            if isinstance(item, Opened):
                print("from here on nothing is missing:", item.stream, flush=True)
            elif isinstance(item, Lost):
                print("STALE:", item.stream, item.reason, flush=True)
            else:
                print(item.payload(), flush=True)


asyncio.run(main(sys.argv[1]))
