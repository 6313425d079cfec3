"""A live TradingNode of NautilusTrader: its data client at a strict twin, its execution client at a lenient one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from at_a_twin import GREETING, run
from nautilus_trader.adapters.binance import (
    BINANCE,
    BinanceAccountType,
    BinanceDataClientConfig,
    BinanceExecClientConfig,
    BinanceLiveDataClientFactory,
    BinanceLiveExecClientFactory,
)
from nautilus_trader.config import InstrumentProviderConfig, LiveExecEngineConfig, LoggingConfig, TradingNodeConfig
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import BookType, OrderSide, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.trading.strategy import Strategy

INSTRUMENT = InstrumentId.from_str("BTCUSDT.BINANCE")
BARS = BarType.from_str("BTCUSDT.BINANCE-1-SECOND-LAST-EXTERNAL")
READY_S = 15.0
"""Time for the node to connect, and for the bars to come and the orders to be answered."""
BARS_WANTED = 2
"""Each is of a second: quotes, trades and books have come by then."""
ENDS = ("OrderFilled", "OrderCanceled", "OrderRejected", "OrderDenied", "OrderExpired")


class Watcher(Strategy):
    """Notes all that comes and sends a few orders."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, list[Any]] = {"quotes": [], "trades": [], "bars": [], "books": [], "orders": []}
        self.resting: dict[Any, Any] = {}
        self.started = asyncio.Event()
        self.traded = asyncio.Event()
        self.watched = asyncio.Event()

    def on_start(self) -> None:
        """Subscribe to everything about one instrument."""
        self.subscribe_quote_ticks(INSTRUMENT)
        self.subscribe_trade_ticks(INSTRUMENT)
        self.subscribe_order_book_deltas(INSTRUMENT, book_type=BookType.L2_MBP)
        self.subscribe_bars(BARS)
        self.request_bars(BARS, start=self.clock.utc_now() - timedelta(minutes=1))
        self.started.set()

    def on_quote_tick(self, tick: Any) -> None:
        """A change of the best bid or ask."""
        names = ("bid_price", "bid_size", "ask_price", "ask_size")
        self.seen["quotes"].append([str(getattr(tick, name)) for name in names])
        if not self.resting:
            self.trade(tick)

    def on_trade_tick(self, tick: Any) -> None:
        """A trade."""
        self.seen["trades"].append([str(tick.trade_id), str(tick.price), str(tick.size)])

    def on_order_book_deltas(self, deltas: Any) -> None:
        """A change of the book; the library's own book has it already."""
        book = self.cache.order_book(INSTRUMENT)
        sides = [[[str(level.price), str(level.size())] for level in side[:20]] for side in (book.bids(), book.asks())]
        self.seen["books"].append({"id": deltas.sequence, "bids": sides[0], "asks": sides[1]})

    def on_bar(self, bar: Any) -> None:
        """A candle that has ended."""
        self.seen["bars"].append(
            [bar.ts_event, *(str(getattr(bar, name)) for name in ("open", "high", "low", "close"))]
        )
        if len(self.seen["bars"]) >= BARS_WANTED:
            self.watched.set()

    def trade(self, tick: Any) -> None:
        """A resting order, a waiting one, and one that takes."""
        instrument, make = self.cache.instrument(INSTRUMENT), self.order_factory
        size, price = instrument.make_qty(0.001), instrument.make_price(float(tick.bid_price) * 0.9)
        self.resting = {
            order.client_order_id: order
            for order in (
                make.limit(INSTRUMENT, OrderSide.BUY, size, price, time_in_force=TimeInForce.GTC),
                make.stop_limit(INSTRUMENT, OrderSide.SELL, size, price, price, time_in_force=TimeInForce.GTC),
            )
        }
        for order in self.resting.values():
            self.submit_order(order)
        self.submit_order(make.market(INSTRUMENT, OrderSide.BUY, size))

    def on_order_event(self, event: Any) -> None:
        """What the execution client told about an order."""
        kind = type(event).__name__
        fill = [str(event.trade_id), str(event.last_px), str(event.last_qty)] if kind == "OrderFilled" else None
        known = {"order": str(event.client_order_id), "fill": fill}
        self.seen["orders"].append({"event": kind, **known, "reason": getattr(event, "reason", None)})
        if kind == "OrderAccepted" and event.client_order_id in self.resting:
            self.cancel_order(self.resting[event.client_order_id])
        ended = [order["event"] for order in self.seen["orders"] if order["event"] in ENDS]
        if len(ended) > len(self.resting):
            self.traded.set()


def at_twin(greeting: dict[str, Any]) -> dict[str, Any]:
    """The settings of a client of the library at a twin."""
    return {
        "api_key": greeting["api_key"],
        "api_secret": greeting["api_secret"],
        "account_type": BinanceAccountType.SPOT,
        "base_url_http": greeting["rest"],
        "base_url_ws": greeting["stream"],
        "instrument_provider": InstrumentProviderConfig(load_all=True),
    }


async def main() -> dict[str, Any]:
    config = TradingNodeConfig(
        logging=LoggingConfig(log_level="ERROR"),
        exec_engine=LiveExecEngineConfig(reconciliation=True, reconciliation_startup_delay_secs=0.0),
        data_clients={BINANCE: BinanceDataClientConfig(**at_twin(GREETING["data"]))},
        exec_clients={BINANCE: BinanceExecClientConfig(**at_twin(GREETING["execution"]))},
        timeout_connection=READY_S,
        timeout_disconnection=1.0,
        timeout_post_stop=0.0,
    )
    node = TradingNode(config=config, loop=asyncio.get_running_loop())
    watcher = Watcher()
    node.trader.add_strategy(watcher)
    node.add_data_client_factory(BINANCE, BinanceLiveDataClientFactory)
    node.add_exec_client_factory(BINANCE, BinanceLiveExecClientFactory)
    node.build()
    running = asyncio.create_task(node.run_async())
    try:
        async with asyncio.timeout(READY_S):
            await watcher.started.wait()
        async with asyncio.timeout(READY_S):
            await watcher.watched.wait()
            await watcher.traded.wait()
    finally:
        seen: dict[str, Any] = {**watcher.seen, "instruments": [str(i.id) for i in node.cache.instruments()]}
        account = node.portfolio.account(INSTRUMENT.venue)
        if account is not None:
            balances = account.balances()
            seen["balances"] = {str(name): str(balances[name].total.as_decimal()) for name in balances}
        await node.stop_async()
        running.cancel()
    return seen


run(main, 40)
