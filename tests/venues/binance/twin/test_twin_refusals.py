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
WEIGHT = 60


@pytest.fixture(scope="module")
def refused(witness: Callable[..., Witness]) -> Witness:
    return witness("refusals.py", "--rate", "20", "--symbols", "BTCUSDT,LTCUSDT,ETCUSDT")


@pytest.fixture(scope="module")
def banned(witness: Callable[..., Witness]) -> Witness:
    return witness("banned.py", "--rate", "20", "--weight-per-minute", str(WEIGHT))


def test_every_refusal_was_provoked(refused: Witness) -> None:
    assert set(refused.seen["python_binance"]) == set(refused.seen["ccxt"]) == set(REFUSALS)


@pytest.mark.parametrize("name", REFUSALS)
def test_python_binance_raises_status_code_and_words(refused: Witness, name: str) -> None:
    status, code, words, _ = REFUSALS[name]
    assert refused.seen["python_binance"][name] == {"refused": {"status": status, "code": code, "message": words}}


@pytest.mark.parametrize("name", REFUSALS)
def test_ccxt_raises_the_class_that_it_has_for_the_refusal(refused: Witness, name: str) -> None:
    assert refused.seen["ccxt"][name]["refused"]["class"] == REFUSALS[name][3]


def test_the_log_has_each_refusal_twice_in_the_order_of_asking(refused: Witness) -> None:
    answered = [(line["status"], line["code"]) for line in refused.log("answered") if line["code"] is not None]
    told = [(one["refused"]["status"], one["refused"]["code"]) for one in refused.seen["python_binance"].values()]
    assert answered == [code for code in told for _ in range(2)]


def test_a_client_over_its_weight_is_told_when_to_come_back_and_then_banned(banned: Witness) -> None:
    told: list[dict[str, Any]] = banned.seen["python_binance"]
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
