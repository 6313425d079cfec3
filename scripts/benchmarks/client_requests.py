"""What the Binance client itself takes for an order and for what the venue says, without a network.

    python scripts/benchmarks/client_requests.py [--rounds N] [--json]

Times are microseconds, the least of many short rounds: an order from its parameters to the bytes that are written, by
each door and kind of key, an answer and an event to whoever is told, a frame of a stream to its listener.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)  # wherever it is started from

from actors.secret import Secret  # noqa: E402
from venues.binance.client import MEMORY, Access, Credentials, Limits, MemoryTransport, Rest, ServerClock  # noqa: E402
from venues.binance.client.endpoints.orders import PLACE_ORDER  # noqa: E402
from venues.binance.client.stream_link import StreamLink  # noqa: E402
from venues.binance.client.ws_api import WsApi  # noqa: E402

CALLS = 40
"""In a round: some 0.3 ms, short beside what the scheduler gives, so that some rounds are undisturbed."""
ORDER = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01000000",
    "price": "52000.00", "newClientOrderId": "x-1234567890abcdef",
}  # fmt: skip
GIVEN = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "time_in_force": "GTC", "quantity": Decimal("0.01000000"),
    "price": Decimal("52000.00"), "new_client_order_id": "x-1234567890abcdef",
}  # fmt: skip
ACK = (
    b'{"id":%d,"status":200,"result":{"symbol":"BTCUSDT","orderId":28,"orderListId":-1,"clientOrderId":"6gCrw2kRUAF9",'
    b'"transactTime":1507725176595},"rateLimits":[{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,'
    b'"limit":100,"count":1},{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000,"count":4}]}'
)
EVENT = (
    b'{"subscriptionId":0,"event":{"e":"executionReport","E":1499405658658,"s":"ETHBTC","c":"x","S":"BUY","o":"LIMIT"}}'
)
FRAME = (
    b'{"stream":"btcusdt@bookTicker","data":{"u":400900217,"s":"BNBUSDT","b":"25.35190000","B":"31.21000000",'
    b'"a":"25.36520000","A":"40.66000000"}}'
)


class Wire:
    """A `Socket` that takes everything and says nothing."""

    heard_s = 0.0
    reason = ""

    def send(self, payload: bytes) -> None:
        """Take it."""

    async def read(self) -> bytes | None:
        """Say nothing."""
        return None

    def abort(self, reason: str) -> None:
        """There is nothing to end."""


def nothing(*told: Any) -> None:
    """Whoever is told."""


def least_us(rounds: int, prepare: Callable[[], list[Any]], do: Callable[[Any], Any]) -> float:
    """Return the least microseconds of one call in any round."""
    least = float("inf")
    for _ in range(rounds):
        prepared = prepare()
        began = time.perf_counter()
        for each in prepared:
            do(each)
        least = min(least, (time.perf_counter() - began) / len(prepared))
    return least * 1e6


async def measured(rounds: int) -> dict[str, float]:
    """Return microseconds by what was done."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    clock = ServerClock(time.monotonic_ns)
    clock.observe(0, 0, 1_700_000_000_000)
    keys = {"HMAC": Credentials(Secret("k" * 64), Secret("s" * 64)), "Ed25519": Credentials(Secret("k"), Secret(pem))}
    found: dict[str, float] = {}

    def api_of(key: Credentials) -> WsApi:
        return WsApi(Wire(), key, clock, nothing, nothing, limits=Limits(clock))

    def orders() -> list[Any]:
        return [dict(ORDER) for _ in range(CALLS)]

    def write(api: WsApi, params: dict[str, Any]) -> None:
        api.call("order.place", params, nothing, 5.0)

    for name, key in keys.items():
        access = Access(MEMORY, key)
        rest = Rest(MemoryTransport({}), lambda access=access: access, clock)  # type: ignore[misc]
        found[f"order by REST, {name}"] = least_us(
            rounds, lambda: [GIVEN] * CALLS, lambda given, rest=rest: rest.build(PLACE_ORDER, given)
        )

        def fresh(key: Credentials = key) -> list[Any]:
            api = api_of(key)
            return [(api, params) for params in orders()]

        found[f"order by WebSocket, {name}"] = least_us(rounds, fresh, lambda each: write(*each))

    def logged_on() -> list[Any]:
        api = api_of(keys["Ed25519"])
        api.is_logged_on = True
        return [(api, params) for params in orders()]

    found["order by WebSocket, session"] = least_us(rounds, logged_on, lambda each: write(*each))

    def answers() -> list[Any]:
        api = api_of(keys["HMAC"])
        for params in orders():
            write(api, params)
        return [(api, ACK % (number + 1)) for number in range(CALLS)]

    found["answer to an order"] = least_us(rounds, answers, lambda each: each[0]._take(each[1]))
    api = api_of(keys["HMAC"])
    found["event of the account"] = least_us(rounds, lambda: [EVENT] * CALLS, api._take)
    link = StreamLink(Wire(), {"btcusdt@bookTicker": None}, nothing, nothing)  # type: ignore[arg-type]
    link.open.add("btcusdt@bookTicker")
    found["frame of a stream"] = least_us(rounds, lambda: [FRAME] * CALLS, link._take)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300, help="of each; more are steadier (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON and no table")
    options = parser.parse_args(arguments)
    found = asyncio.run(measured(options.rounds))
    if options.json:
        print(json.dumps(found))
        return 0
    for name, value in found.items():
        print(f"{name:28} {value:8.2f} us")
    return 0


if __name__ == "__main__":
    sys.exit(main())
