"""Every stream: when it goes out, what it carries, how its numbers follow each other."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from twin_client import Client, Twin

INTERVALS = ["1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"]
EVENT = ["e", "E", "s"]
WINDOW = [*EVENT, *"pPohlcwvqOCFLn"]
KEYS = {
    "trade": [*EVENT, *"tpqTmM"],
    "aggTrade": [*EVENT, *"apqflTmM"],
    "bookTicker": list("usbBaA"),
    "depth": [*EVENT, *"Uuba"],
    "depth@100ms": [*EVENT, *"Uuba"],
    "miniTicker": [*EVENT, *"cohlvq"],
    "ticker": [*EVENT, *"pPwxcQbBaAohlvqOCFLn"],
    "ticker_1h": WINDOW,
    "ticker_4h": WINDOW,
    "ticker_1d": WINDOW,
    "avgPrice": [*EVENT, *"iwT"],
    "referencePrice": ["e", "s", "r", "t"],
}
KEYS |= {f"depth{n}{pace}": ["lastUpdateId", "bids", "asks"] for n in (5, 10, 20) for pace in ("", "@100ms")}
KEYS |= {f"kline_{interval}{zone}": [*EVENT, "k"] for interval in INTERVALS for zone in ("", "@+08:00")}
KLINE = list("tTsifLochlvnxqVQB")
ARRAYS = {"!miniTicker@arr": KEYS["miniTicker"]} | {f"!ticker_{w}@arr": WINDOW for w in ("1h", "4h", "1d")}
SYMBOL = "usdcusdt"
STREAMS = [*(f"{SYMBOL}@{kind}" for kind in KEYS), *ARRAYS]
LISTEN_MS = 6_500
LATE_MS = 700
"""What a busy machine may add to a period."""
EXAMPLES = {
    "<symbol>@trade": "trade", "<symbol>@aggTrade": "aggTrade", "<symbol>@bookTicker": "bookTicker",
    "<symbol>@depth@<updateSpeed>": "depth", "<symbol>@depth<levels>@<updateSpeed>": "depth5",
    "<symbol>@miniTicker": "miniTicker", "<symbol>@ticker": "ticker", "<symbol>@ticker_<windowSize>": "ticker_1h",
    "<symbol>@avgPrice": "avgPrice", "<symbol>@referencePrice": "referencePrice",
    "<symbol>@kline_<interval>": "kline_1m", "<symbol>@kline_<interval>@+08:00": "kline_1m@+08:00",
}  # fmt: skip


@dataclass
class Heard:
    """What every stream sent while one client listened; `begin_ms` and times of arrival by the server's clock."""

    begin_ms: int
    messages: dict[str, list[Any]]
    arrived_ms: dict[str, list[int]]

    def of(self, kind: str) -> list[Any]:
        return self.messages[f"{SYMBOL}@{kind}"]


@pytest.fixture(scope="module")
def heard(start_twin: Callable[..., Twin]) -> Heard:
    """One client on every stream there is, for some seconds."""
    twin = start_twin("--symbols", "USDCUSDT,ETHBTC,XMRUSDT")

    async def listen(client: Client) -> Heard:
        messages, arrived = defaultdict(list), defaultdict(list)
        async with client.stream(f"/stream?streams={'/'.join(STREAMS)}") as socket:
            begin = newest = (await client.public("/api/v3/time"))["serverTime"]
            while newest - begin < LISTEN_MS:
                message = await socket.next()
                data = message["data"]
                newest = max(newest, data.get("E", 0)) if isinstance(data, dict) else newest
                messages[message["stream"]].append(data)
                arrived[message["stream"]].append(newest)
        return Heard(begin, dict(messages), dict(arrived))

    found: Heard = twin.run(listen)
    return found


def period_of(kind: str) -> int | None:
    """The documented pace, None for real time."""
    if kind in ("trade", "aggTrade", "bookTicker"):
        return None
    if kind.startswith("kline_"):
        return 1000 if kind.startswith("kline_1s") else 2000
    return 100 if kind.endswith("@100ms") else 1000


@pytest.mark.parametrize("kind", KEYS)
def test_a_stream_keeps_its_rhythm_and_carries_exactly_the_documented_fields(heard: Heard, kind: str) -> None:
    messages, period = heard.of(kind), period_of(kind)
    assert all(list(message) == KEYS[kind] for message in messages)
    if "e" in KEYS[kind]:
        name = "depthUpdate" if kind.startswith("depth") else kind.partition("_")[0].partition("@")[0]
        words = {"miniTicker": "24hrMiniTicker", "ticker": "24hrTicker"}
        words |= {f"ticker_{window}": f"{window}Ticker" for window in ("1h", "4h", "1d")}
        assert {message["e"] for message in messages} == {words.get(kind, name)}
        assert {message["s"] for message in messages} == {SYMBOL.upper()}
    if period is None:
        assert len(messages) > 5
        return
    first = heard.arrived_ms[f"{SYMBOL}@{kind}"][0]
    assert first - heard.begin_ms <= period + LATE_MS
    expected = LISTEN_MS / period
    closed = sum(message["k"]["x"] for message in messages) if "k" in KEYS[kind] else 0
    assert 0.5 * expected - 1 <= len(messages) - closed <= expected + 2
    if "E" in KEYS[kind] and not closed:
        times = [message["E"] for message in messages]
        gaps = sorted(after - before for before, after in pairwise(times))
        assert 0.8 * period <= gaps[len(gaps) // 2] <= 1.5 * period


@pytest.mark.parametrize("stream", ARRAYS)
def test_an_array_carries_the_symbols_that_were_traded_and_no_others(heard: Heard, stream: str) -> None:
    arrays = heard.messages[stream]
    assert 3 <= len(arrays) <= LISTEN_MS / 1000 + 1
    assert all(list(one) == ARRAYS[stream] for array in arrays for one in array)
    names = [{one["s"] for one in array} for array in arrays]
    assert set.union(*names) == {"USDCUSDT", "ETHBTC"}
    assert all(names)


def test_numbers_follow_each_other_without_a_gap(heard: Heard) -> None:
    ids = [message["t"] for message in heard.of("trade")]
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    aggregates = heard.of("aggTrade")
    for before, after in pairwise(aggregates):
        assert (after["a"], after["f"]) == (before["a"] + 1, before["l"] + 1)
    for kind in ("depth", "depth@100ms"):
        events = heard.of(kind)
        assert all(event["U"] <= event["u"] for event in events)
        assert all(b["U"] == a["u"] + 1 for a, b in pairwise(events))
    quotes = heard.of("bookTicker")
    for before, after in pairwise(quotes):
        assert before["u"] < after["u"]
        assert {k: before[k] for k in "bBaA"} != {k: after[k] for k in "bBaA"}


def test_aggregates_of_the_stream_hold_the_trades_of_the_stream(heard: Heard) -> None:
    by_id = {message["t"]: message for message in heard.of("trade")}
    for one in heard.of("aggTrade"):
        parts = [by_id[number] for number in range(one["f"], one["l"] + 1) if number in by_id]
        assert {(part["p"], part["T"], part["m"]) for part in parts} <= {(one["p"], one["T"], one["m"])}
        if len(parts) == one["l"] - one["f"] + 1:
            assert sum(float(part["q"]) for part in parts) == pytest.approx(float(one["q"]))


@pytest.mark.parametrize("kind", [kind for kind in KEYS if kind.startswith("kline_")])
def test_candles_run_until_they_are_closed_once(heard: Heard, kind: str) -> None:
    candles = [message["k"] for message in heard.of(kind)]
    assert all(list(candle) == KLINE for candle in candles)
    assert {candle["i"] for candle in candles} == {kind.removeprefix("kline_").partition("@")[0]}
    for message in heard.of(kind):
        assert message["k"]["x"] == (message["k"]["T"] < message["E"])
        assert message["k"]["t"] <= message["E"]
    closed = [candle["t"] for candle in candles if candle["x"]]
    assert len(set(closed)) == len(closed)
    begun = list(dict.fromkeys(candle["t"] for candle in candles))
    # Each candle that a later one followed was closed.
    assert closed == begun[: len(closed)]
    assert begun[len(closed) :] == begun[-1:] or not closed
    if kind == "kline_1s":
        assert len(closed) >= 4
        assert closed == list(range(closed[0], closed[0] + 1000 * len(closed), 1000))


def test_days_of_the_east_begin_eight_hours_earlier(heard: Heard) -> None:
    for message in heard.of("kline_1d@+08:00"):
        assert (message["k"]["t"] + 8 * 3_600_000) % 86_400_000 == 0
    for message in heard.of("kline_1d"):
        assert message["k"]["t"] % 86_400_000 == 0


def test_partial_books_have_their_levels_best_first(heard: Heard) -> None:
    for levels in (5, 10, 20):
        for kind in (f"depth{levels}", f"depth{levels}@100ms"):
            for book in heard.of(kind):
                assert len(book["bids"]) == len(book["asks"]) == levels
                bids, asks = ([float(price) for price, _ in book[side]] for side in ("bids", "asks"))
                assert bids == sorted(bids, reverse=True)
                assert asks == sorted(asks)
                assert bids[0] < asks[0]


def test_the_fields_are_those_of_the_connectors_examples(heard: Heard, captures: Callable[[str], Path]) -> None:
    examples = json.loads(captures("binance_connector_examples/binance_spot/ws.json").read_text())
    for stream, kind in EXAMPLES.items():
        example, sent = examples[stream]["example"], heard.of(kind)[0]
        # The connector's examples leave quoted decimals out.
        assert set(example) <= set(sent), stream
        assert set(example.get("k", {})) <= set(sent.get("k", {})), stream
    for stream, name in (("!miniTicker@arr", "!miniTicker@arr"), ("!ticker_<windowSize>@arr", "!ticker_1h@arr")):
        assert set(examples[stream]["example"][0]) <= set(heard.messages[name][0][0])


def test_times_come_in_microseconds_when_the_address_asks_for_them(twin: Twin) -> None:
    names = ["trade", "aggTrade", "depth@100ms", "kline_1s", "ticker", "miniTicker", "avgPrice", "bookTicker"]
    streams = [f"btcusdt@{name}" for name in names] + ["!miniTicker@arr"]

    async def test(client: Client) -> None:
        now = (await client.public("/api/v3/time"))["serverTime"]

        def is_now(value: int) -> bool:
            return bool(abs(value / 1000 - now) < 90_000_000)

        async with client.stream(f"/stream?streams={'/'.join(streams)}&timeUnit=MICROSECOND") as socket:
            found: dict[str, Any] = {}
            while set(found) != set(streams):
                message = await socket.next()
                found[message["stream"]] = message["data"]
        events = [event for name, event in found.items() if name not in ("btcusdt@bookTicker", "!miniTicker@arr")]
        assert all(is_now(event["E"]) for event in [*events, *found["!miniTicker@arr"]])
        assert is_now(found["btcusdt@trade"]["T"])
        assert is_now(found["btcusdt@ticker"]["O"])
        assert found["btcusdt@trade"]["t"] < 10**12
        kline = found["btcusdt@kline_1s"]["k"]
        assert is_now(kline["t"])
        assert kline["T"] - kline["t"] == 999_999
        async with client.stream("/ws/btcusdt@trade") as socket:
            assert (await socket.next())["T"] < 10**14

    twin.run(test)


def test_a_still_market_moves_for_orders_alone(start_twin: Callable[..., Twin]) -> None:
    silent = ["btcusdt@trade", "btcusdt@aggTrade", "btcusdt@bookTicker", "btcusdt@depth@100ms", *ARRAYS]
    steady = ["btcusdt@ticker", "btcusdt@depth5", "btcusdt@kline_1s"]
    nothing = ["btcusdt@blockTrade", "btcusdt@referencePrice", "btcusdt@colour", "BTCUSDT@trade", "nope@trade"]

    async def test(client: Client) -> None:
        async with client.stream(f"/stream?streams={'/'.join([*silent, *steady, *nothing])}") as socket:
            for _ in range(3):
                await socket.until(lambda message: message["stream"] == "btcusdt@ticker")
            assert {message["stream"] for message in socket.seen} == set(steady)
            order = await client.order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.00100")
            await socket.until(lambda message: message["stream"] == "!ticker_1d@arr")
            heard = [message for message in socket.seen if message["stream"] in silent]
            data = {message["stream"]: message["data"] for message in heard}
            assert sorted(data) == sorted(silent)
            assert len(heard) == len(silent)
            assert data["btcusdt@trade"]["t"] == order["fills"][0]["tradeId"]
            assert [one["s"] for one in data["!miniTicker@arr"]] == ["BTCUSDT"]

    start_twin("--rate", "0").run(test)
