"""Public queries: what each shows, what each weighs, and how each refuses, by REST and by the WebSocket API alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import pytest
from twin_client import Client, Twin, now_ms

SYMBOLS = ("BTCUSDT", "ETHUSDT", "ETHBTC", "PEPEUSDT", "USDCUSDT", "FDUSDUSDT", "WAVESUSDT", "XMRUSDT")
DAY = 86_400_000
METHODS = {
    "exchangeInfo": "exchangeInfo", "executionRules": "executionRules", "depth": "depth", "trades": "trades.recent",
    "historicalTrades": "trades.historical", "historicalBlockTrades": "blockTrades.historical",
    "aggTrades": "trades.aggregate", "klines": "klines", "uiKlines": "uiKlines", "avgPrice": "avgPrice",
    "ticker/24hr": "ticker.24hr", "ticker/tradingDay": "ticker.tradingDay", "ticker/price": "ticker.price",
    "ticker/bookTicker": "ticker.book", "ticker": "ticker", "referencePrice": "referencePrice",
    "referencePrice/calculation": "referencePrice.calculation",
}  # fmt: skip
MANY = json.dumps([f"S{number}" for number in range(101)])
REFUSALS: list[tuple[str, dict[str, Any], int]] = [
    ("depth", {}, -1102),
    ("depth", {"symbol": "btcusdt"}, -1100),
    ("depth", {"symbol": "NOPE"}, -1121),
    ("depth", {"symbol": "BTCUSDT", "limit": "many"}, -1100),
    ("depth", {"symbol": "BTCUSDT", "limit": 0}, -1130),
    ("depth", {"symbol": "BTCUSDT", "symbolStatus": "HALT"}, -1220),
    ("depth", {"symbol": "WAVESUSDT", "symbolStatus": "TRADING"}, -1220),
    ("depth", {"symbol": "BTCUSDT", "symbolStatus": "SLEEPING"}, -1122),
    ("depth", {"symbol": "BTCUSDT", "colour": "red"}, -1104),
    ("trades", {"symbol": "BTCUSDT", "fromId": 1}, -1104),
    ("historicalTrades", {"symbol": "BTCUSDT", "fromId": "x"}, -1100),
    ("historicalBlockTrades", {"symbol": "BTCUSDT"}, -1102),
    ("historicalBlockTrades", {"fromId": 1}, -1102),
    ("aggTrades", {"symbol": "BTCUSDT", "fromId": 1, "startTime": 1}, -1128),
    ("aggTrades", {"symbol": "BTCUSDT", "startTime": "now"}, -1100),
    ("klines", {"symbol": "BTCUSDT"}, -1102),
    ("klines", {"symbol": "BTCUSDT", "interval": "7m"}, -1120),
    ("klines", {"symbol": "BTCUSDT", "interval": "1H"}, -1120),
    ("klines", {"symbol": "BTCUSDT", "interval": "1m", "timeZone": "15"}, -1130),
    ("klines", {"symbol": "BTCUSDT", "interval": "1m", "timeZone": "+14:01"}, -1130),
    ("klines", {"symbol": "BTCUSDT", "interval": "1m", "timeZone": "-12:30"}, -1130),
    ("klines", {"symbol": "BTCUSDT", "interval": "1m", "timeZone": "Paris"}, -1130),
    ("uiKlines", {"symbol": "BTCUSDT", "interval": "2s"}, -1120),
    ("avgPrice", {}, -1102),
    ("ticker/24hr", {"symbol": "BTCUSDT", "type": "HUGE"}, -1139),
    ("ticker/24hr", {"symbols": '["BTCUSDT","BTCUSDT"]'}, -1151),
    ("ticker/24hr", {"symbols": '["BTCUSDT","NOPE"]'}, -1121),
    ("ticker/24hr", {"symbols": "BTCUSDT"}, -1100),
    ("ticker/24hr", {"symbol": "BTCUSDT", "symbols": '["ETHUSDT"]'}, -1101),
    ("ticker/24hr", {"symbol": "BTCUSDT", "symbolStatus": "BREAK"}, -1220),
    ("ticker/price", {"symbolStatus": "CANCEL_ONLY"}, -1122),
    ("ticker/bookTicker", {"symbols": "[]"}, -1100),
    ("ticker/tradingDay", {}, -1102),
    ("ticker/tradingDay", {"symbols": MANY}, -1101),
    ("ticker/tradingDay", {"symbol": "BTCUSDT", "timeZone": "25"}, -1130),
    ("ticker", {}, -1102),
    ("ticker", {"symbols": MANY}, -1101),
    ("ticker", {"symbol": "BTCUSDT", "windowSize": "60m"}, -1130),
    ("ticker", {"symbol": "BTCUSDT", "windowSize": "8d"}, -1130),
    ("ticker", {"symbol": "BTCUSDT", "windowSize": "1d2h"}, -1130),
    ("exchangeInfo", {"symbol": "BTCUSDT", "permissions": "SPOT"}, -1128),
    ("exchangeInfo", {"symbols": '["BTCUSDT"]', "symbolStatus": "TRADING"}, -1128),
    ("exchangeInfo", {"symbolStatus": "CANCEL_ONLY"}, -1122),
    ("exchangeInfo", {"permissions": "[SPOT"}, -1100),
    ("exchangeInfo", {"showPermissionSets": "maybe"}, -1100),
    ("executionRules", {"symbol": "BTCUSDT", "symbolStatus": "TRADING"}, -1128),
    ("executionRules", {"symbol": "NOPE"}, -1121),
    ("referencePrice", {"symbol": "BTCUSDT"}, -2043),
    ("referencePrice/calculation", {"symbol": "BTCUSDT"}, -2043),
    ("referencePrice/calculation", {"symbol": "USDCUSDT", "symbolStatus": "HALT"}, -1220),
]
WEIGHTS: list[tuple[str, dict[str, Any], int]] = [
    ("exchangeInfo", {}, 20),
    ("executionRules", {"symbol": "BTCUSDT"}, 2),
    ("executionRules", {"symbols": '["BTCUSDT","ETHUSDT"]'}, 4),
    ("executionRules", {}, 40),
    ("executionRules", {"symbolStatus": "HALT"}, 40),
    ("depth", {"symbol": "BTCUSDT"}, 5),
    ("depth", {"symbol": "BTCUSDT", "limit": 101}, 25),
    ("depth", {"symbol": "BTCUSDT", "limit": 1000}, 50),
    ("depth", {"symbol": "BTCUSDT", "limit": 1001}, 250),
    ("depth", {"symbol": "BTCUSDT", "limit": 9999}, 250),
    ("trades", {"symbol": "BTCUSDT"}, 25),
    ("historicalTrades", {"symbol": "BTCUSDT"}, 25),
    ("historicalBlockTrades", {"symbol": "BTCUSDT", "fromId": 0}, 25),
    ("aggTrades", {"symbol": "BTCUSDT"}, 4),
    ("klines", {"symbol": "BTCUSDT", "interval": "1m"}, 2),
    ("uiKlines", {"symbol": "BTCUSDT", "interval": "1m"}, 2),
    ("avgPrice", {"symbol": "BTCUSDT"}, 2),
    ("ticker/24hr", {"symbol": "BTCUSDT"}, 2),
    ("ticker/24hr", {"symbols": '["BTCUSDT","ETHUSDT"]'}, 2),
    ("ticker/24hr", {}, 80),
    ("ticker/24hr", {"symbols": json.dumps([f"S{n}" for n in range(21)])}, 40),
    ("ticker/24hr", {"symbols": MANY}, 80),
    ("ticker/tradingDay", {"symbol": "BTCUSDT"}, 4),
    ("ticker/tradingDay", {"symbols": '["BTCUSDT","ETHUSDT"]'}, 8),
    ("ticker/tradingDay", {"symbols": json.dumps([f"S{n}" for n in range(60)])}, 200),
    ("ticker/price", {"symbol": "BTCUSDT"}, 2),
    ("ticker/price", {}, 4),
    ("ticker/bookTicker", {"symbols": '["BTCUSDT"]'}, 4),
    ("ticker", {"symbol": "BTCUSDT"}, 4),
    ("ticker", {"symbols": json.dumps(list(SYMBOLS))}, 32),
    ("referencePrice", {"symbol": "USDCUSDT"}, 2),
    ("referencePrice/calculation", {"symbol": "USDCUSDT"}, 2),
]


@pytest.fixture(scope="module")
def busy(start_twin: Callable[..., Twin]) -> Twin:
    """A twin with one symbol of each kind, and weight enough for a module's questions."""
    return start_twin("--symbols", ",".join(SYMBOLS), "--weight-per-minute", "1000000")


@pytest.mark.parametrize(("path", "params", "code"), REFUSALS, ids=lambda value: str(value)[:60])
def test_a_query_is_refused_with_its_code(busy: Twin, path: str, params: dict[str, Any], code: int) -> None:
    async def test(client: Client) -> None:
        status, body, _ = await client.send("GET", f"/api/v3/{path}", urlencode(params))
        assert (status, body["code"]) == (400, code), body
        async with client.api() as socket:
            answer = await socket.ask(client.request(METHODS[path], signed=False, **params))
            assert (answer["status"], answer["error"]) == (400, body)

    busy.run(test)


def test_every_query_weighs_what_is_documented(busy: Twin) -> None:
    async def weighed(client: Client, path: str, params: dict[str, Any]) -> int:
        while True:
            _, _, before = await client.send("GET", "/api/v3/ping")
            _, _, after = await client.send("GET", f"/api/v3/{path}", urlencode(params))
            found = int(after["X-MBX-USED-WEIGHT-1M"]) - int(before["X-MBX-USED-WEIGHT-1M"])
            if found > 0:  # else a new minute began between the two
                return found

    async def test(client: Client) -> None:
        for path, params, weight in WEIGHTS:
            assert await weighed(client, path, params) == weight, (path, params)

    busy.run(test)


def test_both_doors_answer_with_the_same_body(start_twin: Callable[..., Twin]) -> None:
    cases: list[tuple[str, dict[str, Any]]] = [
        ("exchangeInfo", {"symbol": "BTCUSDT"}), ("executionRules", {}), ("depth", {"symbol": "BTCUSDT", "limit": 5}),
        ("trades", {"symbol": "BTCUSDT"}), ("historicalTrades", {"symbol": "BTCUSDT"}),
        ("aggTrades", {"symbol": "BTCUSDT"}), ("ticker/price", {}), ("ticker/bookTicker", {}),
        ("klines", {"symbol": "BTCUSDT", "interval": "1h", "endTime": 1_700_000_000_000}),
        ("referencePrice/calculation", {"symbol": "USDCUSDT"}),
    ]  # fmt: skip

    async def test(client: Client) -> None:
        async with client.api() as socket:
            for path, params in cases:
                body = await client.public(f"/api/v3/{path}", **params)
                answer = await socket.ask(client.request(METHODS[path], signed=False, **params))
                for one in (body, answer["result"]):
                    if isinstance(one, dict):
                        one.pop("serverTime", None)
                assert answer["result"] == body, path

    start_twin("--symbols", ",".join(SYMBOLS), "--rate", "0").run(test)


def test_exchange_information_is_filtered_by_permission_and_status(busy: Twin) -> None:
    async def names(client: Client, **params: Any) -> list[str]:
        info = await client.public("/api/v3/exchangeInfo", **params)
        return [symbol["symbol"] for symbol in info["symbols"]]

    async def test(client: Client) -> None:
        assert await names(client) == list(SYMBOLS)
        assert await names(client, symbolStatus="HALT") == ["WAVESUSDT"]
        assert await names(client, symbolStatus="BREAK") == ["XMRUSDT"]
        margin = await names(client, permissions="MARGIN")
        assert margin == ["BTCUSDT", "ETHUSDT", "ETHBTC", "USDCUSDT"]
        assert await names(client, permissions='["MARGIN","LEVERAGED"]') == margin
        assert await names(client, permissions='["SPOT","MARGIN"]', symbolStatus="TRADING") == list(SYMBOLS[:6])
        assert await names(client, permissions="TRD_GRP_002") == []
        for wanted, sets in (("true", [["SPOT", "MARGIN"]]), ("false", [])):
            info = await client.public("/api/v3/exchangeInfo", symbol="BTCUSDT", showPermissionSets=wanted)
            assert info["symbols"][0]["permissionSets"] == sets
        halted = await client.public("/api/v3/exchangeInfo", symbol="WAVESUSDT")
        assert halted["symbols"][0]["status"] == "HALT"

    busy.run(test)


def test_a_halted_symbol_stands_still_and_takes_no_orders(busy: Twin) -> None:
    async def test(client: Client) -> None:
        before = await client.public("/api/v3/depth", symbol="WAVESUSDT")
        order = {"symbol": "WAVESUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "100"}
        status, body = await client.signed("POST", "/api/v3/order", **order, price="1")
        assert (status, body) == (400, {"code": -1013, "msg": "Market is closed."})
        assert await client.public("/api/v3/depth", symbol="WAVESUSDT") == before
        assert len(before["bids"]) == 100

    busy.run(test)


def test_prices_keep_each_symbols_ticks(busy: Twin) -> None:
    async def test(client: Client) -> None:
        info = await client.public("/api/v3/exchangeInfo")
        for symbol in info["symbols"]:
            kinds = {item["filterType"]: item for item in symbol["filters"]}
            tick, step = Decimal(kinds["PRICE_FILTER"]["tickSize"]), Decimal(kinds["LOT_SIZE"]["stepSize"])
            depth = await client.public("/api/v3/depth", symbol=symbol["symbol"], limit=5000)
            assert len(depth["bids"]) >= 50
            assert len(depth["asks"]) >= 50
            for price, size in depth["bids"] + depth["asks"]:
                assert Decimal(price) % tick == 0
                assert Decimal(size) % step == 0
                assert len(price.partition(".")[2]) == len(size.partition(".")[2]) == 8

    busy.run(test)


def test_statuses_choose_among_many_symbols(busy: Twin) -> None:
    async def test(client: Client) -> None:
        for path in ("ticker/price", "ticker/bookTicker", "ticker/24hr"):
            found = await client.public(f"/api/v3/{path}", symbolStatus="HALT")
            assert [one["symbol"] for one in found] == ["WAVESUSDT"]
            both = {"symbols": '["BTCUSDT","XMRUSDT"]'}
            found = await client.public(f"/api/v3/{path}", **both, symbolStatus="BREAK")
            assert [one["symbol"] for one in found] == ["XMRUSDT"]
            assert len(await client.public(f"/api/v3/{path}", **both)) == 2
        rules = await client.public("/api/v3/executionRules", symbols='["USDCUSDT","BTCUSDT"]')
        assert [(rule["symbol"], len(rule["rules"])) for rule in rules["symbolRules"]] == [
            ("USDCUSDT", 1),
            ("BTCUSDT", 0),
        ]

    busy.run(test)


def test_tickers_have_the_documented_fields_and_agree_with_the_candles(busy: Twin) -> None:
    changes = ["priceChange", "priceChangePercent", "weightedAvgPrice"]
    prices, ends = ["openPrice", "highPrice", "lowPrice"], ["openTime", "closeTime", "firstId", "lastId", "count"]
    window = ["symbol", *changes, *prices, "lastPrice", "volume", "quoteVolume", *ends]
    mini = ["symbol", *prices, "lastPrice", "volume", "quoteVolume", *ends]
    best = ["bidPrice", "bidQty", "askPrice", "askQty"]
    newest = ["prevClosePrice", "lastPrice", "lastQty", *best]
    day = ["symbol", *changes, *newest, *prices, "volume", "quoteVolume", *ends]

    async def test(client: Client) -> None:
        for path, full in (("ticker/24hr", day), ("ticker/tradingDay", window), ("ticker", window)):
            found = await client.public(f"/api/v3/{path}", symbol="ETHBTC")
            assert list(found) == full, path
            small = await client.public(f"/api/v3/{path}", symbols='["ETHBTC","BTCUSDT"]', type="MINI")
            assert [list(one) for one in small] == [mini, mini], path
            assert Decimal(found["lowPrice"]) <= Decimal(found["weightedAvgPrice"]) <= Decimal(found["highPrice"])
            assert Decimal(found["priceChange"]) == Decimal(found["lastPrice"]) - Decimal(found["openPrice"])
            assert found["lastId"] - found["firstId"] + 1 == found["count"]
        before = now_ms()
        for size, length in (("1m", 60_000), ("59m", 59 * 60_000), ("23h", 23 * 3_600_000), ("7d", 7 * DAY)):
            found = await client.public("/api/v3/ticker", symbol="BTCUSDT", windowSize=size)
            assert found["openTime"] % 60_000 == 0
            assert 0 <= found["closeTime"] - length - found["openTime"] < 60_000
            assert found["closeTime"] >= before
        found = await client.public("/api/v3/ticker/24hr", symbol="BTCUSDT")
        assert found["closeTime"] - found["openTime"] == DAY
        today = await client.public("/api/v3/ticker/tradingDay", symbol="BTCUSDT", timeZone="-11:00")
        assert (today["openTime"] - 11 * 3_600_000) % DAY == 0
        assert today["closeTime"] - today["openTime"] == DAY - 1
        (candle,) = await client.public(
            "/api/v3/klines", symbol="BTCUSDT", interval="1d", timeZone="-11:00", startTime=today["openTime"]
        )
        assert (candle[1], candle[0], candle[6]) == (today["openPrice"], today["openTime"], today["closeTime"])
        assert candle[8] >= today["count"]

    busy.run(test)


def test_aggregates_hold_the_trades_of_one_order_at_one_price(twin: Twin) -> None:
    async def test(client: Client) -> None:
        book = await client.public("/api/v3/depth", symbol="BTCUSDT", limit=5)
        size = sum(Decimal(size) for _, size in book["asks"][:3])
        order = await client.order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=str(size))
        assert order["status"] == "FILLED"
        trades = await client.public("/api/v3/trades", symbol="BTCUSDT", limit=1000)
        aggregates = await client.public("/api/v3/aggTrades", symbol="BTCUSDT", limit=1000)
        by_id = {trade["id"]: trade for trade in trades}
        assert [a["a"] for a in aggregates] == list(range(aggregates[0]["a"], aggregates[-1]["a"] + 1))
        assert all(after["f"] == before["l"] + 1 for before, after in pairwise(aggregates))
        for one in aggregates:
            parts = [by_id[number] for number in range(one["f"], one["l"] + 1)]
            assert {part["price"] for part in parts} == {one["p"]}
            assert {(part["time"], part["isBuyerMaker"]) for part in parts} == {(one["T"], one["m"])}
            assert sum(Decimal(part["qty"]) for part in parts) == Decimal(one["q"])
        fills = {fill["tradeId"]: fill["price"] for fill in order["fills"]}
        mine = [one for one in aggregates if one["f"] in fills]
        assert sorted(one["p"] for one in mine) == sorted(set(fills.values()))
        assert any(one["l"] > one["f"] for one in aggregates)
        page = await client.public("/api/v3/aggTrades", symbol="BTCUSDT", fromId=aggregates[3]["a"], limit=4)
        assert page == aggregates[3:7]
        when = mine[0]["T"]
        same = await client.public("/api/v3/aggTrades", symbol="BTCUSDT", startTime=when, endTime=when)
        assert same == [one for one in aggregates if one["T"] == when]

    twin.run(test)


def test_reference_prices_are_told_where_there_are_any(busy: Twin) -> None:
    async def test(client: Client) -> None:
        found = await client.public("/api/v3/referencePrice", symbol="USDCUSDT")
        assert list(found) == ["symbol", "referencePrice", "timestamp"]
        assert 0.99 < float(found["referencePrice"]) < 1.01
        how = await client.public("/api/v3/referencePrice/calculation", symbol="USDCUSDT")
        assert how == {
            "symbol": "USDCUSDT",
            "calculationType": "ARITHMETIC_MEAN",
            "bucketCount": 10,
            "bucketWidthMs": 1000,
        }
        how = await client.public("/api/v3/referencePrice/calculation", symbol="FDUSDUSDT")
        assert how == {"symbol": "FDUSDUSDT", "calculationType": "EXTERNAL", "externalCalculationId": 42}

    busy.run(test)


def test_a_deep_book_and_all_symbols_are_there_when_asked(start_twin: Callable[..., Twin]) -> None:
    async def deep(client: Client) -> None:
        book = await client.public("/api/v3/depth", symbol="BTCUSDT", limit=9999)
        assert (len(book["bids"]), len(book["asks"])) == (5000, 5000)
        assert len((await client.public("/api/v3/depth", symbol="BTCUSDT", limit=4999))["bids"]) == 4999

    async def wide(client: Client) -> None:
        info = await client.public("/api/v3/exchangeInfo")
        symbols = info["symbols"]
        assert len(symbols) >= 50
        assert {"USDT", "BTC", "FDUSD", "EUR", "USDC"} <= {symbol["quoteAsset"] for symbol in symbols}
        ticks = {symbol["filters"][0]["tickSize"] for symbol in symbols}
        assert {"0.00000001", "0.00010000", "0.01000000", "1.00000000"} <= ticks

    async def twenty(client: Client) -> None:
        assert len(await client.public("/api/v3/ticker/price")) == 20

    begin = now_ms()
    start_twin("--symbols", "BTCUSDT", "--levels", "5000").run(deep)
    assert now_ms() - begin < 10_000
    start_twin("--symbols", "all", "--rate", "1").run(wide)
    start_twin("--symbols", "20", "--rate", "1").run(twenty)
