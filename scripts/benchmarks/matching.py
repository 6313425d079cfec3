"""How fast the matching engine of the twins is, as ratios to reading an order's JSON in the same run.

    python scripts/benchmarks/matching.py [--rounds 5] [--orders 20000] [--levels 5000] [--json]

mixed     orders that rest, cancels and market orders, about as a venue sees them
taking    orders of one step that take from a deep book
resting   orders that rest at the touch of a deep book, and are cancelled
icebergs  orders of one step that take from icebergs

The yardstick is `json.loads` of one new order as the venue's WebSocket API takes it. All take turns within each round;
a figure is the median over the rounds, a ratio that of each round's own ratio.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)

from venues.twins.matching import MatchingEngine, Order, Side  # noqa: E402

MIDDLE = 100_000
SIZE = 1_000
ORDER = json.dumps(
    {
        "id": 1,
        "method": "order.place",
        "params": {
            "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "60000.00",
            "quantity": "0.00100", "newClientOrderId": "a" * 24, "apiKey": "k" * 64, "recvWindow": 5000,
            "timestamp": 1780000000000, "signature": "f" * 64,
        },
    }
)  # fmt: skip


def deep(levels: int, display: int = 0) -> MatchingEngine:
    """A book of so many levels a side."""
    engine = MatchingEngine()
    for number in range(1, levels + 1):
        for side, price in (("BUY", MIDDLE - number), ("SELL", MIDDLE + number)):
            engine.submit(Order("maker", _side(side), "LIMIT", price=price, size=SIZE, display=display))
    return engine


def mixed(orders: int, levels: int) -> float:
    """Seconds."""
    engine, rng, resting = deep(levels), random.Random(1), [0]
    plan = [(rng.random(), rng.random(), rng.randrange(1, 40), rng.randrange(1, SIZE)) for _ in range(orders)]
    begin = time.perf_counter()
    for kind, side, distance, size in plan:
        word: Side = "BUY" if side < 0.5 else "SELL"
        if kind < 0.5:
            price = MIDDLE - distance if side < 0.5 else MIDDLE + distance
            order = Order("somebody", word, "LIMIT", price=price, size=size)
            engine.submit(order)
            resting.append(order.order_id)
        elif kind < 0.9:
            engine.cancel(resting[-1])
            resting.pop() if len(resting) > 1 else None
        else:
            engine.submit(Order("taker", word, "MARKET", size=size))
    return time.perf_counter() - begin


def taking(orders: int, levels: int, display: int = 0) -> float:
    """Seconds."""
    engine = deep(levels, display)
    begin = time.perf_counter()
    for _ in range(orders):
        engine.submit(Order("taker", "BUY", "MARKET", size=1))
    return time.perf_counter() - begin


def icebergs(orders: int, levels: int) -> float:
    """Seconds."""
    return taking(orders, levels, display=10)


def resting(orders: int, levels: int) -> float:
    """Seconds."""
    engine = deep(levels)
    begin = time.perf_counter()
    for _ in range(orders // 2):
        order = Order("somebody", "BUY", "LIMIT", price=MIDDLE - 1, size=1)
        engine.submit(order)
        engine.cancel(order.order_id)
    return time.perf_counter() - begin


def reading(orders: int, levels: int) -> float:
    """Seconds of the yardstick."""
    begin = time.perf_counter()
    for _ in range(orders):
        json.loads(ORDER)
    return time.perf_counter() - begin


MEASURES: dict[str, Callable[[int, int], float]] = {
    "mixed": mixed, "taking": taking, "resting": resting, "icebergs": icebergs,
}  # fmt: skip


def measure(rounds: int, orders: int, levels: int) -> dict[str, dict[str, float]]:
    """Orders a second of each, and the ratio to the yardstick (above 1: faster than reading the order)."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in MEASURES}
    for _ in range(rounds):
        yardstick = reading(orders, levels)
        for name, run in MEASURES.items():
            seconds = run(orders, levels)
            found[name].append((orders / seconds, yardstick / seconds))
    return {
        name: {"per_s": median(rate for rate, _ in each), "to_json_loads": median(ratio for _, ratio in each)}
        for name, each in found.items()
    }


def main(arguments: list[str]) -> int:
    """Measure and print; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--orders", type=int, default=20_000, help="of each measure in a round")
    parser.add_argument("--levels", type=int, default=5_000, help="levels a side of the deep book")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args(arguments)
    result = measure(options.rounds, options.orders, options.levels)
    if options.json:
        print(json.dumps({"schema_version": 1, **result}))
        return 0
    print(f"{'measure':12}{'orders/s':>12}{'to json.loads':>16}")
    for name, figures in result.items():
        print(f"{name:12}{figures['per_s']:>12,.0f}{figures['to_json_loads']:>16.2f}")
    return 0


def _side(word: str) -> Side:
    return "BUY" if word == "BUY" else "SELL"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
