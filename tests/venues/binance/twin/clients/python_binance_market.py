"""python-binance reads market data of a twin: streams, REST and WebSocket API at the same time."""

from __future__ import annotations

import asyncio
from typing import Any

from at_a_twin import Seen, run, until
from binance import AsyncClient, DepthCacheManager
from python_binance_at_twin import UNREAD_MESSAGES, LocalSockets, connect, refusal

SYMBOL, OTHER = "BTCUSDT", "ETHUSDT"
WINDOW_S = 2.6
"""A kline goes out every 2000 ms."""
MINUTE_MS, HISTORY = 60_000, 1_500
MULTIPLEXED = [
    "btcusdt@trade", "btcusdt@aggTrade", "btcusdt@bookTicker", "btcusdt@depth", "btcusdt@depth@100ms",
    "btcusdt@depth5", "btcusdt@depth10@100ms", "btcusdt@kline_1s", "btcusdt@kline_1m", "btcusdt@kline_1h@+08:00",
    "btcusdt@miniTicker", "btcusdt@ticker", "btcusdt@ticker_1h", "btcusdt@ticker_4h", "btcusdt@ticker_1d",
    "btcusdt@avgPrice", "!miniTicker@arr", "!ticker_1h@arr", "!ticker_4h@arr", "!ticker_1d@arr", "ethusdt@trade",
]  # fmt: skip


async def read_until(end_s: float, socket: Any, first: asyncio.Event | None = None) -> list[Any]:
    """Everything that a socket of the library gives until then."""
    messages = []
    await socket.connect()
    async for message in until(end_s, socket.recv):
        messages.append(message)
        if first is not None:
            first.set()
    return messages


async def follow_book(end_s: float, client: AsyncClient, sockets: LocalSockets) -> list[dict[str, Any]]:
    """The library's own book after each event: the event's last id and twenty levels a side."""
    books = []
    manager = DepthCacheManager(client, SYMBOL, bm=sockets, ws_interval=100, conv_type=str, limit=5000)
    await manager.__aenter__()
    async for cache in until(end_s, manager.recv):
        bids = sorted(cache.get_bids(), key=lambda level: -float(level[0]))[:20]
        asks = sorted(cache.get_asks(), key=lambda level: float(level[0]))[:20]
        books.append({"id": manager._last_update_id, "bids": bids, "asks": asks})
    return books


async def ask_rest(seen: Seen, client: AsyncClient) -> None:
    """Each public call of REST."""
    one = {"symbol": SYMBOL}
    await seen.ask("ping", client.ping())
    await seen.ask("server_time", client.get_server_time())
    await seen.ask("exchange_info", client.get_exchange_info())
    await seen.ask("symbol_info", client.get_symbol_info(SYMBOL))
    await seen.ask("order_book", client.get_order_book(symbol=SYMBOL, limit=20))
    await seen.ask("order_book_all", client.get_order_book(symbol=SYMBOL, limit=5000))
    trades = await seen.ask("recent_trades", client.get_recent_trades(symbol=SYMBOL, limit=50))
    await seen.ask("historical_trades", client.get_historical_trades(symbol=SYMBOL, fromId=trades[0]["id"], limit=10))
    await seen.ask("aggregate_trades", client.get_aggregate_trades(symbol=SYMBOL, limit=20))
    walk = client.aggregate_trade_iter(SYMBOL, last_id=seen["aggregate_trades"][0]["a"])
    seen["aggregate_walk"] = [await anext(walk) for _ in range(10)]
    await seen.ask("klines", client.get_klines(symbol=SYMBOL, interval="1m", limit=5))
    await seen.ask("ui_klines", client.get_ui_klines(symbol=SYMBOL, interval="1m", limit=5))
    await seen.ask("average_price", client.get_avg_price(**one))
    await seen.ask("ticker", client.get_ticker(**one))
    await seen.ask("all_day_tickers", client.get_ticker())
    await seen.ask("all_tickers", client.get_all_tickers())
    await seen.ask("symbol_ticker", client.get_symbol_ticker(**one))
    await seen.ask("symbol_ticker_window", client.get_symbol_ticker_window(symbol=SYMBOL, windowSize="1h"))
    await seen.ask("trading_day_ticker", client.v3_get_ticker_trading_day(symbol=SYMBOL))
    await seen.ask("orderbook_ticker", client.get_orderbook_ticker(**one))
    await seen.ask("orderbook_tickers", client.get_orderbook_tickers())


async def ask_history(seen: Seen, client: AsyncClient) -> None:
    """Candles of the last seconds, and more minutes of long ago than one answer holds."""
    await seen.ask("klines_1s", client.get_klines(symbol=SYMBOL, interval="1s", limit=20))
    now_ms = (await client.get_server_time())["serverTime"]
    begin = now_ms // MINUTE_MS * MINUTE_MS - (HISTORY + 1) * MINUTE_MS
    span = (begin, begin + HISTORY * MINUTE_MS - 1)
    await seen.ask("history", client.get_historical_klines(SYMBOL, "1m", *span))
    pages = await client.get_historical_klines_generator(SYMBOL, "1m", *span)
    seen["history_generated"] = [kline async for kline in pages]


async def ask_ws_api(seen: Seen, client: AsyncClient) -> None:
    """Each public call of the WebSocket API."""
    one = {"symbol": SYMBOL}
    await seen.ask("ws_ping", client.ws_ping())
    await seen.ask("ws_time", client.ws_get_time())
    await seen.ask("ws_exchange_info", client.ws_get_exchange_info(symbols=[SYMBOL, OTHER]))
    await seen.ask("ws_order_book", client.ws_get_order_book(symbol=SYMBOL, limit=20))
    await seen.ask("ws_recent_trades", client.ws_get_recent_trades(symbol=SYMBOL, limit=20))
    oldest = seen["ws_recent_trades"][0]["id"]
    await seen.ask("ws_historical_trades", client.ws_get_historical_trades(symbol=SYMBOL, fromId=oldest, limit=10))
    await seen.ask("ws_aggregate_trades", client.ws_get_aggregate_trades(symbol=SYMBOL, limit=20))
    await seen.ask("ws_klines", client.ws_get_klines(symbol=SYMBOL, interval="1m", limit=5))
    await seen.ask("ws_ui_klines", client.ws_get_uiKlines(symbol=SYMBOL, interval="1m", limit=5))
    await seen.ask("ws_average_price", client.ws_get_avg_price(**one))
    await seen.ask("ws_ticker", client.ws_get_ticker(**one))
    await seen.ask("ws_trading_day_ticker", client.ws_get_trading_day_ticker(**one))
    await seen.ask("ws_symbol_ticker_window", client.ws_get_symbol_ticker_window(symbol=SYMBOL, windowSize="1h"))
    await seen.ask("ws_symbol_ticker", client.ws_get_symbol_ticker(symbols=[SYMBOL, OTHER]))
    await seen.ask("ws_orderbook_ticker", client.ws_get_orderbook_ticker(**one))


async def ask_when_streams_flow(rest: Seen, api: Seen, client: AsyncClient, flows: asyncio.Event) -> None:
    """Ask everything while the streams tell what happens."""
    async with asyncio.timeout(WINDOW_S):
        await flows.wait()
    await asyncio.gather(ask_rest(rest, client), ask_ws_api(api, client))


async def main() -> dict[str, Any]:
    client = await connect()
    sockets = LocalSockets(client, max_queue_size=UNREAD_MESSAGES)
    of = {
        "btcusdt@trade": sockets.trade_socket(SYMBOL),
        "btcusdt@aggTrade": sockets.aggtrade_socket(SYMBOL),
        "btcusdt@kline_1s": sockets.kline_socket(SYMBOL, interval="1s"),
        "btcusdt@kline_1m": sockets.kline_socket(SYMBOL),
        "btcusdt@miniTicker": sockets.symbol_miniticker_socket(SYMBOL),
        "btcusdt@ticker": sockets.symbol_ticker_socket(SYMBOL),
        "btcusdt@bookTicker": sockets.symbol_book_ticker_socket(SYMBOL),
        "btcusdt@depth": sockets.depth_socket(SYMBOL),
        "ethusdt@depth@100ms": sockets.depth_socket(OTHER, interval=100),
        "btcusdt@depth5": sockets.depth_socket(SYMBOL, depth="5"),
        "btcusdt@depth10": sockets.depth_socket(SYMBOL, depth="10"),
        "btcusdt@depth20@100ms": sockets.depth_socket(SYMBOL, depth="20", interval=100),
        "!ticker@arr": sockets.ticker_socket(),
        "!miniTicker@arr@1000ms": sockets.miniticker_socket(),
        "!bookTicker": sockets.book_ticker_socket(),
    }
    flows, end_s = asyncio.Event(), asyncio.get_running_loop().time() + WINDOW_S
    reads = [read_until(end_s, socket, flows if name == "btcusdt@bookTicker" else None) for name, socket in of.items()]
    multiplex = LocalSockets(client, max_queue_size=UNREAD_MESSAGES).multiplex_socket(MULTIPLEXED)
    books = follow_book(end_s, client, LocalSockets(client, max_queue_size=UNREAD_MESSAGES))
    rest, api = Seen(refusal), Seen(refusal)
    read, combined, followed, _ = await asyncio.gather(
        asyncio.gather(*reads), read_until(end_s, multiplex), books, ask_when_streams_flow(rest, api, client, flows)
    )
    await ask_history(rest, client)
    # The sockets are left to the end of the process: to close one, the library waits ten seconds for a message.
    return {
        "streams": dict(zip(of, read, strict=True)),
        "combined": combined,
        "books": followed,
        "rest": rest,
        "ws_api": api,
    }


run(main, 30)
