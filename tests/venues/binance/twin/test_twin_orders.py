"""Orders over REST and the WebSocket API, their events, and that the log says the same."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from twin_client import Client, Socket, Twin, now_ms

LIMIT = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
REPORT_KEYS = list("escSofqpPFgCxXrilzLnNTtIwmMOZYQWV")


async def subscribe(client: Client, socket: Socket) -> None:
    answer = await socket.ask(client.request("userDataStream.subscribe.signature"))
    assert answer["result"] == {"subscriptionId": 0}


async def report(socket: Socket, execution: str, name: str) -> dict[str, Any]:
    """The next executionReport of that kind for a client id."""

    def fits(message: Any) -> bool:
        event = message.get("event", {})
        return event.get("x") == execution and name in (event.get("c"), event.get("C"))

    return dict((await socket.until(fits))["event"])


def test_a_resting_order_is_reported_new_then_canceled_with_both_names(twin: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.api() as socket:
            await subscribe(client, socket)
            placed = await client.order(**LIMIT, quantity="0.01", price="50000", newClientOrderId="rests")
            assert placed["status"] == "NEW"
            new = await report(socket, "NEW", "rests")
            assert list(new) == ["e", "E", *REPORT_KEYS[1:]]
            position = (await socket.next())["event"]
            assert position["e"] == "outboundAccountPosition"
            assert position["B"][1] == {"a": "USDT", "f": "999500.00000000", "l": "500.00000000"}
            status, body = await client.signed("GET", "/api/v3/openOrders", symbol="BTCUSDT")
            assert (status, [order["clientOrderId"] for order in body]) == (200, ["rests"])
            status, body = await client.signed(
                "DELETE",
                "/api/v3/order",
                symbol="BTCUSDT",
                origClientOrderId="rests",
                newClientOrderId="the-cancel",
            )
            assert (body["origClientOrderId"], body["clientOrderId"]) == ("rests", "the-cancel")
            gone = await report(socket, "CANCELED", "rests")
            assert (gone["c"], gone["C"], gone["X"], gone["w"]) == ("the-cancel", "rests", "CANCELED", False)
            position = (await socket.next())["event"]
            assert position["B"][1] == {"a": "USDT", "f": "1000000.00000000", "l": "0.00000000"}
            status, body = await client.signed("GET", "/api/v3/order", symbol="BTCUSDT", orderId=placed["orderId"])
            assert body["status"] == "CANCELED"

    twin.run(test)
    assert [line["status"] for line in twin.log("order")] == ["NEW", "CANCELED"]


def test_a_market_order_is_filled_at_once_and_paid_to_the_last_decimal(twin: Twin) -> None:
    async def test(client: Client) -> tuple[Any, ...]:
        async with client.api() as socket:
            await subscribe(client, socket)
            answer = await socket.ask(
                client.request("order.place", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.30000")
            )
            assert answer["status"] == 200, answer
            result = answer["result"]
            events = []
            while not events or events[-1]["e"] != "outboundAccountPosition":
                events.append((await socket.next())["event"])
            _, account = await client.signed("GET", "/api/v3/account", omitZeroBalances="true")
            _, trades = await client.signed("GET", "/api/v3/myTrades", symbol="BTCUSDT", orderId=result["orderId"])
            return result, events, account, trades

    result, events, account, trades = twin.run(test)
    fills = twin.log("fill")
    assert result["status"] == "FILLED"
    assert [event["x"] for event in events[:-1]] == ["NEW"] + ["TRADE"] * len(result["fills"])
    assert [event["X"] for event in events[:-1]][-1] == "FILLED"
    assert sum(Decimal(fill["qty"]) for fill in result["fills"]) == Decimal("0.3")
    quote = sum(Decimal(fill["qty"]) * Decimal(fill["price"]) for fill in result["fills"])
    fee = sum(Decimal(fill["commission"]) for fill in result["fills"])
    assert quote == Decimal(result["cummulativeQuoteQty"]) == Decimal(events[-2]["Z"])
    balances = {balance["asset"]: Decimal(balance["free"]) for balance in account["balances"]}
    assert balances["BTC"] == Decimal(10) + Decimal("0.3") - fee
    assert balances["USDT"] == Decimal(1_000_000) - quote
    said = [(fill["trade_id"], fill["price"], fill["size"], fill["fee"], fill["maker"]) for fill in fills]
    assert said == [(t["id"], t["price"], t["qty"], t["commission"], t["isMaker"]) for t in trades]
    assert said == [(e["t"], e["L"], e["l"], e["n"], e["m"]) for e in events if e.get("x") == "TRADE"]


def test_an_order_at_the_touch_is_filled_by_the_participants_as_a_maker(twin: Twin) -> None:
    async def test(client: Client) -> list[dict[str, Any]]:
        async with client.api() as socket:
            await subscribe(client, socket)
            book = await client.public("/api/v3/ticker/bookTicker", symbol="BTCUSDT")
            sell = {"symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT", "timeInForce": "GTC"}
            await client.order(**LIMIT, quantity="0.00100", price=book["bidPrice"], newClientOrderId="bid")
            await client.order(**sell, quantity="0.00100", price=book["askPrice"], newClientOrderId="ask")
            while {e["c"] for e in reports(socket) if e["X"] == "FILLED"} != {"bid", "ask"}:
                await socket.next()
            return reports(socket)

    events = twin.run(test)
    trades = [event for event in events if event["x"] == "TRADE"]
    assert all(event["m"] for event in trades)
    assert {event["N"] for event in trades} == {"BTC", "USDT"}
    for name in ("bid", "ask"):
        mine = [event["x"] for event in events if event["c"] == name]
        assert mine == ["NEW"] + ["TRADE"] * (len(mine) - 1)


def reports(socket: Socket) -> list[dict[str, Any]]:
    events = [message["event"] for message in socket.seen if "event" in message]
    return [event for event in events if event["e"] == "executionReport"]


def test_immediate_orders_expire_with_their_reason_and_free_what_they_held(twin: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.api() as socket:
            await subscribe(client, socket)
            fields = LIMIT | {"quantity": "0.01", "price": "50000"}
            for tif, reason in (
                ("IOC", "UNFILLED_IOC_QUANTITY_EXPIRED"),
                ("FOK", "UNFILLED_FOK_ORDER_EXPIRED"),
            ):
                body = await client.order(**fields | {"timeInForce": tif, "newClientOrderId": tif})
                assert (body["status"], body["executedQty"], body["fills"]) == ("EXPIRED", "0.00000000", [])
                assert (await report(socket, "EXPIRED", tif))["eR"] == reason
            _, account = await client.signed("GET", "/api/v3/account")
            assert all(Decimal(balance["locked"]) == 0 for balance in account["balances"])

    twin.run(test)


def test_a_market_order_by_quote_amount_spends_no_more_than_told(twin: Twin) -> None:
    async def test(client: Client) -> None:
        for side in ("BUY", "SELL"):
            body = await client.order(symbol="ETHUSDT", side=side, type="MARKET", quoteOrderQty="1000")
            assert body["status"] == "FILLED"
            assert body["origQuoteOrderQty"] == "1000.00000000"
            assert Decimal(999) < Decimal(body["cummulativeQuoteQty"]) <= Decimal(1000)

    twin.run(test)


def test_answers_have_the_three_lengths(twin: Twin) -> None:
    async def test(client: Client) -> None:
        fields = LIMIT | {"quantity": "0.01", "price": "50000"}
        lengths = {}
        for kind in ("ACK", "RESULT", "FULL"):
            body = await client.order(**fields, newOrderRespType=kind)
            lengths[kind] = set(body)
        assert lengths["ACK"] == {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}
        assert lengths["FULL"] - lengths["RESULT"] == {"fills"}
        maker = await client.order(symbol="BTCUSDT", side="BUY", type="LIMIT_MAKER", quantity="0.01", price="50000")
        assert set(maker) == lengths["ACK"]
        _, canceled = await client.signed("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")
        assert len(canceled) == 4
        assert len({body["clientOrderId"] for body in canceled}) == 1

    twin.run(test)


def test_rest_takes_parameters_from_query_body_and_both(twin: Twin) -> None:
    async def test(client: Client) -> None:
        head = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01"
        tail = f"price=50000&timestamp={now_ms()}"
        mixed = f"{tail}&signature={client.sign(head + tail)}"
        form = f"{head}&{tail}&signature={client.sign(f'{head}&{tail}')}"
        for query, body in ((head, mixed), ("", form), (form, "")):
            status, answer, headers = await client.send("POST", "/api/v3/order", query, body or None)
            assert status == 200, answer
            assert int(headers["X-MBX-ORDER-COUNT-10S"]) >= 1
        plain = {"Content-Type": "application/json"}
        status, answer, _ = await client.send("POST", "/api/v3/order", form, None, headers=plain)
        assert status == 200, answer

    twin.run(test)


def test_filled_orders_give_credit_to_the_unfilled_order_count(twin: Twin) -> None:
    async def test(client: Client) -> None:
        for _ in range(3):
            await client.order(**LIMIT, quantity="0.01", price="50000")
        await client.order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.001")
        _, counts = await client.signed("GET", "/api/v3/rateLimit/order")
        assert counts[1]["count"] == 3

    twin.run(test)


def test_times_come_in_microseconds_on_demand(twin: Twin) -> None:
    async def test(client: Client) -> None:
        _, body, _ = await client.send("GET", "/api/v3/time", headers={"X-MBX-TIME-UNIT": "MICROSECOND"})
        assert body["serverTime"] > 10**15
        async with client.api("?timeUnit=MICROSECOND") as socket:
            assert (await socket.ask(client.request("time", signed=False)))["result"]["serverTime"] > 10**15

    twin.run(test)
