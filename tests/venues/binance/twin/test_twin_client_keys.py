"""python-binance and ccxt, unmodified, sign with HMAC, Ed25519 and RSA keys, and ask for microseconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twin_client import CLIENT_SCRIPTS, ForeignEnvironment, Twin
from witness import Witness

pytestmark = pytest.mark.third_party

TYPES = ("HMAC", "ED25519", "RSA")
MICROSECONDS_FROM = 10**15


@pytest.fixture(scope="module")
def saw(start_twin: Callable[..., Twin], clients_env: ForeignEnvironment) -> Witness:
    twin = start_twin("--rate", "100")
    keys = {kind: twin.admin.post("keys", type=kind) for kind in TYPES}
    seen = clients_env.run(CLIENT_SCRIPTS / "keys.py", twin.greeting | {"keys": keys}, 60)
    return Witness(seen | {"keys": keys}, twin.log())


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", ["get", "post", "delete", "ws_api", "ws_cancel"])
def test_python_binance_is_heard_with_a_key_of_each_type(saw: Witness, kind: str, name: str) -> None:
    answer = saw.seen[kind]["python_binance"][name]
    assert answer
    assert "refused" not in answer


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", ["get", "post", "delete"])
def test_ccxt_is_heard_with_a_key_of_each_type(saw: Witness, kind: str, name: str) -> None:
    answer = saw.seen[kind]["ccxt"][name]
    assert answer
    assert "refused" not in answer


@pytest.mark.parametrize("kind", TYPES)
def test_the_accounts_events_come_to_a_key_of_each_type(saw: Witness, kind: str) -> None:
    event = saw.seen[kind]["python_binance"]["event"]
    assert event in saw.events
    assert event["i"] == saw.seen[kind]["python_binance"]["post"]["orderId"]


def test_nothing_was_refused(saw: Witness) -> None:
    assert [line for line in saw.log("answered") if line["status"] != 200] == []
    assert len(saw.orders) == len(TYPES) * 3


def test_times_come_in_microseconds_to_who_asks_for_them(saw: Witness) -> None:
    seen: dict[str, Any] = saw.seen["microseconds"]
    times = [seen["time"]["serverTime"], seen["ws_time"]["serverTime"], seen["trade"]["E"], seen["trade"]["T"]]
    assert min(times) > MICROSECONDS_FROM
