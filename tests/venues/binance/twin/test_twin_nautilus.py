"""A live node of NautilusTrader, unmodified: its data client at a strict twin, its execution client at a lenient one.

What it needs beyond the venue of 2026, named here and nowhere else: the execution client still asks for a listen key
(`--legacy-listen-key`), which the venue retired on 2026-02-20. The data client needs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from twin_client import CLIENT_SCRIPTS, ForeignEnvironment, Twin
from witness import Witness, candle_of, is_run, is_within

pytestmark = pytest.mark.third_party

NODE_S = 60.0
RETIRED = {"POST /api/v3/userDataStream"}
"""What the execution client asks for and the venue has no more."""
DATA_REQUESTS = {
    "GET /sapi/v1/asset/tradeFee",
    "GET /api/v3/exchangeInfo",
    "GET /api/v3/depth",
    "GET /api/v3/klines",
}


@pytest.fixture(scope="module")
def node(start_twin: Callable[..., Twin], nautilus_env: ForeignEnvironment) -> tuple[Witness, Witness]:
    """What the node saw, with the log of the strict twin and with that of the lenient one."""
    strict, lenient = start_twin("--rate", "100"), start_twin("--rate", "100", "--legacy-listen-key")
    greetings = {"data": strict.greeting, "execution": lenient.greeting}
    seen = nautilus_env.run(CLIENT_SCRIPTS / "nautilus_node.py", greetings, NODE_S)
    return Witness(seen, strict.log()), Witness(seen, lenient.log())


@pytest.fixture(scope="module")
def data(node: tuple[Witness, Witness]) -> Witness:
    return node[0]


@pytest.fixture(scope="module")
def execution(node: tuple[Witness, Witness]) -> Witness:
    return node[1]


def same(seen: list[list[str]], sent: list[list[str]]) -> tuple[list[list[Decimal]], list[list[Decimal]]]:
    """Both as numbers: the library writes each with the instrument's precision."""
    return [list(map(Decimal, one)) for one in seen], [list(map(Decimal, one)) for one in sent]


def test_the_data_client_asks_for_nothing_that_the_venue_retired(data: Witness, execution: Witness) -> None:
    assert {line["method"] for line in data.received()} == DATA_REQUESTS
    refused = [line for line in data.log("answered") if line["status"] != 200]
    assert refused == []
    asked = {line["method"] for line in execution.received() if "userDataStream" in line["method"]}
    assert asked == RETIRED


def test_the_instruments_are_the_twins(data: Witness) -> None:
    names = [f"{name}.BINANCE" for name in data.log("start")[0]["symbols"]]
    assert sorted(data.seen["instruments"]) == sorted(names)


def test_quotes_are_all_that_were_sent(data: Witness) -> None:
    sent = [[quote[name] for name in "bBaA"] for quote in data.sent("btcusdt@bookTicker")]
    assert is_run(*same(data.seen["quotes"], sent))


def test_trades_are_all_that_were_sent(data: Witness) -> None:
    sent = [[str(trade["t"]), trade["p"], trade["q"]] for trade in data.sent("btcusdt@trade")]
    assert is_run(*same(data.seen["trades"], sent))


def test_the_librarys_own_book_has_the_best_that_was_streamed(data: Witness) -> None:
    quotes, compared = data.sent("btcusdt@bookTicker"), 0
    for book in data.seen["books"]:
        for quote in [quote for quote in quotes if quote["u"] <= book["id"]][-1:]:
            seen, sent = same([book["bids"][0], book["asks"][0]], [[quote["b"], quote["B"]], [quote["a"], quote["A"]]])
            assert seen == sent
            compared += 1
    assert compared >= 10


def test_bars_are_the_candles_that_ended(data: Witness) -> None:
    ended = [event["k"] for event in data.sent("btcusdt@kline_1s") if event["k"]["x"]]
    candles = [[candle[name] for name in "ohlc"] for candle in ended]
    assert is_within(*same([bar[1:] for bar in data.seen["bars"]], candles))
    for candle in ended:
        trades = [data.trades["BTCUSDT", number] for number in range(candle["f"], candle["L"] + 1)]
        assert candle_of(trades)["c"] == Decimal(candle["c"])


def test_a_listen_key_brings_the_events_of_the_orders(execution: Witness) -> None:
    by_order: dict[str, list[str]] = {}
    for order in execution.seen["orders"]:
        assert order["event"] not in ("OrderRejected", "OrderDenied", "OrderCancelRejected"), order
        by_order.setdefault(order["order"], []).append(order["event"])
    begin = ["OrderInitialized", "OrderSubmitted", "OrderAccepted"]
    ends = sorted(events[3:] for events in by_order.values())
    assert [events[:3] for events in by_order.values()] == [begin] * len(by_order)
    canceled = ["OrderPendingCancel", "OrderCanceled"]
    assert ends == [["OrderFilled"], canceled, canceled]
    logged = {line["client_order_id"]: line["status"] for line in execution.orders.values()}
    assert set(logged) == set(by_order)
    assert sorted(logged.values()) == ["CANCELED", "CANCELED", "FILLED"]


def test_fills_and_balances_are_the_logs(execution: Witness) -> None:
    fills = [order["fill"] for order in execution.seen["orders"] if order["fill"]]
    assert is_run(*same(fills, [[str(number), price, size] for number, price, size, _ in execution.fills]))
    held = {name: Decimal(total) for name, total in execution.seen["balances"].items()}
    logged = {name: Decimal(free) + Decimal(locked) for name, (free, locked) in execution.balances.items()}
    assert {name: held[name] for name in logged} == logged
