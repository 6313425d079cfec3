"""ccxt, blocking: market data and trading on a twin over REST."""

from __future__ import annotations

from typing import Any

import ccxt
from at_a_twin import Seen, tell
from ccxt_at_twin import at_twin, refusal

SYMBOL, OTHER, RAW = "BTC/USDT", "ETH/USDT", "BTCUSDT"
SIZE = 0.001


def read_market(seen: Seen, exchange: Any) -> None:
    """Market data."""
    markets = exchange.load_markets()
    seen["load_markets"] = {name: {"precision": m["precision"], "limits": m["limits"]} for name, m in markets.items()}
    seen.call("fetch_time", exchange.fetch_time)
    seen.call("fetch_order_book", exchange.fetch_order_book, SYMBOL, 20)
    seen.call("fetch_l2_order_book", exchange.fetch_l2_order_book, SYMBOL, 5)
    trades = seen.call("fetch_trades", exchange.fetch_trades, SYMBOL, limit=20)
    seen.call("fetch_trades_since", exchange.fetch_trades, SYMBOL, since=trades[0]["timestamp"], limit=5)
    seen.call("fetch_trades_raw", exchange.fetch_trades, SYMBOL, None, 5, {"fetchTradesMethod": "publicGetTrades"})
    seen.call("fetch_ohlcv", exchange.fetch_ohlcv, SYMBOL, "1m", limit=3)
    seconds = seen.call("fetch_ohlcv_seconds", exchange.fetch_ohlcv, SYMBOL, "1s", limit=3)
    seen.call("fetch_ohlcv_since", exchange.fetch_ohlcv, SYMBOL, "1s", seconds[0][0], 1)
    seen.call("fetch_ticker", exchange.fetch_ticker, SYMBOL)
    seen.call("fetch_ticker_rolling", exchange.fetch_ticker, SYMBOL, {"rolling": True})
    seen.call("fetch_tickers", exchange.fetch_tickers, [SYMBOL, OTHER])
    seen.call("fetch_tickers_rolling", exchange.fetch_tickers, [SYMBOL, OTHER], {"rolling": True})
    seen.call("fetch_bids_asks", exchange.fetch_bids_asks, [SYMBOL, OTHER])
    seen.call("fetch_last_prices", exchange.fetch_last_prices, [SYMBOL, OTHER])


def place_orders(seen: Seen, exchange: Any) -> None:
    """Each kind of order, and what is done to it afterwards."""
    bid = exchange.fetch_order_book(SYMBOL, 5)["bids"][0][0]
    low, high = round(bid * 0.9, 2), round(bid * 1.1, 2)

    def order(name: str, kind: str, side: str, price: float | None = None, amount: float = SIZE, **params: Any) -> Any:
        return seen.call(name, exchange.create_order, SYMBOL, kind, side, amount, price, params)

    limit = order("limit", "limit", "buy", low)
    seen.call("fetch_order", exchange.fetch_order, limit["id"], SYMBOL)
    seen.call("fetch_open_orders", exchange.fetch_open_orders, SYMBOL)
    edited = seen.call(
        "edit_order", exchange.edit_order, limit["id"], SYMBOL, "limit", "buy", 2 * SIZE, round(bid * 0.91, 2)
    )
    seen.call("cancel_order", exchange.cancel_order, (edited or limit)["id"], SYMBOL)
    order("market", "market", "buy")
    order("market_sell", "market", "sell")
    order("market_by_cost", "market", "buy", cost=100)
    order("immediate_or_cancel", "limit", "buy", low, timeInForce="IOC")
    order("fill_or_kill", "limit", "buy", low, timeInForce="FOK")
    order("post_only", "limit", "buy", low, postOnly=True)
    order("stop_limit", "limit", "sell", low, stopLossPrice=low)
    order("take_profit_limit", "limit", "sell", high, takeProfitPrice=high)
    order("stop_market", "market", "sell", stopLossPrice=low)
    order("take_profit_market", "market", "sell", takeProfitPrice=high)
    order("trailing", "market", "sell", trailingPercent=5, stopLossOrTakeProfit="stopLoss", trailingTriggerPrice=low)
    order("iceberg", "limit", "buy", low, 0.01, icebergQty="0.002")
    order("client_id", "limit", "buy", low, clientOrderId="mine-1")
    seen.call("fetch_order_by_client_id", exchange.fetch_order, "", SYMBOL, {"clientOrderId": "mine-1"})
    order("test_order", "limit", "buy", low, test=True)
    seen.call("cancel_all_orders", exchange.cancel_all_orders, SYMBOL)
    exits = {"aboveType": "LIMIT_MAKER", "abovePrice": f"{high:.2f}", "belowType": "STOP_LOSS"}
    exits |= {"belowStopPrice": f"{low:.2f}"}
    request = {"symbol": RAW, "side": "SELL", "quantity": SIZE}
    seen.call("oco", exchange.privatePostOrderListOco, request | exits)
    for number, price in enumerate((low, round(bid * 0.91, 2))):
        order(f"several_{number}", "limit", "buy", price)
    seen.call("cancel_several", exchange.cancel_all_orders, SYMBOL)


def ask_account(seen: Seen, exchange: Any) -> None:
    """What the account may ask for."""
    seen.call("fetch_balance", exchange.fetch_balance)
    seen.call("fetch_orders", exchange.fetch_orders, SYMBOL)
    seen.call("fetch_closed_orders", exchange.fetch_closed_orders, SYMBOL)
    seen.call("fetch_canceled_orders", exchange.fetch_canceled_orders, SYMBOL)
    seen.call("fetch_my_trades", exchange.fetch_my_trades, SYMBOL)
    taken = seen["market"]["id"]
    seen.call("fetch_order_trades", exchange.fetch_order_trades, taken, SYMBOL)
    seen.call("fetch_trading_fee", exchange.fetch_trading_fee, SYMBOL)
    seen.call("fetch_trading_fees", exchange.fetch_trading_fees)


def main() -> dict[str, Any]:
    exchange = at_twin(ccxt.binance)
    seen = Seen(refusal)
    read_market(seen, exchange)
    place_orders(seen, exchange)
    ask_account(seen, exchange)
    return {"calls": seen}


tell(main())
