"""Sessions of the WebSocket API: logging on by Ed25519, what may then be left out, subscriptions, and their ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twin_client import Client, Socket, Twin, now_ms

ORDER = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "50000",
}


@pytest.fixture
def venue(shared_twin: Twin) -> Iterator[Twin]:
    """The shared twin, with its own rules again afterwards."""
    rules = shared_twin.admin.rules()
    yield shared_twin
    shared_twin.admin.rules(**rules)


async def ask(socket: Socket, client: Client, method: str, **params: Any) -> Any:
    """An answer to a request without a key or a signature."""
    return await socket.ask(client.request(method, 1, signed=False, **params))


def test_a_session_is_logged_on_once_and_signs_no_more(venue: Twin) -> None:
    async def test(client: Client) -> None:
        key = venue.admin.post("keys", type="ED25519")
        mine = client.by(key)
        async with mine.api() as socket:
            before = (await ask(socket, mine, "session.status"))["result"]
            assert (before["apiKey"], before["authorizedSince"], before["userDataStream"]) == (None, None, False)
            assert (await ask(socket, mine, "account.status", timestamp=now_ms()))["error"]["code"] == -1102
            logon = await socket.ask(mine.request("session.logon"))
            result = logon["result"]
            assert list(result) == [
                "apiKey", "authorizedSince", "connectedSince", "returnRateLimits", "serverTime", "userDataStream",
            ]  # fmt: skip
            assert result["apiKey"] == key["api_key"]
            assert result["connectedSince"] <= result["authorizedSince"] <= result["serverTime"]
            assert (await ask(socket, mine, "account.status", timestamp=now_ms()))["status"] == 200
            placed = await ask(socket, mine, "order.place", timestamp=now_ms(), **ORDER)
            assert [limit["rateLimitType"] for limit in placed["rateLimits"]] == ["ORDERS", "ORDERS", "REQUEST_WEIGHT"]
            late = await ask(socket, mine, "account.status", timestamp=now_ms() - 9000)
            assert late["error"]["code"] == -1021
            missing = await ask(socket, mine, "account.status")
            assert "'timestamp'" in missing["error"]["msg"]
            out = (await ask(socket, mine, "session.logout"))["result"]
            assert (out["apiKey"], out["authorizedSince"]) == (None, None)
            assert (await ask(socket, mine, "account.status", timestamp=now_ms()))["error"]["code"] == -1102
        await client.signed("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")

    venue.run(test)


@pytest.mark.parametrize("kind", ["HMAC", "RSA"])
def test_other_keys_may_not_log_on(venue: Twin, kind: str) -> None:
    async def test(client: Client) -> None:
        mine = client.by(venue.admin.post("keys", type=kind))
        async with mine.api() as socket:
            assert (await socket.ask(mine.request("session.logon")))["error"]["code"] == -1022
            assert (await ask(socket, mine, "userDataStream.subscribe"))["status"] == 401

    venue.run(test)


def test_another_key_can_be_used_for_one_request_and_another_account_logged_on(venue: Twin) -> None:
    async def test(client: Client) -> None:
        first = client.by(venue.admin.post("keys", type="ED25519"))
        second = client.by(venue.admin.post("accounts", type="ED25519", balances={"USDT": "1"}))
        async with first.api() as socket:
            await socket.ask(first.request("session.logon"))
            theirs = await socket.ask(second.request("account.status"))
            assert [balance["asset"] for balance in theirs["result"]["balances"]] == ["USDT"]
            mine = await ask(socket, first, "account.status", timestamp=now_ms())
            assert len(mine["result"]["balances"]) >= 3
            half = await ask(socket, first, "account.status", timestamp=now_ms(), apiKey=second.greeting["api_key"])
            assert "'signature'" in half["error"]["msg"]
            await socket.ask(second.request("session.logon"))
            status = (await ask(socket, first, "session.status"))["result"]
            assert status["apiKey"] == second.greeting["api_key"]

    venue.run(test)


def test_a_logged_on_session_subscribes_and_logging_out_ends_that_alone(venue: Twin) -> None:
    async def test(client: Client) -> None:
        mine = client.by(venue.admin.post("keys", type="ED25519"))
        other = client.by(venue.admin.post("accounts", balances={"USDT": "1000"}))
        async with mine.api() as socket:
            await socket.ask(mine.request("session.logon"))
            assert (await ask(socket, mine, "userDataStream.subscribe"))["result"] == {"subscriptionId": 0}
            again = await socket.ask(client.request("userDataStream.subscribe.signature"))
            assert again["error"] == {"code": -2035, "msg": "User Data Stream subscription already active."}
            second = await socket.ask(other.request("userDataStream.subscribe.signature"))
            assert second["result"] == {"subscriptionId": 1}
            await mine.order(symbol="ETHUSDT", side="BUY", type="MARKET", quantity="0.01")
            event = await socket.until(lambda message: message.get("event", {}).get("x") == "TRADE")
            assert event["subscriptionId"] == 0
            await other.order(**ORDER)
            event = await socket.until(lambda message: message.get("event", {}).get("e") == "executionReport")
            while event["event"]["s"] != "BTCUSDT":
                event = await socket.until(lambda message: message.get("event", {}).get("e") == "executionReport")
            assert event["subscriptionId"] == 1
            await socket.raw.send_str(mine.request("session.logout", 9, signed=False))
            ended = await socket.until(lambda message: message.get("event", {}).get("e") == "eventStreamTerminated")
            assert ended["subscriptionId"] == 0
            out = await socket.until(lambda message: message.get("id") == 9)
            assert out["result"]["userDataStream"] is True
            assert (await ask(socket, mine, "session.subscriptions"))["result"] == [{"subscriptionId": 1}]
        await other.signed("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")

    venue.run(test)


def test_a_session_whose_key_is_revoked_hears_of_it_at_its_next_request(venue: Twin) -> None:
    async def test(client: Client) -> None:
        key = venue.admin.post("keys", type="ED25519")
        mine = client.by(key)
        async with mine.api() as socket:
            await socket.ask(mine.request("session.logon"))
            venue.admin.post("revoke", api_key=key["api_key"])
            answer = await ask(socket, mine, "ping")
            assert answer == {
                "id": None,
                "status": 401,
                "error": {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."},
            }
            assert (await ask(socket, mine, "session.status"))["result"]["apiKey"] is None
            assert (await ask(socket, mine, "ping"))["status"] == 200

    venue.run(test)


def test_subscriptions_have_a_limit_at_a_time_and_one_for_ever(venue: Twin) -> None:
    async def test(client: Client) -> None:
        venue.admin.rules(subscriptions=2, subscriptions_ever=4)
        others = [client.by(venue.admin.post("accounts")) for _ in range(3)]
        async with client.api() as socket:
            answers = [await socket.ask(one.request("userDataStream.subscribe.signature")) for one in others]
            assert [answer.get("result") for answer in answers] == [
                {"subscriptionId": 0}, {"subscriptionId": 1}, None,
            ]  # fmt: skip
            assert answers[2]["error"]["code"] == -2042
            await socket.raw.send_str(client.request("userDataStream.unsubscribe", 9, signed=False))
            await socket.until(lambda message: message.get("id") == 9)
            ended = [message for message in socket.seen if "event" in message]
            assert [(one["subscriptionId"], one["event"]["e"]) for one in ended] == [
                (0, "eventStreamTerminated"), (1, "eventStreamTerminated"),
            ]  # fmt: skip
            answers = [await socket.ask(one.request("userDataStream.subscribe.signature")) for one in others[:2]]
            assert [answer["result"]["subscriptionId"] for answer in answers] == [2, 3]
            await socket.raw.send_str(client.request("userDataStream.unsubscribe", 8, signed=False, subscriptionId=3))
            await socket.until(lambda message: message.get("id") == 8)
            last = await socket.ask(others[1].request("userDataStream.subscribe.signature"))
            assert last["error"] == {"code": -2042, "msg": "Maximum subscription ID reached for this connection."}
            for params, code in (({"subscriptionId": 1}, -2036), ({"subscriptionId": "x"}, -1100), ({"a": 1}, -1104)):
                assert (await ask(socket, client, "userDataStream.unsubscribe", **params))["error"]["code"] == code

    venue.run(test)
