"""Order lists at a twin whose market stands still, as a client sees them: requests, events, balances."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from twin_client import Client, Socket, Twin

STILL = ("--rate", "0", "--balance", "BTC=60", "--balance", "USDT=3000000")
"""A market that stands still, so that what moves, the test has moved; and enough to move it."""
SYMBOL = "BTCUSDT"
QUANTITY = "0.01000"
SWEEP = "30.00000"
PLACED = {
    "oco": ("/api/v3/orderList/oco", "orderList.place.oco"),
    "old": ("/api/v3/order/oco", "orderList.place"),
    "oto": ("/api/v3/orderList/oto", "orderList.place.oto"),
    "otoco": ("/api/v3/orderList/otoco", "orderList.place.otoco"),
    "opo": ("/api/v3/orderList/opo", "orderList.place.opo"),
    "opoco": ("/api/v3/orderList/opoco", "orderList.place.opoco"),
}


@dataclass
class Desk:
    """One client with its account's events; prices are `ticks` hundredths away from the touch."""

    client: Client
    socket: Socket

    async def touch(self) -> tuple[Decimal, Decimal]:
        """(best bid, best ask)."""
        book = await self.client.public("/api/v3/ticker/bookTicker", symbol=SYMBOL)
        return Decimal(book["bidPrice"]), Decimal(book["askPrice"])

    async def send(self, kind: str, via: str = "rest", **params: Any) -> tuple[int, Any]:
        """Status and body (or error) of a request for a new list."""
        path, method = PLACED[kind]
        if via == "rest":
            return await self.client.signed("POST", path, symbol=SYMBOL, **params)
        answer = await self.socket.ask(self.client.request(method, symbol=SYMBOL, **params))
        return answer["status"], answer.get("result", answer.get("error"))

    async def place(self, kind: str, via: str = "rest", **params: Any) -> Any:
        """The body of a new list that must be accepted."""
        status, body = await self.send(kind, via, **params)
        assert status == 200, f"{kind} {params}: {status} {body}"
        return body

    async def push(self, side: str, price: Decimal, quantity: str = SWEEP) -> Any:
        """Trade through the book up to a price, own orders too."""
        return await self.client.order(
            symbol=SYMBOL, side=side, type="LIMIT", timeInForce="IOC", price=str(price), quantity=quantity
        )

    async def ahead(self, report: dict[str, Any]) -> Decimal:
        """What trades before the youngest order of a level does; the order's size is `QUANTITY`."""
        book, price = await self.client.public("/api/v3/depth", symbol=SYMBOL, limit=5000), Decimal(report["price"])
        if report["side"] == "BUY":
            better = [Decimal(size) for at, size in book["bids"] if Decimal(at) >= price]
        else:
            better = [Decimal(size) for at, size in book["asks"] if Decimal(at) <= price]
        return sum(better, -Decimal(QUANTITY))

    async def order(self, order_id: int) -> Any:
        """One order as it is now."""
        status, body = await self.client.signed("GET", "/api/v3/order", symbol=SYMBOL, orderId=order_id)
        assert status == 200, body
        return body

    async def listed(self, list_id: int) -> Any:
        """One list as it is now."""
        status, body = await self.client.signed("GET", "/api/v3/orderList", orderListId=list_id)
        assert status == 200, body
        return body

    async def balance(self, asset: str) -> tuple[Decimal, Decimal]:
        """(free, locked)."""
        _, account = await self.client.signed("GET", "/api/v3/account")
        found = next(balance for balance in account["balances"] if balance["asset"] == asset)
        return Decimal(found["free"]), Decimal(found["locked"])

    async def story(self, list_id: int, done: bool = True) -> list[str]:
        """What the account was told of a list since the last time, up to its end or its first status."""
        wanted = "ALL_DONE" if done else "EXEC_STARTED"
        begun = len(self.socket.seen)
        await self.socket.until(lambda message: _event(message, "listStatus", list_id).get("l") == wanted)
        return tell(self.socket.seen[begun:], list_id)


def tell(messages: list[Any], list_id: int) -> list[str]:
    """A list's events in short: execution, status and reason of each report, type and status of the list's own."""
    told = []
    for message in messages:
        report = _event(message, "executionReport", list_id)
        if report:
            told.append(" ".join([report["o"], report["x"], report["X"], *([report["eR"]] if "eR" in report else [])]))
        status = _event(message, "listStatus", list_id)
        if status:
            told.append(f"{status['l']} {status['L']}")
    return told


def _event(message: Any, kind: str, list_id: int) -> dict[str, Any]:
    event = message.get("event", {}) if isinstance(message, dict) else {}
    return event if event.get("e") == kind and event.get("g") == list_id else {}


@asynccontextmanager
async def desk(client: Client) -> AsyncIterator[Desk]:
    """A desk whose socket hears the account."""
    async with client.api() as socket:
        answer = await socket.ask(client.request("userDataStream.subscribe.signature"))
        assert answer["status"] == 200, answer
        yield Desk(client, socket)


def run(twin: Twin, test: Any) -> Any:
    """Run an async test that takes a desk."""

    async def body(client: Client) -> Any:
        async with desk(client) as at:
            return await test(at)

    return twin.run(body)
