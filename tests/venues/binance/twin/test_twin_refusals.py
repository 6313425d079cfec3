"""Each refusal of the twin as python-binance and ccxt tell it: HTTP status, code, words, and ccxt's class of error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from witness import Witness

pytestmark = pytest.mark.third_party

REFUSALS: dict[str, tuple[int, int, str, str]] = {
    "bad signature": (400, -1022, "Signature for this request is not valid.", "AuthenticationError"),
    "unknown key": (401, -2015, "Invalid API-key, IP, or permissions for action.", "AuthenticationError"),
    "garbled key": (401, -2014, "API-key format invalid.", "AuthenticationError"),
    "old timestamp": (400, -1021, "Timestamp for this request is outside of the recvWindow.", "InvalidNonce"),
    "timestamp ahead": (
        400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.", "InvalidNonce",
    ),
    "insufficient balance": (
        400, -2010, "Account has insufficient balance for requested action.", "InsufficientFunds",
    ),
    "would trigger at once": (400, -2010, "Order would trigger immediately.", "OrderImmediatelyFillable"),
    "would match at once": (400, -2010, "Order would immediately match and take.", "OrderImmediatelyFillable"),
    "duplicate": (400, -2010, "Duplicate order sent.", "InvalidOrder"),
    "unknown symbol": (400, -1121, "Invalid symbol.", "BadSymbol"),
    "missing price": (
        400, -1102, "Mandatory parameter 'price' was not sent, was empty/null, or malformed.", "BadRequest",
    ),
    "unread parameter": (
        400, -1104, "Not all sent parameters were read; read '10' parameter(s) but was sent '11'.", "BadRequest",
    ),
    "unknown side": (400, -1117, "Invalid side.", "BadRequest"),
    "unknown time in force": (400, -1115, "Invalid timeInForce.", "BadRequest"),
    "too precise": (400, -1111, "Parameter 'price' has too much precision.", "BadRequest"),
    "cancel unknown order": (400, -2011, "Unknown order sent.", "OrderNotFound"),
    "query unknown order": (400, -2013, "Order does not exist.", "OrderNotFound"),
    "cancel all of none": (400, -2011, "Unknown order sent.", "OrderNotFound"),
    "PRICE_FILTER": (400, -1013, "Filter failure: PRICE_FILTER", "InvalidOrder"),
    "LOT_SIZE": (400, -1013, "Filter failure: LOT_SIZE", "InvalidOrder"),
    "NOTIONAL": (400, -1013, "Filter failure: NOTIONAL", "BadRequest"),
    "PERCENT_PRICE_BY_SIDE": (400, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE", "InvalidOrder"),
    "MARKET_LOT_SIZE": (400, -1013, "Filter failure: MARKET_LOT_SIZE", "InvalidOrder"),
    "ICEBERG_PARTS": (400, -1013, "Filter failure: ICEBERG_PARTS", "BadRequest"),
    "TRAILING_DELTA": (400, -1013, "Filter failure: TRAILING_DELTA", "BadRequest"),
    "MAX_NUM_ALGO_ORDERS": (400, -1013, "Filter failure: MAX_NUM_ALGO_ORDERS", "BadRequest"),
    "MAX_NUM_ICEBERG_ORDERS": (400, -1013, "Filter failure: MAX_NUM_ICEBERG_ORDERS", "BadRequest"),
    "MAX_POSITION": (400, -1013, "Filter failure: MAX_POSITION", "BadRequest"),
    "MAX_NUM_ORDERS": (400, -1013, "Filter failure: MAX_NUM_ORDERS", "BadRequest"),
    "MIN_NOTIONAL": (400, -1013, "Filter failure: MIN_NOTIONAL", "BadRequest"),
    "PERCENT_PRICE": (400, -1013, "Filter failure: PERCENT_PRICE", "BadRequest"),
}  # fmt: skip
WEIGHT, ORDERS = 60, 3
"""Limits that a script reaches soon: request weight a minute, orders in ten seconds."""


@pytest.fixture(scope="module")
def refused(witness: Callable[..., Witness]) -> Witness:
    return witness("refusals.py", "--rate", "20", "--symbols", "BTCUSDT,LTCUSDT,ETCUSDT")


@pytest.fixture(scope="module")
def banned(witness: Callable[..., Witness]) -> Witness:
    limits = ("--weight-per-minute", str(WEIGHT), "--orders-per-10s", str(ORDERS))
    return witness("banned.py", "--rate", "20", *limits)


def test_every_refusal_was_provoked(refused: Witness) -> None:
    assert set(refused.seen["python_binance"]) == set(refused.seen["ccxt"]) == set(REFUSALS)


@pytest.mark.parametrize("name", REFUSALS)
def test_python_binance_raises_status_code_and_words(refused: Witness, name: str) -> None:
    status, code, words, _ = REFUSALS[name]
    assert refused.seen["python_binance"][name] == {"refused": {"status": status, "code": code, "message": words}}


@pytest.mark.parametrize("name", REFUSALS)
def test_ccxt_raises_the_class_that_it_has_for_the_refusal(refused: Witness, name: str) -> None:
    assert refused.seen["ccxt"][name]["refused"]["class"] == REFUSALS[name][3]


def test_the_websocket_api_refuses_an_order_as_rest_does(refused: Witness) -> None:
    assert refused.seen["ws_api"]
    for name, answer in refused.seen["ws_api"].items():
        assert answer == refused.seen["python_binance"][name], name


def test_the_log_has_each_refusal_once_for_each_door_and_client(refused: Witness) -> None:
    answered = [(line["status"], line["code"]) for line in refused.log("answered") if line["code"] is not None]
    told = []
    for name, one in refused.seen["python_binance"].items():
        code = one["refused"]["status"], one["refused"]["code"]
        told += [code, code, code] if name in refused.seen["ws_api"] else [code, code]
    assert answered == told


def test_a_client_with_too_many_orders_is_told_the_limit(banned: Witness) -> None:
    refusal = banned.seen["order"]["refused"]
    assert (refusal["status"], refusal["code"]) == (429, -1015)
    assert refusal["message"] == f"Too many new orders; current limit is {ORDERS} orders per 10 SECOND."
    assert len(banned.orders) >= ORDERS
    assert banned.seen["ccxt"]["order"]["refused"]["class"] == "DDoSProtection"


def test_a_client_over_its_weight_is_told_when_to_come_back_and_then_banned(banned: Witness) -> None:
    told: list[dict[str, Any]] = banned.seen["weight"]
    *early, last = told
    assert early
    for refusal in early:
        assert (refusal["status"], refusal["code"]) == (429, -1003)
        assert refusal["message"] == (
            f"Too much request weight used; current limit is {WEIGHT} request weight per 1 MINUTE. "
            "Please use WebSocket Streams for live updates to avoid polling the API."
        )
        assert 1 <= int(refusal["retry_after"]) <= 60
    assert (last["status"], last["code"]) == (418, -1003)
    assert last["message"].startswith("Way too much request weight used; IP banned until ")
    assert int(last["retry_after"]) >= 119
    assert [line["status"] for line in banned.log("answered") if line["code"] == -1003][:-1] == [
        one["status"] for one in told
    ]


def test_a_ban_holds_for_every_client_of_the_address(banned: Witness) -> None:
    assert banned.seen["ccxt"]["banned"]["refused"]["class"] == "DDoSProtection"
    assert "418" in banned.seen["ccxt"]["banned"]["refused"]["message"]
