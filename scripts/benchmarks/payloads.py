"""What it takes to read a payload of Binance Spot and to make messages of it, beside ``json.loads`` of the same bytes.

    python scripts/benchmarks/payloads.py [--rounds N] [--json]

Times are microseconds, the least of many short rounds, in which all that is compared takes turns: other work on the
machine then falls on all alike. ``to json`` is parse and map over ``json.loads`` of the same run. Payloads are those of
recorded sessions where the captures are (TRADEFLOOR_CAPTURES, else ../shared/fixtures), else the documents' examples;
an exchangeInfo of 1,400 symbols is made from one.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)  # wherever it is started from

from bus.messages import OrderEventKind, Source  # noqa: E402
from venues.binance.client.payloads import (  # noqa: E402
    BookTicker,
    DepthUpdate,
    ExchangeInfo,
    ExecutionReport,
    OrderBody,
    StreamKlineEvent,
    StreamMessage,
    StreamTrade,
    user_event,
)
from venues.binance.mapping.account import messages_of  # noqa: E402
from venues.binance.mapping.bars import bar_of  # noqa: E402
from venues.binance.mapping.instruments import instruments_of  # noqa: E402
from venues.binance.mapping.market_data import delta_of, quote_of, trade_of  # noqa: E402
from venues.binance.mapping.orders import order_report  # noqa: E402

ROUND_S = 0.004
"""How long one turn takes: short beside what the scheduler gives, so that some turns are undisturbed."""
SYMBOLS = 1400
NAME = "X.BINANCE"

TICKER = b'{"u":400900217,"s":"BNBUSDT","b":"25.35190000","B":"31.21000000","a":"25.36520000","A":"40.66000000"}'
TRADE = (
    b'{"e":"trade","E":1672515782136,"s":"BNBBTC","t":12345,"p":"0.001","q":"100","T":1672515782136,"m":true,"M":true}'
)
DEPTH = (
    b'{"e":"depthUpdate","E":1672515782136,"s":"BNBBTC","U":157,"u":160,"b":[["0.0024","10"]],"a":[["0.0026","100"]]}'
)
KLINE = (
    b'{"e":"kline","E":1672515782136,"s":"BNBBTC","k":{"t":1672515780000,"T":1672515839999,"s":"BNBBTC","i":"1m",'
    b'"f":100,"L":200,"o":"0.0010","c":"0.0020","h":"0.0025","l":"0.0015","v":"1000","n":100,"x":false,"q":"1.0000",'
    b'"V":"500","Q":"0.500","B":"123456"}}'
)
REPORT = (
    b'{"e":"executionReport","E":1499405658658,"s":"ETHBTC","c":"mUvoqJxFIILMdfAW5iGSOW","S":"BUY","o":"LIMIT",'
    b'"f":"GTC","q":"1.00000000","p":"0.10264410","P":"0.00000000","F":"0.00000000","g":-1,"C":"","x":"TRADE",'
    b'"X":"FILLED","r":"NONE","i":4293153,"l":"1.00000000","z":"1.00000000","L":"0.10264410","n":"0.00100000",'
    b'"N":"ETH","T":1499405658657,"t":77,"I":8641984,"w":false,"m":false,"M":false,"O":1499405658657,'
    b'"Z":"0.10264410","Y":"0.10264410","Q":"0.00000000","W":1499405658657,"V":"NONE"}'
)
ACK = (
    b'{"symbol":"BTCUSDT","orderId":28,"orderListId":-1,"clientOrderId":"6gCrw2kRUAF9CvJDGP16IP",'
    b'"transactTime":1507725176595}'
)
ORDER = (
    b'{"symbol":"LTCBTC","orderId":1,"orderListId":-1,"clientOrderId":"myOrder1","price":"0.1","origQty":"1.0",'
    b'"executedQty":"0.0","cummulativeQuoteQty":"0.0","status":"NEW","timeInForce":"GTC","type":"LIMIT","side":"BUY",'
    b'"stopPrice":"0.0","icebergQty":"0.0","time":1499827319559,"updateTime":1499827319559,"isWorking":true,'
    b'"workingTime":1499827319559,"origQuoteOrderQty":"0.000000","selfTradePreventionMode":"NONE"}'
)
SYMBOL = {
    "symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "baseAssetPrecision": 8, "quoteAsset": "USDT",
    "quotePrecision": 8, "quoteAssetPrecision": 8, "icebergAllowed": True, "ocoAllowed": True,
    "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"],
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01000000", "maxPrice": "1000000.00", "tickSize": "0.01000000"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001000", "maxQty": "9000.00000000", "stepSize": "0.00001000"},
        {"filterType": "MARKET_LOT_SIZE", "minQty": "0.00000000", "maxQty": "100.00", "stepSize": "0.00000000"},
        {"filterType": "NOTIONAL", "minNotional": "5.00000000", "maxNotional": "9000000.00", "avgPriceMins": 5},
        {"filterType": "ICEBERG_PARTS", "limit": 100}, {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
    ],
    "permissions": [], "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One kind of payload: its bytes, what reads them, and what makes messages of them."""

    name: str
    raw: bytes
    parse: Callable[[bytes], Any]
    parse_and_map: Callable[[bytes], Any]


def captured(name: str) -> Path | None:
    """Return a capture's path, or None where it is not there."""
    folder = Path(os.environ.get("TRADEFLOOR_CAPTURES") or ROOT.parent / "shared" / "fixtures")
    path = folder / name
    return path if path.exists() else None


def session() -> dict[str, bytes]:
    """Return one payload of each stream of a recorded session: that of the middling length."""
    path = captured("hftbacktest/binance_spot/btcusdt_20240808.gz")
    found: dict[str, list[bytes]] = {}
    if path is not None:
        with gzip.open(path, "rb") as file:
            for _, line in zip(range(4000), file, strict=False):
                raw = line.partition(b" ")[2]
                if raw.startswith(b'{"stream"'):
                    frame = msgspec.json.decode(raw, type=StreamMessage)
                    found.setdefault(frame.stream.partition("@")[2], []).append(bytes(frame.data))
    return {kind: sorted(payloads, key=len)[len(payloads) // 2] for kind, payloads in found.items()}


def exchange_info() -> bytes:
    """Return a real exchangeInfo, cut to `SYMBOLS`, or one that is made."""
    path = captured("cryptofeed/binance_spot/BINANCE.0")
    if path is None:
        content: dict[str, Any] = {"timezone": "UTC", "serverTime": 1, "symbols": [SYMBOL] * SYMBOLS}
    else:
        line = next(line for line in path.read_text().splitlines() if "exchangeInfo" in line)
        content = json.loads(line.partition(": ")[2])
        content["symbols"] = content["symbols"][:SYMBOLS]
    return json.dumps(content, separators=(",", ":")).encode()


def cases() -> list[Case]:
    """Return what is measured."""
    real = session()
    observed = {kind: msgspec.json.Decoder(kind, strict=False).decode for kind in
                (BookTicker, StreamTrade, DepthUpdate, StreamKlineEvent)}  # fmt: skip
    order, info = msgspec.json.Decoder(OrderBody).decode, msgspec.json.Decoder(ExchangeInfo).decode

    def report_messages(raw: bytes) -> Any:
        event = user_event(raw)
        assert isinstance(event, ExecutionReport)
        return messages_of(event, "BINANCE", NAME, 1, raw=raw)

    def order_event(raw: bytes) -> Any:
        return order_report(order(raw), OrderEventKind.ACCEPTED, Source.ANSWER, "BINANCE", NAME, 1)

    ticker, depth = real.get("bookTicker", TICKER), real.get("depth@100ms", DEPTH)
    return [
        Case("bookTicker", ticker, observed[BookTicker], lambda raw: quote_of(raw, NAME, 1)),
        Case("trade", real.get("trade", TRADE), observed[StreamTrade], lambda raw: trade_of(raw, NAME, 1)),
        Case("depth delta", depth, observed[DepthUpdate], lambda raw: delta_of(raw, NAME, 1)),
        Case("kline", KLINE, observed[StreamKlineEvent], lambda raw: bar_of(raw, NAME, 1)),
        Case("executionReport", REPORT, user_event, report_messages),
        Case("order ACK", ACK, order, order_event),
        Case("order query", ORDER, order, order_event),
        Case(f"exchangeInfo {SYMBOLS}", exchange_info(), info, lambda raw: instruments_of(info(raw), "BINANCE", 1)),
    ]


def measured(case: Case, rounds: int) -> dict[str, float]:
    """Return the least time of each way, in microseconds."""
    ways = {"json_loads": json.loads, "parse": case.parse, "parse_and_map": case.parse_and_map}
    counts = {name: max(1, int(ROUND_S / elapsed_s(way, case.raw, 1))) for name, way in ways.items()}
    least = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            least[name] = min(least[name], elapsed_s(way, case.raw, counts[name]) / counts[name])
    return {name: value * 1e6 for name, value in least.items()}


def elapsed_s(way: Callable[[bytes], Any], raw: bytes, count: int) -> float:
    """Return how long `count` calls take."""
    began = time.perf_counter()
    for _ in range(count):
        way(raw)
    return time.perf_counter() - began


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40, help="turns of each way; more are steadier (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON and no table")
    options = parser.parse_args(arguments)
    found = {case.name: {"bytes": len(case.raw), **measured(case, options.rounds)} for case in cases()}
    for times in found.values():
        times["to_json"] = times["parse_and_map"] / times["json_loads"]
    if options.json:
        print(json.dumps(found))
        return 0
    print(f"{'payload':18} {'bytes':>9} {'json.loads':>12} {'parse':>10} {'parse, map':>12} {'to json':>8}")
    for name, times in found.items():
        print(
            f"{name:18} {times['bytes']:9d} {times['json_loads']:12.2f} {times['parse']:10.2f}"
            f" {times['parse_and_map']:12.2f} {times['to_json']:8.2f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
