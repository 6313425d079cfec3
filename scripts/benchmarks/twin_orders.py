"""How fast a Binance twin answers orders over its WebSocket API, on loopback, beside its plain `ping` in the same run.

    python scripts/benchmarks/twin_orders.py [--rounds 2000] [--burst 2000] [--rate 80] [--json] [--profile FILE]

ping         a request that does nothing: the price of the connection, of JSON, and of this client
place        a LIMIT order that rests far from the market, signed by HMAC
cancel       its cancel
market       a MARKET order that fills
burst        LIMIT orders sent without waiting for each other

One request at a time, the four kinds in turn, so that a busy machine hits them alike; the twin is a process of its
own with a truth log, at its default rate unless told. Ratios are to `ping`. `--profile` runs the twin under cProfile,
whose file `python -m pstats` reads; its times are then no figures.
"""

from __future__ import annotations

import argparse
import hmac
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)

import aiohttp  # noqa: E402
import msgspec  # noqa: E402
import uvloop  # noqa: E402

TARGET_P99_MS = 1.0
"""What a round trip of an order may take at p99 on a quiet machine."""
WARM_UP = 200
"""Requests of each kind that are not counted: caches, allocators and the processor's clock."""
NO_LIMIT = 10_000_000
SIZE = "0.00010"
LIMIT = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": SIZE, "price": "50000"}
KINDS = ("ping", "place", "cancel", "market")

_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode


class Trader:
    """A client as small as can be: one socket, one request at a time."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, greeting: dict[str, Any]) -> None:
        self._socket = socket
        self._key = greeting["api_key"]
        self._signing = hmac.new(greeting["api_secret"].encode(), digestmod="sha256")
        self._number = 0

    def request(self, method: str, **params: Any) -> bytes:
        """A request as it is sent; signed unless it is a ping."""
        self._number += 1
        if method != "ping":
            params |= {"apiKey": self._key, "timestamp": time.time_ns() // 1_000_000}
            signing = self._signing.copy()
            signing.update("&".join(f"{name}={params[name]}" for name in sorted(params)).encode())
            params["signature"] = signing.hexdigest()
        return _encode({"id": self._number, "method": method, "params": params})

    async def ask(self, request: bytes) -> tuple[Any, int]:
        """(result, nanoseconds until it was here)."""
        began = time.perf_counter_ns()
        await self._socket.send_frame(request, aiohttp.WSMsgType.TEXT)
        message = await self._socket.receive()
        took = time.perf_counter_ns() - began
        return self._result(message.data), took

    async def burst(self, requests: list[bytes]) -> float:
        """Seconds until all are answered that were sent at once."""
        began = time.perf_counter()
        for request in requests:
            await self._socket.send_frame(request, aiohttp.WSMsgType.TEXT)
        for _ in requests:
            self._result((await self._socket.receive()).data)
        return time.perf_counter() - began

    @staticmethod
    def _result(data: str) -> Any:
        answer = _decode(data)
        if answer["status"] != 200:
            raise RuntimeError(f"refused: {answer['error']}")
        return answer["result"]


async def measure(greeting: dict[str, Any], rounds: int, burst: int) -> dict[str, Any]:
    """All figures."""
    async with aiohttp.ClientSession() as session, session.ws_connect(greeting["ws_api"]) as socket:
        trader = Trader(socket, greeting)
        taken: dict[str, list[int]] = {kind: [] for kind in KINDS}
        for number in range(rounds + WARM_UP):
            _, ping = await trader.ask(trader.request("ping"))
            order, place = await trader.ask(trader.request("order.place", **LIMIT))
            _, cancel = await trader.ask(trader.request("order.cancel", symbol="BTCUSDT", orderId=order["orderId"]))
            side = "SELL" if number % 2 else "BUY"
            fields = {"symbol": "BTCUSDT", "side": side, "type": "MARKET", "quantity": SIZE}
            _, market = await trader.ask(trader.request("order.place", **fields))
            if number >= WARM_UP:
                for kind, ns in zip(KINDS, (ping, place, cancel, market), strict=True):
                    taken[kind].append(ns)
        result: dict[str, Any] = {kind: figures(sorted(found)) for kind, found in taken.items()}
        for kind in KINDS:
            result[kind]["p99_to_ping"] = round(result[kind]["p99_ms"] / result["ping"]["p99_ms"], 2)
        result["burst"] = {"orders_per_s": round(await bursts(trader, burst))}
        return result


async def bursts(trader: Trader, count: int) -> float:
    """Orders a second, in bursts that stay below the open orders that a symbol allows."""
    seconds, done = 0.0, 0
    while done < count:
        size = min(100, count - done)
        seconds += await trader.burst([trader.request("order.place", **LIMIT) for _ in range(size)])
        await trader.ask(trader.request("openOrders.cancelAll", symbol="BTCUSDT"))
        done += size
    return done / seconds


def figures(ns: list[int]) -> dict[str, float]:
    """Percentiles in milliseconds, and requests a second at one at a time."""

    def at(share: float) -> float:
        return round(ns[min(len(ns) - 1, int(len(ns) * share))] / 1e6, 3)

    return {"p50_ms": at(0.5), "p99_ms": at(0.99), "p999_ms": at(0.999), "per_s": round(len(ns) / (sum(ns) / 1e9))}


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Start a twin, measure it, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable]
        if options.profile:
            command += ["-m", "cProfile", "-o", str(options.profile)]
        command += ["-m", "venues.binance.twin", "--seed", "7", "--log", f"{folder}/truth.jsonl"]
        command += ["--rate", str(options.rate)]
        command += ["--orders-per-10s", str(NO_LIMIT), "--weight-per-minute", str(NO_LIMIT)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as twin:
            assert twin.stdout is not None
            try:
                greeting = json.loads(twin.stdout.readline())
                return dict(uvloop.run(measure(greeting, options.rounds, options.burst)))
            finally:
                twin.send_signal(signal.SIGTERM)


def main() -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2000, help="requests of each kind (2000)")
    parser.add_argument("--burst", type=int, default=2000, help="orders without waiting (2000)")
    parser.add_argument("--rate", type=float, default=80, help="book changes a second and symbol (80)")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="write the twin's cProfile there")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    result = run(options)
    if options.json:
        print(json.dumps(result))
        return 0
    print(f"{'':8} {'p50 ms':>8} {'p99 ms':>8} {'p99.9 ms':>9} {'a second':>9} {'p99 : ping':>11}")
    for kind in KINDS:
        one = result[kind]
        print(
            f"{kind:8} {one['p50_ms']:8.3f} {one['p99_ms']:8.3f} {one['p999_ms']:9.3f} "
            f"{one['per_s']:9.0f} {one['p99_to_ping']:11.2f}"
        )
    print(f"{'burst':8} {'':8} {'':8} {'':9} {result['burst']['orders_per_s']:9.0f}")
    worst = max(result[kind]["p99_ms"] for kind in KINDS[1:])
    print(f"target: p99 under {TARGET_P99_MS:g} ms; {'met' if worst < TARGET_P99_MS else 'not met'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
