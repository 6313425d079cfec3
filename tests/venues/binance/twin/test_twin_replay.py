"""A replaying twin: the capture's bytes and numbers, a book that synchronizes, its own pace, and no trading."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from twin_client import Client, Twin

CAPTURE = "hftbacktest/binance_spot/btcusdt_20240808.gz"
LINES = 8_000
"""About a minute of the capture."""
NAMES = ["btcusdt@depth@100ms", "btcusdt@bookTicker", "btcusdt@trade"]
PATH = f"/stream?streams={'/'.join(NAMES)}"
Book = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def lines(captures: Callable[[str], Path]) -> list[bytes]:
    """The first lines of a real session, its only depth snapshot among them."""
    with gzip.open(captures(CAPTURE), "rb") as file:
        return [line.strip() for line in islice(file, LINES)]


def written(lines: list[bytes], path: Path) -> Path:
    path.write_bytes(gzip.compress(b"\n".join(lines) + b"\n", 1))
    return path


def frames(lines: list[bytes]) -> list[str]:
    payloads = [line.partition(b" ")[2].decode() for line in lines]
    return [payload for payload in payloads if payload.startswith('{"stream"')]


def snapshot_of(lines: list[bytes]) -> dict[str, Any]:
    payloads = (line.partition(b" ")[2] for line in lines)
    return dict(json.loads(next(payload for payload in payloads if payload.startswith(b'{"lastUpdateId"'))))


def levels(snapshot: dict[str, Any]) -> Book:
    return {side: dict(map(tuple, snapshot[side])) for side in ("bids", "asks")}


def apply(book: Book, event: dict[str, Any]) -> None:
    for side, name in (("bids", "b"), ("asks", "a")):
        for price, size in event[name]:
            if float(size):
                book[side][price] = size
            else:
                book[side].pop(price, None)


class Follower:
    """Keeps a book by the documented rule: buffer, ask for a snapshot, drop what is older, then every event follows."""

    def __init__(self) -> None:
        self.book: Book = {}
        self.last = 0
        self._waiting: list[dict[str, Any]] = []
        self._is_first = True

    def on_snapshot(self, snapshot: dict[str, Any]) -> None:
        assert snapshot["lastUpdateId"] >= self._waiting[0]["U"]
        self.book, self.last = levels(snapshot), snapshot["lastUpdateId"]
        for event in self._waiting:
            self.on_event(event)

    def on_event(self, event: dict[str, Any]) -> None:
        if not self.last:
            self._waiting.append(event)
        elif event["u"] > self.last:
            assert event["U"] <= self.last + 1 if self._is_first else event["U"] == self.last + 1
            self._is_first = False
            apply(self.book, event)
            self.last = event["u"]


def rebuilt(lines: list[bytes]) -> Iterator[tuple[int, Book]]:
    """The book after each diff that counts, straight from the file."""
    snapshot = snapshot_of(lines)
    book, last = levels(snapshot), snapshot["lastUpdateId"]
    for frame in map(json.loads, frames(lines)):
        if "@depth" in frame["stream"] and frame["data"]["u"] > last:
            apply(book, frame["data"])
            last = frame["data"]["u"]
            yield last, book


def check_depth(snapshot: dict[str, Any], book: Book) -> None:
    assert levels(snapshot) == book
    assert [price for price, _ in snapshot["bids"]] == sorted(book["bids"], key=float, reverse=True)
    assert [price for price, _ in snapshot["asks"]] == sorted(book["asks"], key=float)


def test_the_bytes_and_numbers_are_the_captures_and_a_client_synchronizes_its_book(
    start_twin: Callable[..., Twin], lines: list[bytes], tmp_path: Path
) -> None:
    wanted = frames(lines)

    async def test(client: Client) -> tuple[Follower, dict[str, Any]]:
        seen: list[str] = []
        follower = Follower()
        async with client.session.ws_connect(client.greeting["stream"] + PATH) as socket:
            while len(seen) < len(wanted):
                message = await socket.receive(timeout=5)
                assert message.type == aiohttp.WSMsgType.TEXT
                seen.append(message.data)
                if "@depth" in message.data[:40]:
                    follower.on_event(json.loads(message.data)["data"])
                    if follower.last == 0:
                        follower.on_snapshot(await client.public("/api/v3/depth", symbol="BTCUSDT", limit=5000))
        assert seen == wanted
        return follower, await client.public("/api/v3/depth", symbol="BTCUSDT", limit=5000)

    twin = start_twin("--replay", str(written(lines, tmp_path / "session.gz")), "--speed", "0")
    follower, final = twin.run(test)
    *_, (last, book) = rebuilt(lines)
    assert (follower.last, follower.book) == (last, book)
    assert final["lastUpdateId"] == last
    check_depth(final, book)


def test_a_depth_asked_at_any_moment_is_the_book_of_its_number(
    start_twin: Callable[..., Twin], lines: list[bytes], tmp_path: Path
) -> None:
    async def test(client: Client) -> list[dict[str, Any]]:
        async with client.stream(PATH) as socket:
            first = await client.public("/api/v3/depth", symbol="BTCUSDT", limit=5000)
            found = [first]
            for _ in range(12):
                for _ in range(150):
                    await socket.next()
                found.append(await client.public("/api/v3/depth", symbol="BTCUSDT", limit=5000))
            return found

    # Slow enough that the first question comes before the capture's snapshot.
    twin = start_twin("--replay", str(written(lines, tmp_path / "session.gz")), "--speed", "10")
    asked = {snapshot["lastUpdateId"]: snapshot for snapshot in twin.run(test)}
    assert len(asked) > 5
    snapshot = snapshot_of(lines)
    if snapshot["lastUpdateId"] in asked:
        assert asked.pop(snapshot["lastUpdateId"]) == snapshot
    for last, book in rebuilt(lines):
        if last in asked:
            check_depth(asked.pop(last), book)
    assert not asked


def test_before_the_snapshots_time_it_is_the_snapshot_that_a_client_needs(
    start_twin: Callable[..., Twin], lines: list[bytes], tmp_path: Path
) -> None:
    async def test(client: Client) -> None:
        assert await client.public("/api/v3/depth", symbol="BTCUSDT", limit=5000) == snapshot_of(lines)
        async with client.stream(f"/ws/{NAMES[0]}") as socket:
            first = await socket.next()
            assert first == json.loads(frames(lines)[0])["data"]
            assert first["U"] <= snapshot_of(lines)["lastUpdateId"] + 1

    start_twin("--replay", str(written(lines, tmp_path / "session.gz")), "--speed", "0.5").run(test)


def test_queries_show_what_was_told_so_far(start_twin: Callable[..., Twin], lines: list[bytes], tmp_path: Path) -> None:
    told = [json.loads(frame) for frame in frames(lines)]
    trades = [frame["data"] for frame in told if frame["stream"].endswith("@trade")]
    quotes = [frame["data"] for frame in told if frame["stream"].endswith("@bookTicker")]

    async def test(client: Client) -> None:
        async with client.stream(PATH) as socket:
            for _ in told:
                await socket.next()
        recent = await client.public("/api/v3/trades", symbol="BTCUSDT", limit=1000)
        assert [(t["id"], t["price"], t["qty"], t["time"], t["isBuyerMaker"]) for t in recent] == [
            (t["t"], t["p"], t["q"], t["T"], t["m"]) for t in trades[-1000:]
        ]
        best = await client.public("/api/v3/ticker/bookTicker", symbol="BTCUSDT")
        assert list(best.values()) == ["BTCUSDT", *(quotes[-1][name] for name in "bBaA")]
        day = await client.public("/api/v3/ticker/24hr", symbol="BTCUSDT")
        assert (day["firstId"], day["lastId"], day["count"]) == (trades[0]["t"], trades[-1]["t"], len(trades))
        assert day["lastPrice"] == trades[-1]["p"]
        assert float(day["highPrice"]) == max(float(t["p"]) for t in trades)
        assert sum(float(t["q"]) for t in trades) == pytest.approx(float(day["volume"]))
        klines = await client.public("/api/v3/klines", symbol="BTCUSDT", interval="1s")
        assert klines[0][0] == trades[0]["T"] // 1000 * 1000
        assert sum(kline[8] for kline in klines) == len(trades)
        aggregates = await client.public("/api/v3/aggTrades", symbol="BTCUSDT", limit=1000)
        assert sum(a["l"] - a["f"] + 1 for a in aggregates) == len(trades)

    start_twin("--replay", str(written(lines, tmp_path / "session.gz")), "--speed", "0").run(test)


def test_without_a_snapshot_the_book_is_refused_and_the_streams_go_on(
    start_twin: Callable[..., Twin], lines: list[bytes], tmp_path: Path
) -> None:
    bare = [line for line in lines[:500] if b'{"lastUpdateId"' not in line]

    async def test(client: Client) -> None:
        async with client.stream(PATH) as socket:
            for frame in frames(bare):
                assert await socket.next() == json.loads(frame)
        status, body, _ = await client.send("GET", "/api/v3/depth", "symbol=BTCUSDT")
        assert (status, body) == (400, {"code": -1112, "msg": "No orders on book for symbol."})
        assert (await client.public("/api/v3/ticker/bookTicker", symbol="BTCUSDT"))["bidPrice"] > "0"

    start_twin("--replay", str(written(bare, tmp_path / "bare.gz")), "--speed", "0").run(test)


def test_it_waits_for_a_reader_refuses_orders_and_falls_silent_at_its_end(
    start_twin: Callable[..., Twin], lines: list[bytes], tmp_path: Path
) -> None:
    short = lines[:300]
    wanted = [json.loads(frame)["data"] for frame in frames(short) if "@bookTicker" in frame]

    async def test(client: Client) -> None:
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1"}
        status, body = await client.signed("POST", "/api/v3/order", **order, price="60000")
        assert (status, body) == (400, {"code": -1013, "msg": "Market is closed."})
        info = await client.public("/api/v3/exchangeInfo")
        assert [symbol["symbol"] for symbol in info["symbols"]] == ["BTCUSDT"]
        async with client.stream("/ws") as other:
            answer = await other.ask('{"method":"SUBSCRIBE","params":["ethusdt@trade"],"id":1}')
            assert answer == {"result": None, "id": 1}
            async with client.stream("/ws/btcusdt@bookTicker/btcusdt@ticker/btcusdt@depth5") as socket:
                assert [await socket.next() for _ in wanted] == wanted
            # A later reader gets nothing more: the answer to its own request comes first.
            async with client.stream("/ws/btcusdt@bookTicker") as late:
                await late.ask('{"method":"LIST_SUBSCRIPTIONS","id":2}')
                assert len(late.seen) == 1

    twin = start_twin("--replay", str(written(short, tmp_path / "short.gz")), "--speed", "0")
    twin.run(test)
    kinds = [line["kind"] for line in twin.log("subscribe", "replay_start", "sent", "replay_end")]
    assert kinds[:3] == ["subscribe", "subscribe", "replay_start"]
    assert "sent" not in kinds[kinds.index("replay_end") :]
    (end,) = twin.log("replay_end")
    assert (end["frames"], end["sent"]) == (len(frames(short)), len(wanted))


def test_it_runs_so_many_times_faster_and_never_ahead(
    start_twin: Callable[..., Twin], lines: list[bytes], tmp_path: Path
) -> None:
    times = [int(line.partition(b" ")[0]) for line in lines if b'{"stream"' in line]
    wanted = next(number for number, time in enumerate(times) if time - times[0] > 10_000_000_000)

    async def test(client: Client) -> None:
        async with client.stream(PATH) as socket:
            for _ in range(wanted):
                await socket.next()

    for speed in (5.0, 20.0):
        twin = start_twin("--replay", str(written(lines, tmp_path / "session.gz")), "--speed", str(speed))
        twin.run(test)
        (begin,) = twin.log("replay_start")
        sent = twin.log("sent")[wanted - 1]
        passed_s = (sent["ts_ns"] - begin["ts_ns"]) / 1e9
        captured_s = (times[wanted - 1] - times[0]) / 1e9
        assert captured_s / speed <= passed_s <= captured_s / speed + 2.0


def test_a_replay_that_starts_at_once_does_not_wait(
    start_twin: Callable[..., Twin], lines: list[bytes], tmp_path: Path, until: Callable[..., Any]
) -> None:
    path = str(written(lines[:3000], tmp_path / "session.gz"))
    twin = start_twin("--replay", path, "--speed", "1000", "--replay-start", "now")
    until(lambda: b'"replay_end"' in twin.log_path.read_bytes())
    (end,) = twin.log("replay_end")
    assert (end["frames"], end["sent"]) == (2999, 0)


def test_a_session_of_several_symbols_with_answers_in_a_file_of_their_own(
    start_twin: Callable[..., Twin], captures: Callable[[str], Path]
) -> None:
    streams, answers = (str(captures(f"cryptofeed/binance_spot/BINANCE.{kind}")) for kind in ("ws.1.0", "http.0.0"))
    told = [json.loads(line.partition(": ")[2]) for line in Path(streams).read_text().splitlines()[1:] if line]
    snapshots = [line.partition(": ")[::2] for line in Path(answers).read_text().splitlines() if line]
    names = list(dict.fromkeys(frame["stream"] for frame in told))

    async def test(client: Client) -> None:
        async with client.stream(f"/stream?streams={'/'.join(names)}") as socket:
            assert [await socket.next() for _ in told] == told
        for address, text in snapshots:
            name, snapshot = address.partition("symbol=")[2].partition("&")[0], json.loads(text)
            book, last = levels(snapshot), snapshot["lastUpdateId"]
            for frame in told:
                if frame["stream"] == f"{name.lower()}@depth@100ms" and frame["data"]["u"] > last:
                    assert frame["data"]["U"] <= last + 1
                    apply(book, frame["data"])
                    last = frame["data"]["u"]
            found = await client.public("/api/v3/depth", symbol=name, limit=5000)
            assert found["lastUpdateId"] == last
            check_depth(found, book)
        info = await client.public("/api/v3/exchangeInfo", symbol="LRCBTC")
        assert (info["symbols"][0]["baseAsset"], info["symbols"][0]["quoteAsset"]) == ("LRC", "BTC")
        (one,) = await client.public("/api/v3/aggTrades", symbol="NKNUSDT")
        (captured,) = (f["data"] for f in told if f["stream"] == "nknusdt@aggTrade")
        assert one == {name: captured[name] for name in ("a", "p", "q", "f", "l", "T", "m", "M")}

    start_twin("--replay", streams, "--replay", answers, "--speed", "0").run(test)
