"""ccxt.pro: what a twin streams, and trading over the WebSocket API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import ccxt.pro
from at_a_twin import Seen, run
from ccxt_at_twin import at_twin, refusal

SYMBOL, OTHER, THIRD = "BTC/USDT", "ETH/USDT", "BNB/USDT"
SIZE = 0.001
WINDOW_S = 2.6
"""A kline goes out every 2000 ms."""
LAST_EVENT_S = 5.0


async def watch(
    seen: list[Any],
    next_one: Callable[[], Awaitable[Any]],
    keep: Callable[[Any], Any],
    noted: asyncio.Event | None = None,
) -> None:
    """Note each thing that the library watches, until cancelled."""
    while True:
        seen.append(keep(await next_one()))
        if noted is not None:
            noted.set()


def book(found: Any) -> dict[str, Any]:
    """The library's own book and the id of its last event."""
    bids, asks = ([[level[0], level[1]] for level in found[side]] for side in ("bids", "asks"))
    return {"id": found["nonce"], "bids": bids, "asks": asks}


def raw(found: Any) -> Any:
    """The message that the library made this of."""
    return found["info"]


def each_raw(found: Any) -> Any:
    """The messages that the library made these of."""
    return [one["info"] for one in (found.values() if isinstance(found, dict) else found)]


def newest(found: Any) -> Any:
    """The last candle, copied, for the library goes on changing its own."""
    return list(found[-1])


async def watch_market(exchange: Any) -> dict[str, list[Any]]:
    """Everything about the market that can be watched, at the same time.

    A symbol is watched one way only: the library keeps one cache of it, which two watches take from each other.
    """
    kinds: dict[str, tuple[Callable[[], Awaitable[Any]], Callable[[Any], Any]]] = {
        "watch_order_book": (lambda: exchange.watch_order_book(SYMBOL), book),
        "watch_trades": (lambda: exchange.watch_trades(SYMBOL), each_raw),
        "watch_trades_for_symbols": (lambda: exchange.watch_trades_for_symbols([OTHER, THIRD]), each_raw),
        "watch_ticker": (lambda: exchange.watch_ticker(SYMBOL, {"name": "ticker"}), raw),
        "watch_tickers": (lambda: exchange.watch_tickers([OTHER, THIRD]), each_raw),
        "watch_bids_asks": (lambda: exchange.watch_bids_asks([SYMBOL, OTHER]), each_raw),
        "watch_ohlcv": (lambda: exchange.watch_ohlcv(SYMBOL, "1m"), newest),
        "watch_ohlcv_seconds": (lambda: exchange.watch_ohlcv(SYMBOL, "1s"), newest),
    }
    watched: dict[str, list[Any]] = {name: [] for name in kinds}
    tasks = [asyncio.create_task(watch(watched[name], *how)) for name, how in kinds.items()]
    done, _ = await asyncio.wait(tasks, timeout=WINDOW_S, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    for task in done:
        task.result()
    return watched


async def trade(seen: Seen, exchange: Any) -> str:
    """Orders and questions over the WebSocket API; the id of the last order, which is canceled."""
    bid = (await exchange.fetch_order_book(SYMBOL, 5))["bids"][0][0]
    low, high = round(bid * 0.9, 2), round(bid * 1.1, 2)
    resting = await seen.ask("limit", exchange.create_order_ws(SYMBOL, "limit", "buy", SIZE, low))
    await seen.ask("fetch_order", exchange.fetch_order_ws(resting["id"], SYMBOL))
    await seen.ask("fetch_open_orders", exchange.fetch_open_orders_ws(SYMBOL))
    edited = await seen.ask(
        "edit_order", exchange.edit_order_ws(resting["id"], SYMBOL, "limit", "buy", 2 * SIZE, round(bid * 0.91, 2))
    )
    await seen.ask("cancel_order", exchange.cancel_order_ws((edited or resting)["id"], SYMBOL))
    await seen.ask("market", exchange.create_order_ws(SYMBOL, "market", "buy", SIZE))
    await seen.ask("market_sell", exchange.create_order_ws(SYMBOL, "market", "sell", SIZE))
    await seen.ask("post_only", exchange.create_order_ws(SYMBOL, "limit", "buy", SIZE, low, {"postOnly": True}))
    await seen.ask("limit_maker", exchange.create_order_ws(SYMBOL, "LIMIT_MAKER", "buy", SIZE, low))
    for name, kind, price in (("stop_limit", "STOP_LOSS_LIMIT", low), ("take_profit_limit", "TAKE_PROFIT_LIMIT", high)):
        at = {"stopPrice": f"{price:.2f}"}
        await seen.ask(name, exchange.create_order_ws(SYMBOL, kind, "sell", SIZE, price, at))
    await seen.ask("cancel_all_orders", exchange.cancel_all_orders_ws(SYMBOL))
    await seen.ask("fetch_balance", exchange.fetch_balance_ws())
    await seen.ask("fetch_orders", exchange.fetch_orders_ws(SYMBOL))
    await seen.ask("fetch_closed_orders", exchange.fetch_closed_orders_ws(SYMBOL))
    await seen.ask("fetch_my_trades", exchange.fetch_my_trades_ws(SYMBOL))
    await seen.ask("fetch_trades", exchange.fetch_trades_ws(SYMBOL, limit=5))
    await seen.ask("fetch_ohlcv", exchange.fetch_ohlcv_ws(SYMBOL, "1m", limit=3))
    last = await exchange.create_order_ws(SYMBOL, "limit", "buy", SIZE, low)
    await exchange.cancel_order_ws(last["id"], SYMBOL)
    return str(last["id"])


async def watch_account(seen: Seen, exchange: Any) -> dict[str, list[Any]]:
    """Trade while balances, orders and fills are watched."""
    watched: dict[str, list[Any]] = {"watch_orders": [], "watch_my_trades": [], "watch_balance": []}

    def balances(found: Any) -> dict[str, list[float]]:
        return {name: [found[name]["free"], found[name]["used"]] for name in ("BTC", "USDT") if name in found}

    kinds: dict[str, tuple[Callable[[], Awaitable[Any]], Callable[[Any], Any]]] = {
        "watch_orders": (lambda: exchange.watch_orders(SYMBOL), each_raw),
        "watch_my_trades": (lambda: exchange.watch_my_trades(SYMBOL), each_raw),
        "watch_balance": (exchange.watch_balance, balances),
    }
    await exchange.authenticate({"type": "spot"})
    noted = asyncio.Event()
    tasks = [asyncio.create_task(watch(watched[name], *how, noted)) for name, how in kinds.items()]
    last = await trade(seen, exchange)

    def is_over() -> bool:
        order, held = watched["watch_orders"][-1][-1], watched["watch_balance"][-1]
        return (str(order["i"]), order["X"], held["USDT"][1]) == (last, "CANCELED", 0)

    async with asyncio.timeout(LAST_EVENT_S):
        while not is_over():
            noted.clear()
            await noted.wait()
    for task in tasks:
        if task.done():
            task.result()
        task.cancel()
    return watched


async def main() -> dict[str, Any]:
    exchange = at_twin(ccxt.pro.binance, newUpdates=True)
    await exchange.load_markets()
    seen = Seen(refusal)
    market, account = await asyncio.gather(watch_market(exchange), watch_account(seen, exchange))
    await exchange.close()
    return {"calls": seen, "market": market, "account": account}


run(main, 30)
