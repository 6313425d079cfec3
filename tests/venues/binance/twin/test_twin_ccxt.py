"""ccxt, unmodified, reads the twin's market and trades on it over REST, as the twin's log has it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from witness import Witness, is_refused

pytestmark = pytest.mark.third_party

MARKET = [
    "load_markets", "fetch_time", "fetch_order_book", "fetch_l2_order_book", "fetch_trades", "fetch_trades_since",
    "fetch_trades_raw", "fetch_ohlcv", "fetch_ohlcv_seconds", "fetch_ohlcv_since", "fetch_ticker",
    "fetch_ticker_rolling", "fetch_tickers", "fetch_tickers_rolling", "fetch_bids_asks", "fetch_last_prices",
]  # fmt: skip
PLACED = [
    ("limit", "LIMIT", "CANCELED"),
    ("market", "MARKET", "FILLED"),
    ("market_sell", "MARKET", "FILLED"),
    ("market_by_cost", "MARKET", "FILLED"),
    ("immediate_or_cancel", "LIMIT", "EXPIRED"),
    ("fill_or_kill", "LIMIT", "EXPIRED"),
    ("post_only", "LIMIT_MAKER", "CANCELED"),
    ("stop_limit", "STOP_LOSS_LIMIT", "CANCELED"),
    ("take_profit_limit", "TAKE_PROFIT_LIMIT", "CANCELED"),
    ("stop_market", "STOP_LOSS", "CANCELED"),
    ("take_profit_market", "TAKE_PROFIT", "CANCELED"),
    ("trailing", "STOP_LOSS", "CANCELED"),
    ("iceberg", "LIMIT", "CANCELED"),
    ("client_id", "LIMIT", "CANCELED"),
    ("edit_order", "LIMIT", "CANCELED"),
]
"""Each call that places an order, the order's type at the venue, and how it ended."""
ACCOUNT = [
    "fetch_order", "fetch_open_orders", "cancel_order", "fetch_order_by_client_id", "test_order", "oco",
    "cancel_all_orders", "cancel_several", "fetch_balance", "fetch_orders", "fetch_closed_orders",
    "fetch_canceled_orders", "fetch_my_trades", "fetch_order_trades", "fetch_trading_fee", "fetch_trading_fees",
]  # fmt: skip


@pytest.fixture(scope="module")
def saw(witness: Callable[..., Witness]) -> Witness:
    return witness("ccxt_sync.py", "--rate", "50")


def calls(saw: Witness) -> dict[str, Any]:
    found: dict[str, Any] = saw.seen["calls"]
    return found


@pytest.mark.parametrize("name", [*MARKET, *ACCOUNT])
def test_a_call_is_answered(saw: Witness, name: str) -> None:
    answer = calls(saw)[name]
    assert answer
    assert not is_refused(answer)


@pytest.mark.parametrize(("name", "kind", "status"), PLACED)
def test_an_order_of_each_kind_is_taken_and_ends_as_the_log_says(
    saw: Witness, name: str, kind: str, status: str
) -> None:
    answer = calls(saw)[name]
    order = saw.orders[int(answer["id"])]
    assert (order["type"], order["status"], order["client_order_id"]) == (kind, status, answer["clientOrderId"])


def test_the_markets_are_the_twins_with_tick_and_step(saw: Witness) -> None:
    markets = calls(saw)["load_markets"]
    assert [name.replace("/", "") for name in markets] == saw.log("start")[0]["symbols"]
    assert (markets["BTC/USDT"]["precision"]["price"], markets["BTC/USDT"]["precision"]["amount"]) == (0.01, 1e-05)
    assert markets["BTC/USDT"]["limits"]["cost"]["min"] == 5


@pytest.mark.parametrize("name", ["fetch_trades_raw", "fetch_trades", "fetch_trades_since"])
def test_trades_are_those_that_happened(saw: Witness, name: str) -> None:
    seen = calls(saw)[name]
    assert seen
    for trade in seen:
        info = trade["info"]
        numbers = range(info["f"], info["l"] + 1) if "f" in info else [info["id"]]
        happened = [saw.trades["BTCUSDT", number] for number in numbers]
        assert {float(price) for price, _ in happened} == {trade["price"]}
        assert Decimal(info.get("q") or info["qty"]) == sum(Decimal(size) for _, size in happened)


def test_a_ticker_ends_with_the_last_trade(saw: Witness) -> None:
    info = calls(saw)["fetch_ticker"]["info"]
    assert (info["lastPrice"], info["lastQty"]) == saw.trades["BTCUSDT", int(info["lastId"])]


def test_a_candle_begins_where_it_was_asked_for(saw: Witness) -> None:
    seen = calls(saw)
    assert [candle[0] for candle in seen["fetch_ohlcv_since"]] == [seen["fetch_ohlcv_seconds"][0][0]]


def test_an_edited_order_is_another_with_the_new_price_and_size(saw: Witness) -> None:
    seen = calls(saw)
    old, new = saw.orders[int(seen["limit"]["id"])], saw.orders[int(seen["edit_order"]["id"])]
    assert (Decimal(old["size"]), Decimal(new["size"])) == (Decimal("0.001"), Decimal("0.002"))
    assert old["price"] != new["price"]


def test_orders_fills_and_balances_are_the_logs(saw: Witness) -> None:
    seen = calls(saw)
    words = {"CANCELED": "canceled", "FILLED": "closed", "EXPIRED": "expired"}
    known = {int(order["id"]): order["status"] for order in seen["fetch_orders"]}
    assert known == {number: words[order["status"]] for number, order in saw.orders.items()}
    assert {order["status"] for order in seen["fetch_closed_orders"]} == {"closed"}
    fills = [
        (t["info"]["id"], t["info"]["price"], t["info"]["qty"], t["info"]["commission"])
        for t in seen["fetch_my_trades"]
    ]
    assert [(int(fill[0]), *fill[1:]) for fill in fills] == saw.fills
    held = {
        asset: (seen["fetch_balance"][asset]["free"], seen["fetch_balance"][asset]["used"]) for asset in saw.balances
    }
    assert held == {asset: (float(free), float(locked)) for asset, (free, locked) in saw.balances.items()}


def test_the_fee_of_a_symbol_is_the_fee_of_its_fills(saw: Witness) -> None:
    seen = calls(saw)
    trade = seen["fetch_order_trades"][0]
    assert seen["fetch_trading_fee"]["taker"] == pytest.approx(trade["fee"]["cost"] / trade["amount"])
    assert set(seen["fetch_trading_fees"]) == set(seen["load_markets"])
