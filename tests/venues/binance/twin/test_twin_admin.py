"""The admin's door: it tells what there is, says what was expected, does what it is told, and tells the truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twin_admin import Admin, Refused
from twin_client import Client, Socket, Twin, now_ms

LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "50000",
}


@pytest.fixture
def venue(shared_twin: Twin) -> Iterator[Twin]:
    """The shared twin; orders, faults and stops are gone afterwards."""
    yield shared_twin
    admin = shared_twin.admin
    admin.post("trading", enabled=True)
    for symbol in ("BTCUSDT", "ETHUSDT"):
        admin.post("status", symbol=symbol, status="TRADING")
    admin.post("resume")
    admin.post("clock")
    admin.clear()

    async def clean(client: Client) -> None:
        await client.signed("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")

    shared_twin.run(clean)


async def subscribed(client: Client, socket: Socket) -> None:
    assert (await socket.ask(client.request("userDataStream.subscribe.signature")))["status"] == 200


def test_it_tells_every_fault_and_action_in_a_sentence(venue: Twin) -> None:
    number = venue.admin.fault("ack_lost", method="order.place", count=3)
    told = venue.admin.call("GET", "")
    assert set(told["faults"]) == {
        "ack_lost", "request_lost", "request_late", "fill_before_ack", "late_ack", "http_error", "garbage", "firewall",
        "rate_limited", "key_refused", "stale_snapshot", "user_event_lost", "user_event_repeated", "user_event_late",
        "delta_lost", "delta_repeated", "delta_swapped", "cut", "mute", "stream_mute", "banned", "clock_skew",
        "maintenance", "server_shutdown",
    }  # fmt: skip
    for one in (*told["faults"].values(), *told["actions"].values()):
        assert len(one["is"].split()) >= 4
        assert one["is"].endswith(".")
    assert told["faults"]["late_ack"]["options"] == {"delay_ms": 2000.0}
    assert told["actions"]["POST /deposit"]["fields"] == {"asset": "...", "amount": "...", "account": ""}
    assert told["armed"] == [
        {"id": number, "kind": "ack_lost", "method": "order.place", "count": 3, "left": 3, "hits": 0}
    ]
    assert told["rules"]["ping_s"] == 20


@pytest.mark.parametrize(
    ("path", "fields", "text"),
    [
        ("faults", {"kind": "ack_found"}, "no fault is called 'ack_found'; there are ack_lost, request_lost"),
        ("faults", {"kind": "ack_lost", "colour": "red"}, "ack_lost: Object contains unknown field"),
        ("faults", {"kind": "ack_lost", "count": 0}, "count is 0; expected more than 0"),
        ("faults", {"kind": "late_ack", "delay_ms": "soon"}, "Expected `float`"),
        ("faults", {"kind": "http_error", "code": -5}, "Invalid enum value -5"),
        ("faults", {"kind": "clock_skew"}, "missing required field `ms`"),
        ("faults", {}, "missing required field `kind`"),
        ("deposit", {"asset": "BTC", "amount": "much"}, "'much'; expected a decimal number"),
        ("deposit", {"asset": "BTC", "amount": "-10000"}, "BTC: -10000 is more than the 10.00000000 that are free"),
        ("deposit", {"asset": "BTC", "sum": "1"}, "the fields are asset, amount, account"),
        ("market", {"symbol": "NOPE"}, "no symbol NOPE; there are BTCUSDT, ETHUSDT"),
        ("market", {"symbol": "BTCUSDT", "quantity": "1", "price": "1.001"}, "price: '1.001'; expected a multiple"),
        ("market", {"symbol": "BTCUSDT", "cancel": 1}, "no order 1 of the admin"),
        ("cancel", {"symbol": "BTCUSDT", "client_order_id": "nobody"}, "no open order nobody on BTCUSDT"),
        ("status", {"symbol": "BTCUSDT", "status": "ASLEEP"}, "Invalid enum value 'ASLEEP'"),
        ("trading", {"enabled": False, "account": "nobody"}, "no account nobody"),
        ("revoke", {"api_key": "nobody"}, "no key nobody"),
        ("nowhere", {}, "GET / tells what there is"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_what_was_expected(venue: Twin, path: str, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(Refused) as refused:
        venue.admin.post(path, **fields)
    assert text in str(refused.value)
    assert venue.admin.armed() == []


def test_what_is_not_armed_cannot_be_taken_away(venue: Twin) -> None:
    with pytest.raises(Refused, match="fault 99 is not armed"):
        venue.admin.end(99)
    number = venue.admin.fault("ack_lost")
    venue.admin.end(number)
    assert venue.admin.armed() == []
    kinds = [line["kind"] for line in venue.peek("fault_armed", "fault_ended") if line["id"] == number]
    assert kinds == ["fault_armed", "fault_ended"]


def test_a_deposit_is_told_and_counts(venue: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.api() as socket:
            await subscribed(client, socket)
            assert venue.admin.post("deposit", asset="BNB", amount="1.5") == {"asset": "BNB", "free": "1.50000000"}
            update = (await socket.next())["event"]
            assert list(update) == ["e", "E", "a", "d", "T"]
            assert (update["e"], update["a"], update["d"]) == ("balanceUpdate", "BNB", "1.50000000")
            position = (await socket.next())["event"]
            assert position["B"] == [{"a": "BNB", "f": "1.50000000", "l": "0.00000000"}]
            venue.admin.post("deposit", asset="BNB", amount="-0.5")
            assert (await socket.next())["event"]["d"] == "-0.50000000"
        _, account = await client.signed("GET", "/api/v3/account")
        assert {"asset": "BNB", "free": "1.00000000", "locked": "0.00000000"} in account["balances"]
        lines = [line["free"] for line in venue.peek("balance") if line["asset"] == "BNB"]
        assert lines == ["1.50000000", "1.00000000"]

    venue.run(test)


def test_a_lock_from_outside_is_told_and_counts(venue: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.api() as socket:
            await subscribed(client, socket)
            told = venue.admin.post("lock", asset="ETH", amount="40")
            assert told == {"asset": "ETH", "free": "60.00000000", "external": "40.00000000"}
            event = (await socket.next())["event"]
            assert (event["e"], event["a"], event["d"]) == ("externalLockUpdate", "ETH", "40.00000000")
            venue.admin.post("lock", asset="ETH", amount="-40")
            assert await socket.until(lambda message: message.get("event", {}).get("d") == "-40.00000000")

    venue.run(test)


def test_an_order_canceled_by_the_venue_expires_and_frees_what_it_held(venue: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.api() as socket:
            await subscribed(client, socket)
            await client.order(**LIMIT, newClientOrderId="theirs")
            venue.admin.post("cancel", symbol="BTCUSDT", client_order_id="theirs")
            event = (await socket.until(lambda message: message.get("event", {}).get("x") == "EXPIRED"))["event"]
            assert (event["X"], event["eR"], event["c"]) == ("EXPIRED", "EXCHANGE_CANCELED", "theirs")
        mine = venue.admin.state()["accounts"][client.greeting["api_key"]]
        assert mine["open_orders"] == []
        assert mine["balances"]["USDT"]["locked"] == "0.00000000"

    venue.run(test)


def test_a_symbol_that_does_not_trade_takes_no_order(venue: Twin) -> None:
    async def test(client: Client) -> None:
        for status, cancels in (("HALT", 400), ("BREAK", 400), ("END_OF_DAY", 400), ("CANCEL_ONLY", 200)):
            placed = await client.order(**LIMIT)
            venue.admin.post("status", symbol="BTCUSDT", status=status)
            info = await client.public("/api/v3/exchangeInfo")
            assert {one["symbol"]: one["status"] for one in info["symbols"]} == {
                "BTCUSDT": status, "ETHUSDT": "TRADING",
            }  # fmt: skip
            refused, body = await client.signed("POST", "/api/v3/order", **LIMIT)
            assert (refused, body["msg"]) == (400, "Market is closed.")
            cancel = {"symbol": "BTCUSDT", "orderId": placed["orderId"]}
            assert (await client.signed("DELETE", "/api/v3/order", **cancel))[0] == cancels
            venue.admin.post("status", symbol="BTCUSDT", status="TRADING")

    venue.run(test)


def test_a_changed_smallest_value_is_told_and_holds(venue: Twin) -> None:
    async def test(client: Client) -> None:
        venue.admin.post("min_notional", symbol="BTCUSDT", value="900000")
        info = await client.public("/api/v3/exchangeInfo", symbol="BTCUSDT")
        found = {one["filterType"]: one for one in info["symbols"][0]["filters"]}
        assert found["NOTIONAL"]["minNotional"] == "900000.00000000"
        refused, body = await client.signed("POST", "/api/v3/order", **LIMIT)
        assert (refused, body["msg"]) == (400, "Filter failure: NOTIONAL")
        venue.admin.post("min_notional", symbol="BTCUSDT", value="5")

    venue.run(test)


def test_an_account_whose_trading_is_taken_away_reads_and_does_not_trade(venue: Twin) -> None:
    async def test(client: Client) -> None:
        placed = await client.order(**LIMIT)
        venue.admin.post("trading", enabled=False)
        text = "This account may not place or cancel orders."
        assert await client.signed("POST", "/api/v3/order", **LIMIT) == (400, {"code": -2010, "msg": text})
        cancel = {"symbol": "BTCUSDT", "orderId": placed["orderId"]}
        assert await client.signed("DELETE", "/api/v3/order", **cancel) == (400, {"code": -2011, "msg": text})
        status, account = await client.signed("GET", "/api/v3/account")
        assert (status, account["canTrade"]) == (200, False)
        venue.admin.post("trading", enabled=True)
        assert (await client.signed("DELETE", "/api/v3/order", **cancel))[0] == 200

    venue.run(test)


def test_the_clock_goes_where_it_is_told(venue: Twin) -> None:
    async def test(client: Client) -> None:
        async def seen() -> int:
            return int((await client.public("/api/v3/time"))["serverTime"])

        venue.admin.post("clock", advance_ms=60_000)
        assert 59_000 < await seen() - now_ms() < 62_000
        venue.admin.post("clock", set_ms=1_500_000_000_000)
        assert 0 <= await seen() - 1_500_000_000_000 < 5_000
        venue.admin.post("clock")
        assert abs(await seen() - now_ms()) < 2_000

    venue.run(test)


def test_a_stopped_market_moves_only_by_what_it_is_told(venue: Twin) -> None:
    async def test(client: Client) -> None:
        admin = venue.admin
        admin.post("stop")
        start = admin.state()["markets"]["BTCUSDT"]
        assert admin.state()["markets"]["BTCUSDT"] == start
        async with client.stream("/ws/btcusdt@trade") as trades:
            wall = admin.post("market", symbol="BTCUSDT", side="SELL", quantity="2", price=start["bid"])
            assert wall["is_resting"] is True
            assert float(wall["filled"]) == float(start["bid_quantity"])
            assert (await trades.next())["p"] == start["bid"]
        assert admin.state()["markets"]["BTCUSDT"]["ask"] == start["bid"]
        back = admin.post("market", symbol="BTCUSDT", cancel=wall["order_id"])
        assert (back["filled"], back["is_resting"]) == (wall["filled"], False)
        assert admin.state()["markets"]["BTCUSDT"]["ask"] == start["ask"]
        before = admin.state()["markets"]["BTCUSDT"]["last"]
        admin.post("market", symbol="BTCUSDT", type="MARKET", side="BUY", quantity="50")
        assert float(admin.state()["markets"]["BTCUSDT"]["last"]) > float(before)
        admin.post("resume")
        async with client.stream("/ws/btcusdt@bookTicker") as book:
            await book.next()

    venue.run(test)


def test_a_participants_order_fills_ours_and_the_account_hears_of_it(venue: Twin) -> None:
    async def test(client: Client) -> None:
        venue.admin.post("stop")
        async with client.api() as socket:
            await subscribed(client, socket)
            bid = venue.admin.state()["markets"]["BTCUSDT"]["bid"]
            better = f"{float(bid) + 0.01:.2f}"
            await client.order(**LIMIT | {"price": better})
            venue.admin.post("market", symbol="BTCUSDT", side="SELL", type="MARKET", quantity="0.01")
            trade = (await socket.until(lambda message: message.get("event", {}).get("x") == "TRADE"))["event"]
            assert (trade["X"], trade["m"], float(trade["L"])) == ("FILLED", True, float(better))

    venue.run(test)


def test_listen_keys_expire_with_a_last_event(start_twin: Any) -> None:
    twin = start_twin("--legacy-listen-key")

    async def test(client: Client) -> None:
        _, made, _ = await client.send("POST", "/api/v3/userDataStream")
        key = made["listenKey"]
        async with client.stream(f"/stream?streams={key}") as socket:
            assert twin.admin.post("listen_keys/expire") == {"expired": 1}
            message = await socket.next()
            assert (message["stream"], message["data"]["e"], message["data"]["listenKey"]) == (
                key, "listenKeyExpired", key,
            )  # fmt: skip
            await client.order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.001")
            assert (await client.send("PUT", "/api/v3/userDataStream", f"listenKey={key}"))[1]["code"] == -1125
        assert twin.peek("user_sent")[-1]["data"]["e"] == "listenKeyExpired"

    twin.run(test)


def test_it_listens_on_the_port_that_it_was_told_and_tells_no_secret(start_twin: Any) -> None:
    greeting = start_twin().greeting
    state = Admin(greeting["admin"]).state()
    assert greeting["api_key"] in state["accounts"]
    assert greeting["api_secret"] not in str(state)
    assert greeting["admin"].startswith("http://127.0.0.1:")


def test_each_action_is_in_the_truth_log(venue: Twin) -> None:
    venue.admin.post("deposit", asset="XYZ", amount="1")
    (line,) = [line for line in venue.peek("admin") if line["params"].get("asset") == "XYZ"]
    assert (line["action"], line["params"]) == ("/deposit", {"asset": "XYZ", "amount": "1", "account": ""})
