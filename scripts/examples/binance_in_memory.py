"""Test your own code without a network: ``python binance_in_memory.py``."""

import asyncio

from venues.binance.client import MEMORY, BinanceSpot, HttpAnswer, HttpRequest, MemoryTransport, NoAnswer, OrderRefused


def cut(request: HttpRequest) -> HttpAnswer:
    """A venue that takes an order and is never heard of again."""
    raise NoAnswer(f"{request.name}: the cable")


async def main() -> None:
    """An order that is refused, and one of which nobody knows what became."""
    venue = MemoryTransport(
        {
            "GET /api/v3/time": b'{"serverTime":1700000000000}',
            "POST /api/v3/order": HttpAnswer(400, b'{"code":-1013,"msg":"Filter failure: NOTIONAL"}'),
        }
    )
    async with BinanceSpot(MEMORY, "key", "secret", transport=venue) as spot:
        try:
            await spot.rest.place_order("BTCUSDT", "BUY", "MARKET", quote_order_qty="1")
        except OrderRefused as error:
            print(error, error.definite, venue.sent[-1].body)
        venue.answers["POST /api/v3/order"] = cut
        try:
            await spot.rest.place_order("BTCUSDT", "BUY", "MARKET", quote_order_qty="1")
        except NoAnswer as error:
            print(error, error.definite)


asyncio.run(main())
