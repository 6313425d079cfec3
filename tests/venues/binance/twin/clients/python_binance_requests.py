"""python-binance makes the calls that it is told, one after the other, whatever the twin says to them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from at_a_twin import GREETING, tell
from binance.exceptions import BinanceAPIException
from python_binance_at_twin import connect


async def main() -> dict[str, Any]:
    client = await connect()
    for name, arguments in GREETING["calls"]:
        with suppress(BinanceAPIException):
            await getattr(client, name)(**arguments)
    await client.session.close()
    return {}


tell(asyncio.run(asyncio.wait_for(main(), 30)))
