"""An address of a venue that is configured: encrypted, or on this host."""

from __future__ import annotations

import pytest

from venues.addresses import address_problem


@pytest.mark.parametrize(
    ("address", "scheme"),
    [
        ("https://api4.binance.com", "https"),
        ("wss://ws-api.binance.com:443/ws-api/v3", "wss"),
        ("http://127.0.0.1:8080", "https"),
        ("ws://localhost:8080/ws-api/v3", "wss"),
        ("ws://[::1]:8080", "wss"),
    ],
)
def test_what_is_encrypted_or_stays_on_this_host_is_an_address(address: str, scheme: str) -> None:
    assert address_problem(address, scheme) == ""


@pytest.mark.parametrize(
    ("address", "scheme"),
    [
        ("http://api.binance.com", "https"),
        ("ws://10.0.0.1:9443", "wss"),
        ("ws://127.0.0.1.example.com", "wss"),
        ("https://api.binance.com", "wss"),
        ("https://api.binance.com/", "https"),
        ("https://api.binance.com?x=1", "https"),
        ("https://user:secret@api.binance.com", "https"),
        ("https://api.binance.com:port", "https"),
        ("api.binance.com", "https"),
        ("", "https"),
    ],
)
def test_a_key_is_sent_nowhere_in_the_clear(address: str, scheme: str) -> None:
    assert "expected" in address_problem(address, scheme)
