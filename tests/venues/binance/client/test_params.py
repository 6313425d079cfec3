"""What is sent is what was meant, to the digit, and what is signed is what is sent."""

from __future__ import annotations

import hashlib
import hmac
from decimal import Decimal
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from actors.secret import Secret
from venues.binance.client import MEMORY, Access, Credentials, HttpRequest, MemoryTransport, Rest, ServerClock
from venues.binance.client.endpoint import Endpoint
from venues.binance.client.endpoints.account import ORDER
from venues.binance.client.endpoints.market import EXCHANGE_INFO
from venues.binance.client.endpoints.orders import AMEND_ORDER_KEEP_PRIORITY, CANCEL_ORDER, PLACE_ORDER
from venues.binance.client.params import form, json_values
from venues.binance.client.signing import ws_payload

SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
NOW_MS = 1499827319559
ORDER_OF_THE_DOCUMENTS = {
    "side": "BUY",
    "type": "LIMIT",
    "time_in_force": "GTC",
    "quantity": "1",
    "price": "0.1",
}


def built(endpoint: Endpoint[Any], **given: Any) -> HttpRequest:
    clock = ServerClock(lambda: 0)
    clock.observe(0, 0, NOW_MS)
    access = Access(MEMORY, Credentials(Secret("key"), Secret(SECRET)))
    return Rest(MemoryTransport({}), lambda: access, clock).build(endpoint, given)


@pytest.mark.parametrize(
    ("symbol", "signature"),
    [
        ("LTCBTC", "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"),
        ("１２３４５６", "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"),
    ],
)
def test_an_order_is_built_and_signed_as_in_the_venues_examples(symbol: str, signature: str) -> None:
    request = built(PLACE_ORDER, symbol=symbol, **ORDER_OF_THE_DOCUMENTS)
    payload, _, last = request.body.decode().rpartition("&")
    assert last == f"signature={signature}"
    assert payload.endswith("&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559")
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("name", ["my order", "a+b", "a&b=c", "100%", "q?#/", "日本", "🐻", "a~b-c_d.e"])
def test_any_text_is_encoded_before_it_is_signed_and_arrives_as_it_was(name: str) -> None:
    request = built(ORDER, symbol="BTCUSDT", orig_client_order_id=name)
    query = urlsplit(request.url).query
    payload, _, signature = query.rpartition("&signature=")
    assert payload.isascii()
    assert hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).hexdigest() == signature
    assert dict(parse_qsl(query, strict_parsing=True))["origClientOrderId"] == name
    assert "+" not in query


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("0.00000001"), "0.00000001"),
        (Decimal("1E-8"), "0.00000001"),
        (Decimal("1E+3"), "1000"),
        (Decimal("52000.00"), "52000.00"),
        (Decimal("12345678901234567890.123456789"), "12345678901234567890.123456789"),
        ("0.10", "0.10"),
        (3, "3"),
        (True, "true"),
        (False, "false"),
        (Enum("Side", {"BUY": "BUY"}).BUY, "BUY"),
        (["BTCUSDT", "BNBBTC"], "%5B%22BTCUSDT%22%2C%22BNBBTC%22%5D"),
    ],
)
def test_values_are_written_to_the_digit(value: Any, written: str) -> None:
    assert form({"x": value}) == f"x={written}"


def test_a_float_is_refused_in_words_that_say_what_to_do() -> None:
    with pytest.raises(TypeError, match=r"quantity is a float \(0\.1\); expected a Decimal or a str"):
        form({"quantity": 0.1})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="quantity is a float"):
        json_values({"quantity": 0.1})  # type: ignore[dict-item]


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity")])
def test_what_is_no_number_is_refused(value: Decimal) -> None:
    with pytest.raises(ValueError, match="expected a number"):
        form({"quantity": value})


@pytest.mark.parametrize("value", [b"bytes", {"a": 1}, [1, 2], object()])
def test_what_has_no_form_is_refused(value: Any) -> None:
    for write in (form, json_values):
        with pytest.raises(TypeError, match="x is a"):
            write({"x": value})


def test_nothing_is_sent_of_what_is_none() -> None:
    assert "limit" not in built(ORDER, symbol="BTCUSDT", order_id=None, orig_client_order_id="a").url
    with pytest.raises(TypeError, match=r"order has no parameter 'limits'; it has symbol, order_id"):
        built(ORDER, symbol="BTCUSDT", limits=5)


def test_queries_and_cancels_have_their_parameters_in_the_query_and_orders_in_the_body() -> None:
    for endpoint in (ORDER, CANCEL_ORDER):
        request = built(endpoint, symbol="BTCUSDT", order_id=5)
        assert request.body == b""
        assert request.url.startswith("http://memory/api/v3/order?symbol=BTCUSDT&orderId=5&recvWindow=5000&timestamp=")
    for endpoint, given in ((PLACE_ORDER, {"side": "BUY"}), (AMEND_ORDER_KEEP_PRIORITY, {"new_qty": Decimal("0.5")})):
        request = built(endpoint, symbol="BTCUSDT", **given)
        assert "?" not in request.url
        assert request.body.startswith(b"symbol=BTCUSDT&")


def test_a_public_call_carries_neither_key_nor_time() -> None:
    request = built(EXCHANGE_INFO, symbols=["BTCUSDT"], show_permission_sets=False)
    assert request.url == "http://memory/api/v3/exchangeInfo?symbols=%5B%22BTCUSDT%22%5D&showPermissionSets=false"
    assert request.headers == {}


def test_the_websocket_api_has_decimals_as_text_and_all_else_as_json() -> None:
    values = json_values(
        {"price": Decimal("1E-8"), "limit": 5, "omitZeroBalances": True, "symbols": ("A", "B"), "symbol": None}
    )
    assert values == {"price": "0.00000001", "limit": 5, "omitZeroBalances": True, "symbols": ["A", "B"]}
    assert ws_payload({"b": True, "a": 1, "c": "ü&="}) == "a=1&b=true&c=ü&=".encode()
