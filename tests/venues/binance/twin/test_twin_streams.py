"""Market streams: their payloads, their numbering, the control messages, and the log of it all."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from twin_client import Client, Twin

Book = dict[str, dict[str, str]]


def apply(book: Book, event: dict[str, Any]) -> None:
    for side, name in (("bids", "b"), ("asks", "a")):
        for price, size in event[name]:
            if float(size):
                book[side][price] = size
            else:
                book[side].pop(price, None)


def levels(snapshot: dict[str, Any]) -> Book:
    return {side: dict(map(tuple, snapshot[side])) for side in ("bids", "asks")}


def test_a_book_built_by_the_venues_rule_equals_a_later_snapshot(twin: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.stream("/ws/btcusdt@depth@100ms") as socket:
            first = await socket.next()
            assert list(first) == ["e", "E", "s", "U", "u", "b", "a"]
            snapshot = await client.public("/api/v3/depth", symbol="BTCUSDT", limit=500)
            book, last = levels(snapshot), snapshot["lastUpdateId"]
            event = await socket.until(lambda e: e["u"] > last)
            assert event["U"] <= last + 1 <= event["u"]
            target = None
            for _ in range(30):
                apply(book, event)
                last = event["u"]
                if target is None or target["lastUpdateId"] < last:
                    target = await client.public("/api/v3/depth", symbol="BTCUSDT", limit=500)
                event = await socket.next()
                assert event["U"] == last + 1
            # Snapshots and events share one numbering: go on until an event ends where a snapshot stands.
            while target["lastUpdateId"] != last:
                if target["lastUpdateId"] < last:
                    target = await client.public("/api/v3/depth", symbol="BTCUSDT", limit=500)
                    continue
                apply(book, event)
                last = event["u"]
                event = await socket.next()
            assert book == levels(target)
            assert len(book["bids"]) >= 50
            assert len(book["asks"]) >= 50

    twin.run(test)


def test_the_market_makes_at_least_fifty_changes_a_second(twin: Twin) -> None:
    async def test(client: Client) -> float:
        async with client.stream("/ws/ethusdt@depth@100ms") as socket:
            first = await socket.next()
            last = await socket.until(lambda event: event["E"] - first["E"] >= 3000)
            return float((last["u"] - first["u"]) / ((last["E"] - first["E"]) / 1000))

    assert twin.run(test) >= 50


def test_the_envelope_follows_the_path_and_the_log_says_what_was_sent(twin: Twin) -> None:
    streams = ["btcusdt@bookTicker", "btcusdt@trade", "btcusdt@depth5@100ms", "btcusdt@aggTrade"]

    async def test(client: Client) -> tuple[list[Any], list[Any]]:
        path = f"/stream?streams={'/'.join(streams)}"
        async with client.stream(path) as combined, client.stream("/ws/btcusdt@bookTicker") as bare:
            missing = set(streams)
            while missing or len(combined.seen) < 60:
                missing.discard((await combined.next())["stream"])
            while len(bare.seen) < 5:
                await bare.next()
            return combined.seen, bare.seen

    combined, bare = twin.run(test)
    assert all(list(message) == ["u", "s", "b", "B", "a", "A"] for message in bare)
    one = {message["stream"]: message["data"] for message in combined}
    assert list(one["btcusdt@depth5@100ms"]) == ["lastUpdateId", "bids", "asks"]
    assert len(one["btcusdt@depth5@100ms"]["bids"]) == 5
    assert list(one["btcusdt@trade"]) == ["e", "E", "s", "t", "p", "q", "T", "m", "M"]
    assert list(one["btcusdt@aggTrade"]) == ["e", "E", "s", "a", "p", "q", "f", "l", "T", "m", "M"]
    ids = [message["data"]["t"] for message in combined if message["stream"] == "btcusdt@trade"]
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    opened = {line["path"]: line["socket"] for line in twin.log("socket_open")}
    sent = twin.log("sent")
    mine = [s for s in sent if opened["/ws/btcusdt@bookTicker"] in s["sockets"]]
    assert [s["data"] for s in mine][: len(bare)] == bare
    (number,) = [socket for path, socket in opened.items() if path.startswith("/stream")]
    theirs = [{"stream": s["stream"], "data": s["data"]} for s in sent if number in s["sockets"]]
    assert theirs[: len(combined)] == combined
    prices = {line["trade_id"]: line["price"] for line in twin.log("trade") if line["symbol"] == "BTCUSDT"}
    assert all(prices[m["data"]["t"]] == m["data"]["p"] for m in combined if m["stream"] == "btcusdt@trade")


def test_control_messages_are_answered_as_documented(twin: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.stream("/ws") as socket:
            ask = socket.ask

            def message(method: str, ident: Any, *params: Any) -> str:
                return json.dumps({"method": method, "params": list(params), "id": ident})

            assert await ask(message("SUBSCRIBE", 1, "btcusdt@nothing", "btcusdt@trade")) == {
                "result": None,
                "id": 1,
            }
            listed = await ask(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": "abc"}))
            assert listed == {"result": ["btcusdt@nothing", "btcusdt@trade"], "id": "abc"}
            await socket.until(lambda m: m.get("e") == "trade")
            assert await ask(message("SET_PROPERTY", 3, "combined", True)) == {"result": None, "id": 3}
            assert await ask(message("GET_PROPERTY", 4, "combined")) == {"result": True, "id": 4}
        async with client.stream("/stream-spot/ws") as socket:
            assert await socket.ask(message("UNSUBSCRIBE", None, "x")) == {"result": None, "id": None}
            await socket.raw.send_str("{nonsense")
            assert (await socket.next())["code"] == 3
            assert (await socket.ask(json.dumps({"id": 9})))["code"] == 2
            assert (await socket.ask(message("GET_PROPERTY", 5, "colour")))["code"] == 0
            assert (await socket.ask(message("SET_PROPERTY", 6, "combined", "yes")))["code"] == 1

    twin.run(test)


def test_more_than_five_messages_a_second_end_the_connection(twin: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.stream("/ws") as socket:
            for number in range(6):
                await socket.raw.send_str(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": number}))
            assert await socket.closed() == aiohttp.WSCloseCode.POLICY_VIOLATION

    twin.run(test)


def test_more_than_1024_streams_are_refused(twin: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.stream("/ws") as socket:
            names = [f"s{number}@trade" for number in range(1025)]
            answer = await socket.ask(json.dumps({"method": "SUBSCRIBE", "params": names, "id": 1}))
            assert answer["code"] == 2
            answer = await socket.ask(json.dumps({"method": "SUBSCRIBE", "params": names[:1024], "id": 2}))
            assert answer == {"result": None, "id": 2}

    twin.run(test)


def test_a_comma_between_streams_fails_the_handshake(twin: Twin) -> None:
    async def test(client: Client) -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with client.stream("/stream?streams=btcusdt@trade,ethusdt@trade"):
                pass

    twin.run(test)


def test_the_slower_streams_carry_the_days_statistics(twin: Twin) -> None:
    async def test(client: Client) -> None:
        names = [
            "btcusdt@miniTicker",
            "btcusdt@ticker",
            "btcusdt@kline_1m",
            "btcusdt@avgPrice",
            "!miniTicker@arr",
        ]
        async with client.stream(f"/stream?streams={'/'.join(names)}") as socket:
            found: dict[str, Any] = {}
            while set(found) != set(names):
                message = await socket.next()
                found[message["stream"]] = message["data"]
            kline = found["btcusdt@kline_1m"]["k"]
            assert list(kline) == list("tTsifLochlvnxqVQB")
            assert float(kline["l"]) <= float(kline["c"]) <= float(kline["h"])
            assert list(found["btcusdt@ticker"]) == list("eEspPwxcQbBaAohlvqOCFLn")
            assert [mini["s"] for mini in found["!miniTicker@arr"]] == ["BTCUSDT", "ETHUSDT"]

    twin.run(test)


def test_public_queries_agree_with_each_other(twin: Twin) -> None:
    async def test(client: Client) -> None:
        info = await client.public("/api/v3/exchangeInfo", symbols='["BTCUSDT","ETHUSDT"]')
        assert [symbol["symbol"] for symbol in info["symbols"]] == ["BTCUSDT", "ETHUSDT"]
        kinds = {item["filterType"]: item for item in info["symbols"][0]["filters"]}
        assert kinds["PRICE_FILTER"]["tickSize"] == "0.01000000"
        assert kinds["LOT_SIZE"]["stepSize"] == "0.00001000"
        trades = await client.public("/api/v3/trades", symbol="BTCUSDT", limit=20)
        assert len(trades) == 20
        older = await client.public("/api/v3/historicalTrades", symbol="BTCUSDT", limit=5, fromId=trades[0]["id"])
        assert older == trades[:5]
        klines = await client.public("/api/v3/klines", symbol="BTCUSDT", interval="1m")
        assert klines[-1][0] % 60_000 == 0
        price = float((await client.public("/api/v3/avgPrice", symbol="BTCUSDT"))["price"])
        assert abs(price / 60_000 - 1) < 0.01
        assert len(await client.public("/api/v3/ticker/price")) == 2
        assert (await client.public("/api/v3/ticker/24hr", symbol="BTCUSDT"))["symbol"] == "BTCUSDT"

    twin.run(test)
