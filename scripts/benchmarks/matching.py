"""How many orders a second the twins' matching engine takes, as ratios to `json.loads` of an order in the same run.

    python scripts/benchmarks/matching.py [--rounds 5] [--orders 10000] [--only NAME ...] [--json]

rest        limit orders that come to rest, anywhere within a book of 5,000 levels a side
cancel      their cancels
take        limit orders that trade at the touch and leave nothing, a step or a few at a time
sweep       market orders that go through twenty levels each
mix         what a market's participants do: 46 % rest, 44 % cancel, 10 % take
iceberg     takes, where every resting order shows a third of itself
prevention  takes by orders with a self-trade prevention mode that meet no order of their own
fok         fill-or-kill takes: each is judged before it trades

Each begins with a new book of 5,000 levels a side, two orders in each. The yardstick is what the venue's side of the
process pays anyway: parsing one order of the WebSocket API. A ratio is the time of one order to the time of one
`json.loads`; figures and ratios are medians over the rounds, a ratio of each round's own.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)  # wherever it is started from

from venues.twins.matching import MatchingEngine, Order, Side  # noqa: E402

LEVELS = 5_000
PER_LEVEL = 2
SIZE = 30
"""Steps of a resting order."""
BID, ASK = 1_000_000, 1_000_001
"""The touch of the book, ticks."""
SWEPT_LEVELS = 20
SWEEP_SHARE = 50
"""Of so many orders one sweep is made: each does the work of forty takes, and must leave levels for the next."""
MOST_ORDERS = 2 * LEVELS // SWEPT_LEVELS * SWEEP_SHARE
"""In a round: more would empty the book."""
SIDES: tuple[Side, Side] = ("BUY", "SELL")

ORDER = json.dumps(
    {
        "id": "b3e9a2c7-5d1f-4f0e-9c3b-0a7d6e8f1234",
        "method": "order.place",
        "params": {
            "symbol": "BTCUSDT",
            "side": "SELL",
            "type": "LIMIT",
            "timeInForce": "GTC",
            "price": "52000.01000000",
            "quantity": "0.01000000",
            "newClientOrderId": "T1f-mm3k9q-sx2k1a-17",
            "newOrderRespType": "ACK",
            "apiKey": "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
            "signature": "15af09e41c36f3cc61378c2fbe2c33719a03dd5eba8d0f9206fbda44de717c88",
            "timestamp": 1_660_801_715_431,
        },
    }
)

Acts = list[Callable[[], object]]
"""What is timed, one call for each order."""


def book(display: int = 0) -> MatchingEngine:
    """Return a book of 5,000 levels a side."""
    engine = MatchingEngine()
    for distance in range(LEVELS):
        for number in range(PER_LEVEL):
            engine.submit(Order(f"maker {number}", "BUY", "LIMIT", BID - distance, SIZE, display=display))
            engine.submit(Order(f"maker {number}", "SELL", "LIMIT", ASK + distance, SIZE, display=display))
    return engine


def resting(count: int) -> list[Order]:
    """Return orders that would rest in it."""
    rng = random.Random(1)
    orders = []
    for number in range(count):
        side, distance = SIDES[number % 2], int(rng.random() ** 3 * LEVELS)
        price = BID - distance if side == "BUY" else ASK + distance
        orders.append(Order("someone", side, "LIMIT", price, rng.randrange(1, SIZE)))
    return orders


def taking(count: int, **more: object) -> Iterator[Order]:
    """Yield orders that would trade at the touch, wherever it is by then."""
    rng = random.Random(2)
    for number in range(count):
        side = SIDES[number % 2]
        price = ASK + LEVELS if side == "BUY" else BID - LEVELS
        yield Order("someone", side, "LIMIT", price, rng.randrange(1, SIZE), **more)  # type: ignore[arg-type]


def submits(engine: MatchingEngine, orders: Iterator[Order]) -> Acts:
    """Return what submits them."""
    return [lambda order=order: engine.submit(order) for order in orders]  # type: ignore[misc]


def cancels(engine: MatchingEngine, orders: list[Order]) -> Acts:
    """Return what cancels them, once they rest."""
    return [lambda order=order: engine.cancel(order.order_id) for order in orders]  # type: ignore[misc]


def rest(count: int) -> Acts:
    return submits(book(), iter(resting(count)))


def cancel(count: int) -> Acts:
    engine, orders = book(), resting(count)
    for order in orders:
        engine.submit(order)
    random.Random(3).shuffle(orders)
    return cancels(engine, orders)


def take(count: int) -> Acts:
    return submits(book(), taking(count))


def sweep(count: int) -> Acts:
    size = SWEPT_LEVELS * PER_LEVEL * SIZE
    orders = (Order("someone", SIDES[n % 2], "MARKET", size=size) for n in range(max(1, count // SWEEP_SHARE)))
    return submits(book(), orders)


def mix(count: int) -> Acts:
    engine, added = book(), resting(count)
    rests, takes = submits(engine, iter(added)), submits(engine, taking(count))
    gone = cancels(engine, added)
    rng = random.Random(4)
    acts: Acts = []
    came = went = 0
    while len(acts) < count:
        roll = rng.random()
        if roll < 0.1:
            acts.append(takes.pop())
        elif roll < 0.56 or went == came:
            acts.append(rests[came])
            came += 1
        else:
            acts.append(gone[went])
            went += 1
    return acts


def iceberg(count: int) -> Acts:
    return submits(book(display=SIZE // 3), taking(count))


def prevention(count: int) -> Acts:
    return submits(book(), taking(count, prevention="EXPIRE_MAKER"))


def fok(count: int) -> Acts:
    return submits(book(), taking(count, time_in_force="FOK"))


WORKS: dict[str, Callable[[int], Acts]] = {
    "rest": rest,
    "cancel": cancel,
    "take": take,
    "sweep": sweep,
    "mix": mix,
    "iceberg": iceberg,
    "prevention": prevention,
    "fok": fok,
}


def timed(acts: Acts) -> float:
    """Do them all; return the seconds of one."""
    began = time.perf_counter()
    for act in acts:
        act()
    return (time.perf_counter() - began) / len(acts)


def measure(names: list[str], rounds: int, orders: int) -> dict[str, dict[str, float]]:
    """Run all rounds; return the figures of each work, by its name."""
    seconds: dict[str, list[float]] = {name: [] for name in names}
    ratios: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names if number % 2 == 0 else names[::-1]:
            parse_s = timed([lambda: json.loads(ORDER)] * orders)
            seconds[name].append(timed(WORKS[name](orders)))
            ratios[name].append(seconds[name][-1] / parse_s)
    return {
        name: {
            "orders_per_s": 1 / median(seconds[name]),
            "order_us": median(seconds[name]) * 1e6,
            "to_json": median(ratios[name]),
        }
        for name in names
    }


def table(result: dict[str, dict[str, float]]) -> str:
    """Return the result for people."""
    lines = [f"{'work':12}{'orders/s':>12}{'us each':>10}{'to json':>9}"]
    for name, of in result.items():
        lines.append(f"{name:12}{of['orders_per_s']:>12,.0f}{of['order_us']:>10.2f}{of['to_json']:>9.2f}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--orders", type=int, default=10_000, help=f"of a work in a round, at most {MOST_ORDERS:,}")
    parser.add_argument("--only", nargs="+", choices=tuple(WORKS), default=list(WORKS))
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args(arguments)
    if not 0 < options.orders <= MOST_ORDERS:
        parser.error(f"--orders is {options.orders}; expected 1 to {MOST_ORDERS}")
    result = measure(options.only, options.rounds, options.orders)
    sys.stdout.write(json.dumps({"schema_version": 1, **result}) if options.json else table(result))
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
