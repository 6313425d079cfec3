"""Keys of every type and what they may do; a revoked one; accounts apart; what the machines in front refuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from twin_admin import Refused
from twin_client import Client, Twin, now_ms

LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "50000",
}
REFUSED = {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}


@pytest.fixture
def keys(shared_twin: Twin) -> Iterator[Twin]:
    """The shared twin; orders are canceled afterwards."""
    yield shared_twin

    async def clean(client: Client) -> None:
        await client.signed("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")

    shared_twin.run(clean)


@pytest.mark.parametrize("kind", ["HMAC", "ED25519", "RSA"])
def test_a_key_of_each_type_signs_on_both_doors(keys: Twin, kind: str) -> None:
    async def test(client: Client) -> None:
        mine = client.by(keys.admin.post("keys", type=kind))
        status, body = await mine.signed("POST", "/api/v3/order", **LIMIT)
        assert status == 200, body
        _, orders = await client.signed("GET", "/api/v3/openOrders", symbol="BTCUSDT")
        assert body["orderId"] in [order["orderId"] for order in orders]
        async with mine.api() as socket:
            answer = await socket.ask(mine.request("order.cancel", symbol="BTCUSDT", orderId=body["orderId"]))
            assert answer["status"] == 200, answer
            assert (await socket.ask(mine.request("userDataStream.subscribe.signature")))["status"] == 200
        query = f"timestamp={now_ms()}"
        wrong = mine.sign(query + "0").replace("+", "%2B")
        status, body, _ = await mine.send("GET", "/api/v3/account", f"{query}&signature={wrong}")
        assert (status, body["code"]) == (400, -1022)

    keys.run(test)


def test_a_public_key_can_be_brought_and_its_private_one_stays_at_home(keys: Twin) -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()

    async def test(client: Client) -> None:
        key = keys.admin.post("keys", public_key=public.decode())
        assert (key["type"], key["api_secret"]) == ("ED25519", "")
        assert (await client.by(key | {"api_secret": pem}).signed("GET", "/api/v3/account"))[0] == 200

    keys.run(test)
    with pytest.raises(Refused, match="public_key"):
        keys.admin.post("keys", public_key="-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----")


@pytest.mark.parametrize("permissions", [["USER_DATA"], ["TRADE"], ["USER_STREAM"], []])
def test_a_key_may_do_what_it_is_allowed_and_nothing_else(keys: Twin, permissions: list[str]) -> None:
    async def test(client: Client) -> None:
        mine = client.by(keys.admin.post("keys", permissions=permissions))
        for permission, method, path in (
            ("USER_DATA", "GET", "/api/v3/account"),
            ("TRADE", "POST", "/api/v3/order"),
            ("TRADE", "POST", "/api/v3/order/test"),
        ):
            status, body = await mine.signed(method, path, **(LIMIT if permission == "TRADE" else {}))
            assert status == (200 if permission in permissions else 401)
            assert permission in permissions or body == REFUSED
        async with mine.api() as socket:
            answer = await socket.ask(mine.request("userDataStream.subscribe.signature"))
            assert answer["status"] == (200 if "USER_STREAM" in permissions else 401)

    keys.run(test)


def test_a_key_of_some_addresses_is_refused_from_others(keys: Twin) -> None:
    async def test(client: Client) -> None:
        mine = client.by(keys.admin.post("keys", addresses=["127.0.0.2"]))
        assert await mine.signed("GET", "/api/v3/account") == (401, REFUSED)
        there = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))
        async with aiohttp.ClientSession(connector=there) as session:
            assert (await Client(mine.greeting, session).signed("GET", "/api/v3/account"))[0] == 200

    keys.run(test)


def test_accounts_do_not_see_each_other(keys: Twin) -> None:
    async def test(client: Client) -> None:
        other = client.by(keys.admin.post("accounts", balances={"USDT": "600"}))
        placed = await other.order(**LIMIT, newClientOrderId="same")
        mine = await client.order(**LIMIT, newClientOrderId="same")
        assert placed["orderId"] != mine["orderId"]
        status, body = await client.signed("GET", "/api/v3/order", symbol="BTCUSDT", orderId=placed["orderId"])
        assert (status, body["code"]) == (400, -2013)
        status, body = await other.signed("POST", "/api/v3/order", **LIMIT)
        assert body["msg"] == "Account has insufficient balance for requested action."
        state = keys.admin.state()["accounts"][other.greeting["api_key"]]
        assert state["balances"]["USDT"] == {"free": "100.00000000", "locked": "500.00000000"}
        assert [order["clientOrderId"] for order in state["open_orders"]] == ["same"]

    keys.run(test)


def test_a_revoked_key_is_refused_everywhere_and_its_subscription_ends(keys: Twin) -> None:
    async def test(client: Client) -> None:
        mine = client.by(keys.admin.post("keys"))
        async with mine.api() as socket, client.api() as other:
            await socket.ask(mine.request("userDataStream.subscribe.signature"))
            await other.ask(client.request("userDataStream.subscribe.signature"))
            keys.admin.post("revoke", api_key=mine.greeting["api_key"])
            assert (await socket.next())["event"]["e"] == "eventStreamTerminated"
            assert await mine.signed("GET", "/api/v3/account") == (401, REFUSED)
            answer = await socket.ask(mine.request("account.status"))
            assert (answer["status"], answer["error"]) == (401, REFUSED)
            await client.order(**LIMIT)
            assert (await other.next())["event"]["e"] == "executionReport"

    keys.run(test)


def test_a_signature_over_what_is_not_percent_encoded_is_refused(keys: Twin) -> None:
    async def test(client: Client) -> None:
        body = f"symbol=BTCUSDT&newClientOrderId=\u00e9&timestamp={now_ms()}"
        status, answer, _ = await client.send("DELETE", "/api/v3/order", "", f"{body}&signature={client.sign(body)}")
        assert (status, answer["code"]) == (400, -1022)
        encoded = body.replace("\u00e9", "%C3%A9")
        after = f"{encoded}&signature={client.sign(body)}"
        assert (await client.send("DELETE", "/api/v3/order", after))[1]["code"] == -1022
        before = f"{encoded}&signature={client.sign(encoded)}"
        assert (await client.send("DELETE", "/api/v3/order", before))[1]["code"] == -1100

    keys.run(test)


def test_times_are_taken_in_both_units_and_parameters_from_both_places(keys: Twin) -> None:
    async def test(client: Client) -> None:
        for stamp in (now_ms(), now_ms() * 1000):
            assert (await client.signed("GET", "/api/v3/account", timestamp=stamp, recvWindow="5000.125"))[0] == 200
        query, body = f"symbol=BTCUSDT&timestamp={now_ms()}", "symbol=NOPE&side=BUY"
        signed = f"{body}&signature={client.sign(query + body)}"
        _, answer, _ = await client.send("POST", "/api/v3/order/test", query, signed)
        assert answer["code"] == -1102, "the query's symbol wins, and then the type is missing"
        assert "'type'" in answer["msg"]

    keys.run(test)


def test_what_no_endpoint_serves_is_refused_by_who_stands_there(keys: Twin) -> None:
    async def test(client: Client) -> None:
        cases: list[tuple[str, str, str, int, Any]] = [
            ("GET", "/api/v3/nowhere", "", 404, -1000),
            ("POST", "/api/v3/time", "", 405, -1020),
            ("PATCH", "/api/v3/order", "", 405, -1020),
            ("GET", "/ws-api/v3", "", 404, -1000),
            ("GET", "/api/v3/depth", "symbol=BTCUSDT%20UNION%20SELECT%201", 403, None),
            ("GET", "/api/v3/depth", "symbol=x;drop+table+orders", 403, None),
        ]
        for method, path, query, status, code in cases:
            got, body, headers = await client.send(method, path, query)
            assert got == status, (path, body)
            if code is None:
                assert headers["Content-Type"].startswith("text/html")
                assert "403 Forbidden" in body
            else:
                assert body["code"] == code
        assert (await client.send("GET", "/api/v3/time", headers={"X-MBX-TIME-UNIT": "HOUR"}))[1]["code"] == -1194

    keys.run(test)


def test_an_order_in_a_wrong_time_unit_is_refused_before_it_is_placed(keys: Twin) -> None:
    async def test(client: Client) -> None:
        query = urlencode(LIMIT | {"timestamp": now_ms(), "newClientOrderId": "unit"})
        wrong = {"X-MBX-TIME-UNIT": "HOUR"}
        signed = f"{query}&signature={client.sign(query)}"
        status, body, _ = await client.send("POST", "/api/v3/order", signed, headers=wrong)
        assert (status, body["code"]) == (400, -1194)
        status, _ = await client.signed("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="unit")
        assert status == 400

    keys.run(test)
