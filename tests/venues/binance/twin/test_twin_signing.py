"""Signatures and timestamps as the venue documents them."""

from __future__ import annotations

import pytest

from venues.binance.twin.errors import VenueError
from venues.binance.twin.requests.signing import check_signature, check_time, rest_payload, sign, ws_payload

SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
TAIL = b"quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
HEAD = b"side=BUY&type=LIMIT&timeInForce=GTC"
NOW_US = 1_700_000_000_000_000


@pytest.mark.parametrize(
    ("query", "body", "expected"),
    [
        (
            b"symbol=LTCBTC&" + HEAD + b"&" + TAIL,
            b"",
            "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71",
        ),
        (
            b"symbol=LTCBTC&" + HEAD,
            TAIL,
            "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77",
        ),
        (
            b"symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&" + HEAD + b"&" + TAIL,
            b"",
            "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3",
        ),
    ],
    ids=["query", "query and body", "percent-encoded"],
)
def test_a_rest_request_is_signed_as_in_the_venues_examples(query: bytes, body: bytes, expected: str) -> None:
    assert sign(SECRET, rest_payload(query, body)) == expected
    assert rest_payload(query, body + b"&signature=abc" if body else b"") == query + body
    check_signature(SECRET, rest_payload(query, body), expected.upper())


def test_a_websocket_request_signs_its_sorted_parameters() -> None:
    params = {
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.01000000",
        "price": "52000.00",
        "recvWindow": 100,
        "timestamp": 1645423376532,
        "apiKey": "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
        "signature": "not part of it",
    }
    expected = "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24"
    assert sign(SECRET, ws_payload(params)) == expected


@pytest.mark.parametrize("age_ms", [-999, 0, 5000])
def test_a_timestamp_within_the_window_is_accepted_in_both_units(age_ms: int) -> None:
    check_time(str(NOW_US // 1000 - age_ms), None, NOW_US)
    check_time(str(NOW_US - age_ms * 1000), None, NOW_US)


@pytest.mark.parametrize(
    ("age_ms", "window", "code", "text"),
    [
        (5001, None, -1021, "outside of the recvWindow"),
        (-1000, None, -1021, "1000ms ahead"),
        (101, "100", -1021, "outside of the recvWindow"),
        (101, "100.999", -1021, "outside of the recvWindow"),
        (0, "60001", -1102, "Cannot be greater than 60000"),
        (0, "abc", -1100, "recvWindow"),
        (0, "5.1234", -1100, "recvWindow"),
    ],
)
def test_a_timestamp_outside_the_window_is_refused(age_ms: int, window: str | None, code: int, text: str) -> None:
    with pytest.raises(VenueError, match=text) as refused:
        check_time(str(NOW_US // 1000 - age_ms), window, NOW_US)
    assert refused.value.code == code


def test_a_window_may_have_decimals() -> None:
    check_time(str(NOW_US - 100_900), "100.999", NOW_US)
