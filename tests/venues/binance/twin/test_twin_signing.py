"""Signatures and timestamps as the venue documents them."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding

from venues.binance.twin.errors import VenueError
from venues.binance.twin.requests.keys import new_secret, verifier
from venues.binance.twin.requests.signing import check_time, rest_payload, ws_payload

SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
TAIL = b"quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
HEAD = b"side=BUY&type=LIMIT&timeInForce=GTC"
NOW_US = 1_700_000_000_000_000
REST_VECTORS = {
    "query": (
        SECRET,
        b"symbol=LTCBTC&" + HEAD + b"&" + TAIL,
        b"",
        "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71",
    ),
    "query and body": (
        SECRET,
        b"symbol=LTCBTC&" + HEAD,
        TAIL,
        "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77",
    ),
    "percent-encoded": (
        SECRET,
        b"symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&" + HEAD + b"&" + TAIL,
        b"",
        "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3",
    ),
    "the futures' example": (
        "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9",
        b"symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000",
        b"&timestamp=1591702613943",
        "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9",
    ),
}


@pytest.mark.parametrize(("secret", "query", "body", "expected"), REST_VECTORS.values(), ids=REST_VECTORS)
def test_a_rest_request_is_signed_as_in_the_venues_examples(
    secret: str, query: bytes, body: bytes, expected: str
) -> None:
    kind, verify = verifier(secret)
    assert kind == "HMAC"
    assert verify(rest_payload(query, body), expected)
    assert verify(rest_payload(query, body), expected.upper())
    assert not verify(rest_payload(query, body), expected[:-1] + "0")
    assert not verify(rest_payload(query + b"0", body), expected)
    signed = b"&signature=abc"
    assert rest_payload(query, body + signed if body else b"") == query + body
    assert rest_payload(query + signed, body) == query + body


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
    assert verifier(SECRET)[1](ws_payload(params), expected)


@pytest.mark.parametrize("part", [b"symbol=\xef\xbc\x91", b"symbol=a b", b'symbols=["A"]', b"symbol=100%", b"s=%zz"])
def test_what_is_not_percent_encoded_has_no_valid_signature(part: bytes) -> None:
    for query, body in ((part, b""), (b"", part), (b"timestamp=1", part)):
        with pytest.raises(VenueError, match="-1022"):
            rest_payload(query, body)


def test_an_ed25519_signature_is_base64_in_its_own_case() -> None:
    secret = new_secret("ED25519")
    private = serialization.load_pem_private_key(secret.encode(), None)
    assert isinstance(private, ed25519.Ed25519PrivateKey)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signature = base64.b64encode(private.sign(b"payload")).decode()
    for told in (secret, public.decode()):
        kind, verify = verifier(told)
        assert kind == "ED25519"
        assert verify(b"payload", signature)
        for wrong in (signature.swapcase(), signature[4:], "not base64", "", "ab" * 32):
            assert not verify(b"payload", wrong)
        assert not verify(b"another", signature)


def test_an_rsa_signature_is_pkcs1_over_sha256() -> None:
    secret = new_secret("RSA")
    private = serialization.load_pem_private_key(secret.encode(), None)
    signature = private.sign(b"payload", padding.PKCS1v15(), hashes.SHA256())  # type: ignore[union-attr, call-arg, arg-type]
    kind, verify = verifier(secret)
    assert kind == "RSA"
    assert verify(b"payload", base64.b64encode(signature).decode())
    assert not verify(b"another", base64.b64encode(signature).decode())


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
        (0, "60000.001", -1102, "Cannot be greater than 60000"),
        (0, "abc", -1100, "recvWindow"),
        (0, "5.1234", -1100, "recvWindow"),
        (0, "-5", -1100, "recvWindow"),
    ],
)
def test_a_timestamp_outside_the_window_is_refused(age_ms: int, window: str | None, code: int, text: str) -> None:
    with pytest.raises(VenueError, match=text) as refused:
        check_time(str(NOW_US // 1000 - age_ms), window, NOW_US)
    assert refused.value.code == code


def test_a_window_may_have_decimals() -> None:
    check_time(str(NOW_US - 100_900), "100.999", NOW_US)
    check_time(str(NOW_US - 59_000_000), "60000", NOW_US)
