"""What the venue's own libraries give as examples becomes messages. Real sessions stand in test_sessions.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bus.messages import Fill, OrderEvent, OrderEventKind, Source
from venues.binance.client.payloads import Account, AccountTrade, Depth, ExchangeInfo, OrderBody
from venues.binance.mapping.account import balances_of, execution_report, fill_of, messages_of
from venues.binance.mapping.instruments import instruments_of
from venues.binance.mapping.market_data import delta_of, quote_of, snapshot_of, trade_of
from venues.binance.mapping.orders import order_report

Find = Callable[[str], Path]
DECIMALS = {
    "price": "1.5", "qty": "2", "commission": "0.1", "free": "1", "locked": "0", "origQty": "1", "executedQty": "1",
    "b": "1", "B": "2", "a": "3", "A": "4", "p": "1", "q": "2",
}  # fmt: skip
"""The connector's examples leave quoted decimals out; the documents have them."""


def examples(captures: Find, name: str) -> dict[str, Any]:
    content = json.loads(captures(f"binance_connector_examples/binance_spot/{name}.json").read_text())
    return {key: value["example"] for key, value in content.items()}


def completed(example: Any, *names: str) -> bytes:
    if isinstance(example, list):
        return b"[" + b",".join(completed(one, *names) for one in example) + b"]"
    return msgspec.json.encode({**{name: DECIMALS[name] for name in names}, **example})


def test_every_order_answer_of_the_connector_is_read(captures: Find) -> None:
    rest, wsapi = examples(captures, "rest"), examples(captures, "wsapi")
    answers = [rest[f"{verb} /api/v3/order"] for verb in ("GET", "POST", "DELETE")]
    answers += rest["GET /api/v3/allOrders"] + rest["GET /api/v3/openOrders"]
    answers += [wsapi[name]["result"] for name in ("order.place", "order.cancel", "order.status")]
    answers += wsapi["openOrders.status"]["result"] + wsapi["allOrders"]["result"]
    for answer in answers:
        if "fills" in answer:
            answer["fills"] = json.loads(completed(answer["fills"], "price", "qty", "commission"))
        body = msgspec.json.decode(msgspec.json.encode(answer), type=OrderBody)
        event = order_report(body, OrderEventKind.REPORT, Source.QUERY, "BINANCE", f"{body.symbol}.BINANCE", 1)
        assert event.venue_order_id == str(answer["orderId"])
        assert event.client_order_id == answer.get("origClientOrderId", answer["clientOrderId"])
        assert event.ts_event > 0


def test_fills_balances_depth_and_instruments_of_the_connector_are_read(captures: Find) -> None:
    rest = examples(captures, "rest")
    trades = msgspec.json.decode(
        completed(rest["GET /api/v3/myTrades"], "price", "qty", "commission"), type=list[AccountTrade]
    )
    assert [fill_of(trade, "BINANCE", "X.BINANCE", 1).trade_id for trade in trades] == ["28457"]
    account = rest["GET /api/v3/account"]
    account["balances"] = json.loads(completed(account["balances"], "free", "locked"))
    balances = balances_of(msgspec.json.decode(msgspec.json.encode(account), type=Account), "BINANCE", 1)
    assert [balance.asset for balance in balances] == [one["asset"] for one in account["balances"]]
    assert all(balance.free > 0 for balance in balances)
    depth = msgspec.json.decode(msgspec.json.encode(rest["GET /api/v3/depth"]), type=Depth, strict=False)
    assert snapshot_of(depth, "X.BINANCE", 100, 1).best_bid == 4.0
    info = msgspec.json.decode(msgspec.json.encode(rest["GET /api/v3/exchangeInfo"]), type=ExchangeInfo)
    found, unreadable = instruments_of(info, "BINANCE", 1)
    assert list(found) == ["ETHBTC.BINANCE"]
    assert not unreadable


def test_stream_examples_of_the_connector_are_read(captures: Find) -> None:
    streams = examples(captures, "ws")
    assert quote_of(completed(streams["<symbol>@bookTicker"], "b", "B", "a", "A"), "X.B", 1).seq == 400900217
    assert trade_of(completed(streams["<symbol>@trade"], "p", "q"), "X.B", 1).trade_id == "12345"
    assert delta_of(msgspec.json.encode(streams["<symbol>@depth@<updateSpeed>"]), "X.B", 1).prev_seq == 156


def test_an_example_without_its_prices_is_refused_and_not_read_as_zero(captures: Find) -> None:
    example = examples(captures, "ws")["<symbol>@bookTicker"]
    with pytest.raises(msgspec.ValidationError, match="missing required field"):
        quote_of(msgspec.json.encode(example), "X.B", 1)


def test_execution_reports_of_other_systems_fixtures_are_read(captures: Find) -> None:
    files = sorted(captures("nautilus/binance_v1/ws_messages").glob("ws_spot_execution_report_*.json"))
    assert len(files) > 10
    for file in files:
        data = json.loads(file.read_text())["data"]
        messages = messages_of(execution_report(msgspec.json.encode(data)), "BINANCE", "X.BINANCE", 1)
        assert isinstance(messages[-1], OrderEvent), file.name
        assert messages[-1].venue_order_id == str(data["i"]), file.name
        fills = [message for message in messages if isinstance(message, Fill)]
        has_fill = data["x"] == "TRADE" and data["t"] >= 0 and float(data["l"]) > 0 and float(data["L"]) > 0
        assert len(fills) == has_fill, file.name
