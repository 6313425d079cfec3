"""Every filter: its code, its text, that it lets pass what is just within it, and that a refusal changes nothing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from spot import BTC, Spot

from venues.binance.twin.market.catalogue import KNOWN
from venues.binance.twin.market.rules import Bounds, PercentPrice
from venues.binance.twin.render import ATOM
from venues.binance.twin.trading.filters import ExchangeBounds

STOP_SELL = {"type": "STOP_LOSS", "stopPrice": "59000"}
NARROW = Bounds(market_min=ATOM // 100, market_max=2 * ATOM, market_step=ATOM // 100)


@pytest.mark.parametrize(
    ("bounds", "order", "name"),
    [
        (None, ("BUY", "0.1", "60000.001"), "PRICE_FILTER"),
        (None, ("BUY", "0.1", "1000000.01"), "PRICE_FILTER"),
        (None, ("BUY", "0.1", "0"), "PRICE_FILTER"),
        (None, ("SELL", "0.1", None, STOP_SELL | {"stopPrice": "59000.001"}), "PRICE_FILTER"),
        (None, ("BUY", "0.1", "300000.01"), "PERCENT_PRICE_BY_SIDE"),
        (None, ("BUY", "0.1", "11999.99"), "PERCENT_PRICE_BY_SIDE"),
        (None, ("SELL", "0.1", "11999.99"), "PERCENT_PRICE_BY_SIDE"),
        (
            Bounds(percent_price=PercentPrice(Decimal("1.3"), Decimal("0.7"), by_side=False)),
            ("SELL", "0.1", "78000.01"),
            "PERCENT_PRICE",
        ),
        (None, ("BUY", "0.100001", "60000"), "LOT_SIZE"),
        (None, ("BUY", "0.000001", "60000"), "LOT_SIZE"),
        (None, ("BUY", "9000.00001", "60000"), "LOT_SIZE"),
        (None, ("BUY", "0.1", "60000", {"icebergQty": "0.050001"}), "LOT_SIZE"),
        (NARROW, ("SELL", "0.001", None, {"type": "MARKET"}), "MARKET_LOT_SIZE"),
        (NARROW, ("SELL", "2.01", None, {"type": "MARKET"}), "MARKET_LOT_SIZE"),
        (NARROW, ("SELL", "0.015", None, {"type": "MARKET"}), "MARKET_LOT_SIZE"),
        (NARROW, ("SELL", "0.015", None, STOP_SELL), "MARKET_LOT_SIZE"),
        (None, ("BUY", "0.00008", "60000"), "NOTIONAL"),
        (None, ("BUY", "151", "60000"), "NOTIONAL"),
        (None, ("BUY", "0.00008", None, {"type": "MARKET"}), "NOTIONAL"),
        (None, ("BUY", None, None, {"type": "MARKET", "quoteOrderQty": "4.99"}), "NOTIONAL"),
        (Bounds(has_max_notional=False), ("BUY", "0.00008", "60000"), "MIN_NOTIONAL"),
        (None, ("BUY", "0.1", "60000", {"icebergQty": "0.00099"}), "ICEBERG_PARTS"),
        (None, ("SELL", "0.1", None, {"type": "STOP_LOSS", "trailingDelta": 9}), "TRAILING_DELTA"),
        (None, ("BUY", "0.1", None, {"type": "STOP_LOSS", "trailingDelta": 2001}), "TRAILING_DELTA"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_outside_of_a_filter_is_refused_by_its_name(
    bounds: Bounds | None, order: tuple[Any, ...], name: str
) -> None:
    spot = Spot(bounds)
    side, quantity, price, *more = order
    with spot.refused(-1013, f"Filter failure: {name}"):
        spot.place(side, quantity, price, **(more[0] if more else {}))


@pytest.mark.parametrize(
    ("bounds", "order"),
    [
        (None, ("BUY", "0.1", "300000")),
        (None, ("BUY", "0.1", "12000")),
        (None, ("SELL", "0.1", "300000")),
        (None, ("BUY", "0.00009", "60000")),
        (None, ("BUY", "0.1", "50000", {"icebergQty": "0.001"})),
        (None, ("SELL", "0.1", None, {"type": "STOP_LOSS", "trailingDelta": 10})),
        (None, ("BUY", "0.1", None, {"type": "STOP_LOSS", "trailingDelta": 2000})),
        (NARROW, ("SELL", "2", None, {"type": "MARKET"})),
        (NARROW, ("SELL", "0.01", None, {"type": "MARKET"})),
        (Bounds(has_max_notional=False), ("SELL", "10", "60000")),
    ],
)
def test_what_is_just_within_a_filter_is_accepted(bounds: Bounds | None, order: tuple[Any, ...]) -> None:
    side, quantity, price, *more = order
    assert Spot(bounds).place(side, quantity, price, **(more[0] if more else {}))["orderId"]


def test_each_side_has_its_own_percentages() -> None:
    spot = Spot(Bounds(percent_price=PercentPrice(Decimal("1.2"), Decimal("0.5"), Decimal("2"), Decimal("0.8"))))
    for side, price in (("BUY", "72000.01"), ("SELL", "47999.99"), ("SELL", "120000.01"), ("BUY", "29999.99")):
        with spot.refused(-1013, "Filter failure: PERCENT_PRICE_BY_SIDE"):
            spot.place(side, "0.1", price)
    spot.place("SELL", "0.1", "120000")
    spot.place("BUY", "0.1", "30000")


def test_a_market_order_has_no_largest_notional_and_a_limit_order_has() -> None:
    spot = Spot()
    spot.exchange.deposit(spot.me, "BTC", 1000 * ATOM)
    with spot.refused(-1013, "Filter failure: NOTIONAL"):
        spot.place("SELL", "151", "60000")
    assert spot.place("SELL", "151", type="MARKET")["status"] == "EXPIRED"


@pytest.mark.parametrize(
    ("bounds", "exchange_bounds", "order", "name"),
    [
        (Bounds(max_orders=2), ExchangeBounds(), {}, "MAX_NUM_ORDERS"),
        (Bounds(max_algo_orders=2), ExchangeBounds(), STOP_SELL, "MAX_NUM_ALGO_ORDERS"),
        (Bounds(max_iceberg_orders=2), ExchangeBounds(), {"icebergQty": "0.05"}, "MAX_NUM_ICEBERG_ORDERS"),
        (Bounds(), ExchangeBounds(max_orders=2), {}, "EXCHANGE_MAX_NUM_ORDERS"),
        (Bounds(), ExchangeBounds(max_algo_orders=2), STOP_SELL, "EXCHANGE_MAX_NUM_ALGO_ORDERS"),
        (Bounds(), ExchangeBounds(max_iceberg_orders=2), {"icebergQty": "0.05"}, "EXCHANGE_MAX_NUM_ICEBERG_ORDERS"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_open_orders_are_counted_until_they_end(
    bounds: Bounds, exchange_bounds: ExchangeBounds, order: dict[str, Any], name: str
) -> None:
    spot = Spot(bounds, exchange_bounds=exchange_bounds)

    def place() -> dict[str, Any]:
        return spot.place("SELL", "0.1", None if "stopPrice" in order else "70000", **order)

    first = place()
    place()
    with spot.refused(-1013, f"Filter failure: {name}"):
        place()
    spot.ask("order.cancel", orderId=first["orderId"])
    place()


def test_a_plain_order_is_not_counted_with_algo_orders_or_icebergs() -> None:
    spot = Spot(Bounds(max_algo_orders=0, max_iceberg_orders=0))
    spot.place("SELL", "0.1", "70000")
    with spot.refused(-1013, "Filter failure: MAX_NUM_ALGO_ORDERS"):
        spot.place("SELL", "0.1", **STOP_SELL)


def test_the_orders_of_another_symbol_count_on_the_exchange_and_not_here() -> None:
    spot = Spot(Bounds(max_orders=1), exchange_bounds=ExchangeBounds(max_orders=2), others=(KNOWN["ETHUSDT"],))
    spot.exchange.deposit(spot.me, "ETH", ATOM)
    spot.place("SELL", "0.1", "4000", symbol="ETHUSDT")
    spot.place("SELL", "0.1", "70000")
    with spot.refused(-1013, "Filter failure: EXCHANGE_MAX_NUM_ORDERS"):
        spot.place("SELL", "0.1", "4000", symbol="ETHUSDT")


def test_a_position_counts_what_is_owned_and_what_is_being_bought() -> None:
    spot = Spot(Bounds(max_position=11 * ATOM))
    spot.place("BUY", "0.6", "50000")
    with spot.refused(-1013, "Filter failure: MAX_POSITION"):
        spot.place("BUY", "0.40001", "50000")
    spot.place("BUY", "0.4", "50000")
    spot.place("SELL", "5", "70000")
    with spot.refused(-1013, "Filter failure: MAX_POSITION"):
        spot.place("BUY", "0.1", "50000")


def test_an_account_may_have_a_limit_on_what_one_order_transacts_of_an_asset() -> None:
    spot = Spot()
    spot.me.max_assets = {"BTC": ATOM, "USDT": 30_000 * ATOM}
    for side, quantity, price in (("SELL", "1.00001", "15000"), ("BUY", "0.6", "50000.01")):
        with spot.refused(-1013, "Filter failure: MAX_ASSET"):
            spot.place(side, quantity, price)
    spot.place("BUY", "0.6", "50000")
    filters = spot.ask("myFilters")
    assert filters["assetFilters"] == [
        {"filterType": "MAX_ASSET", "asset": "BTC", "limit": "1.00000000"},
        {"filterType": "MAX_ASSET", "asset": "USDT", "limit": "30000.00000000"},
    ]
    assert filters["symbolFilters"] == spot.symbol.filters()
    assert {"filterType": "EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders": 1000} in filters["exchangeFilters"]


def test_more_decimals_than_an_asset_has_are_too_much_precision() -> None:
    spot = Spot()
    for name, value in (("price", "60000.123456789"), ("quantity", "0.100000001"), ("icebergQty", "0.000000001")):
        with spot.refused(-1111, f"Parameter '{name}' has too much precision."):
            spot.place("BUY", **{"quantity": "0.1", "price": "60000"} | {name: value})
    with spot.refused(-1111, "Parameter 'stopPrice' has too much precision."):
        spot.place("SELL", "0.1", type="STOP_LOSS", stopPrice="59000.000000001")
    with spot.refused(-1111, "Parameter 'quoteOrderQty' has too much precision."):
        spot.place("BUY", type="MARKET", quoteOrderQty="100.000000001")


def test_exchange_info_lists_every_filter_that_a_symbol_has_and_no_other() -> None:
    listed = [entry["filterType"] for entry in BTC.filters()]
    assert listed == [
        "PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE", "PERCENT_PRICE_BY_SIDE", "NOTIONAL", "ICEBERG_PARTS",
        "TRAILING_DELTA", "MAX_NUM_ORDERS", "MAX_NUM_ORDER_LISTS", "MAX_NUM_ALGO_ORDERS", "MAX_NUM_ORDER_AMENDS",
    ]  # fmt: skip
    bounds = Bounds(
        percent_price=PercentPrice(by_side=False), has_max_notional=False, max_position=ATOM, iceberg_parts=None,
        trailing_delta=None, max_iceberg_orders=7, max_algo_orders=None, max_amends=None,
    )  # fmt: skip
    by_name = {entry["filterType"]: entry for entry in replace(BTC, bounds=bounds).filters()}
    assert by_name["PERCENT_PRICE"] == {
        "filterType": "PERCENT_PRICE", "multiplierUp": "5", "multiplierDown": "0.2", "avgPriceMins": 5,
    }  # fmt: skip
    assert by_name["MIN_NOTIONAL"] == {
        "filterType": "MIN_NOTIONAL", "minNotional": "5.00000000", "applyToMarket": True, "avgPriceMins": 5,
    }  # fmt: skip
    assert by_name["MAX_POSITION"] == {"filterType": "MAX_POSITION", "maxPosition": "1.00000000"}
    assert by_name["MAX_NUM_ICEBERG_ORDERS"] == {"filterType": "MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders": 7}
    assert not {"ICEBERG_PARTS", "TRAILING_DELTA", "MAX_NUM_ALGO_ORDERS", "MAX_NUM_ORDER_AMENDS"} & set(by_name)
