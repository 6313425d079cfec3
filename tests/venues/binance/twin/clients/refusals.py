"""What python-binance and ccxt raise for each refusal of a twin."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import ccxt
import ccxt_at_twin
import python_binance_at_twin
from at_a_twin import GREETING, Seen, run
from python_binance_at_twin import LocalClient, connect

SYMBOL, NARROW, OLDER = "BTCUSDT", "LTCUSDT", "ETCUSDT"
"""The last two have filters that the first lacks."""
STRANGER = "x" * 64
"""A key of the right form that nobody has."""


class Both:
    """The same requests by both libraries, and what each told of them."""

    def __init__(self, client: LocalClient) -> None:
        self.client = client
        self.exchange = ccxt_at_twin.at_twin(ccxt.binance)
        self.python_binance = Seen(python_binance_at_twin.refusal)
        self.ws_api = Seen(python_binance_at_twin.refusal)
        self.ccxt = Seen(ccxt_at_twin.refusal)

    async def order(self, name: str, **params: Any) -> None:
        """A new order, exactly as given: by ccxt through its call that leaves parameters alone."""
        sent = {key: str(value) for key, value in params.items()}
        await self.ws_api.ask(name, self.client.ws_create_order(**sent))
        await self.python_binance.ask(name, self.client.create_order(**sent))
        self.ccxt.call(name, self.exchange.privatePostOrder, sent)

    async def place(self, **params: Any) -> None:
        """An order that must be accepted."""
        await self.client.create_order(**{key: str(value) for key, value in params.items()})


class Pair:
    """A symbol's filters by name, and orders on it that keep to them."""

    def __init__(self, info: dict[str, Any], bid: str) -> None:
        self.name = info["symbol"]
        self.filters = {one["filterType"]: one for one in info["filters"]}
        self.bid = Decimal(bid)
        self.step = self.of("LOT_SIZE", "stepSize")
        notional = self.filters.get("NOTIONAL") or self.filters["MIN_NOTIONAL"]
        self.size = self.sized(Decimal(notional["minNotional"]) * 4 / self.bid)
        self.far = self.priced(Decimal("0.9"))

    def of(self, name: str, key: str) -> Decimal:
        """A filter's number."""
        return Decimal(self.filters[name][key])

    def priced(self, share: Decimal) -> Decimal:
        """A share of the best bid, on the tick."""
        tick = self.of("PRICE_FILTER", "tickSize")
        return self.bid * share // tick * tick

    def sized(self, size: Decimal) -> Decimal:
        """A size on the step."""
        return size // self.step * self.step

    def limit(self, **changes: Any) -> dict[str, Any]:
        """A limit order far from the market."""
        order = {"symbol": self.name, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
        return {**order, "quantity": self.size, "price": self.far, **changes}

    def stop(self, **changes: Any) -> dict[str, Any]:
        """A stop that sells far below the market."""
        order = {"symbol": self.name, "side": "SELL", "type": "STOP_LOSS", "quantity": self.size, "stopPrice": self.far}
        return {**order, **changes}


async def shapes(both: Both, pair: Pair) -> None:
    """Filters of one order's own numbers."""
    tick = pair.of("PRICE_FILTER", "tickSize")
    await both.order("PRICE_FILTER", **pair.limit(price=pair.far + tick / 2))
    await both.order("LOT_SIZE", **pair.limit(quantity=pair.size + pair.step / 2))
    await both.order("NOTIONAL", **pair.limit(quantity=pair.step))
    await both.order("PERCENT_PRICE_BY_SIDE", **pair.limit(price=pair.priced(Decimal(8))))
    parts = pair.of("ICEBERG_PARTS", "limit")
    many = pair.step * (parts + 1)
    await both.order("ICEBERG_PARTS", **pair.limit(quantity=max(many, pair.size), icebergQty=pair.step))
    delta = int(pair.of("TRAILING_DELTA", "maxTrailingBelowDelta")) + 1
    await both.order("TRAILING_DELTA", **pair.stop(stopPrice=pair.far, trailingDelta=delta))


async def counts(both: Both, pair: Pair) -> None:
    """Filters of what an account holds and has open; those that count are filled up and then passed by one."""
    market = {"symbol": pair.name, "side": "SELL", "type": "MARKET"}
    await both.order("MARKET_LOT_SIZE", **market, quantity=pair.of("MARKET_LOT_SIZE", "maxQty") + pair.step)
    await both.order("MAX_POSITION", **pair.limit(quantity=pair.of("MAX_POSITION", "maxPosition") + pair.step))
    iceberg = pair.limit(quantity=pair.size * 2, icebergQty=pair.size)
    for name, key, order in (
        ("MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders", pair.stop(side="BUY", stopPrice=pair.priced(Decimal("1.1")))),
        ("MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders", iceberg),
        ("MAX_NUM_ORDERS", "maxNumOrders", pair.limit()),
    ):
        await asyncio.gather(*(both.place(**order) for _ in range(int(pair.of(name, key)))))
        await both.order(name, **order)
        await both.client.cancel_all_open_orders(symbol=pair.name)


async def older(both: Both, pair: Pair) -> None:
    """Filters that only old symbols have."""
    await both.order("MIN_NOTIONAL", **pair.limit(quantity=pair.step))
    await both.order("PERCENT_PRICE", **pair.limit(price=pair.priced(Decimal(8))))


async def rejects(both: Both, pair: Pair) -> None:
    """What the matching engine refuses, and requests that are malformed."""
    client, exchange = both.client, both.exchange
    above = pair.priced(Decimal("1.1"))
    await both.order("insufficient balance", **pair.limit(quantity=pair.sized(Decimal(100))))
    await both.order("would trigger at once", **pair.stop(stopPrice=above))
    await both.order(
        "would match at once", symbol=pair.name, side="BUY", type="LIMIT_MAKER", quantity=pair.size, price=above
    )
    await both.place(**pair.limit(newClientOrderId="twice"))
    await both.order("duplicate", **pair.limit(newClientOrderId="twice"))
    await client.cancel_all_open_orders(symbol=pair.name)
    await both.order("unknown symbol", **pair.limit(symbol="NOSUCH"))
    await both.order("missing price", **{key: value for key, value in pair.limit().items() if key != "price"})
    await both.order("unread parameter", **pair.limit(colour="red"))
    await both.order("unknown side", **pair.limit(side="HOLD"))
    await both.order("unknown time in force", **pair.limit(timeInForce="GTX"))
    await both.order("too precise", **pair.limit(price="50000.123456789"))
    nobody = {"symbol": pair.name, "orderId": 1}
    await both.python_binance.ask("cancel unknown order", client.cancel_order(**nobody))
    both.ccxt.call("cancel unknown order", exchange.cancel_order, "1", "BTC/USDT")
    await both.python_binance.ask("query unknown order", client.get_order(**nobody))
    both.ccxt.call("query unknown order", exchange.fetch_order, "1", "BTC/USDT")
    await both.python_binance.ask("cancel all of none", client.cancel_all_open_orders(symbol=pair.name))
    both.ccxt.call("cancel all of none", exchange.cancel_all_orders, "BTC/USDT")


async def strangers(both: Both) -> None:
    """Keys, signatures and clocks that are wrong."""
    key, secret = GREETING["api_key"], GREETING["api_secret"]
    for name, keys in {
        "bad signature": (key, "not the secret"),
        "unknown key": (STRANGER, secret),
        "garbled key": ("no-key", secret),
    }.items():
        other = await connect(api_key=keys[0], api_secret=keys[1])
        await both.python_binance.ask(name, other.get_account())
        await other.session.close()
        stranger = ccxt_at_twin.at_twin(ccxt.binance, apiKey=keys[0], secret=keys[1])
        both.ccxt.call(name, stranger.fetch_balance)
    for name, offset_ms in {"old timestamp": -20_000, "timestamp ahead": 5_000}.items():
        usual = both.client.timestamp_offset
        both.client.timestamp_offset = usual + offset_ms
        await both.python_binance.ask(name, both.client.get_account())
        both.client.timestamp_offset = usual
        both.exchange.options["timeDifference"] = -offset_ms
        both.ccxt.call(name, both.exchange.fetch_balance)
        both.exchange.options["timeDifference"] = 0


async def main() -> dict[str, Any]:
    both = Both(await connect())
    both.exchange.load_markets()
    info = await both.client.get_exchange_info()
    books = {book["symbol"]: book for book in await both.client.get_orderbook_tickers()}
    pairs = {one["symbol"]: Pair(one, books[one["symbol"]]["bidPrice"]) for one in info["symbols"]}
    await strangers(both)
    await rejects(both, pairs[SYMBOL])
    await shapes(both, pairs[SYMBOL])
    await counts(both, pairs[NARROW])
    await older(both, pairs[OLDER])
    await both.client.session.close()
    return {"python_binance": both.python_binance, "ws_api": both.ws_api, "ccxt": both.ccxt}


run(main, 60)
