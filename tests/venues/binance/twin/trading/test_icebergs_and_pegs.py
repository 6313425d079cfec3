"""Orders that show a part of themselves, and orders whose price is taken from the book."""

from __future__ import annotations

from typing import Any

import pytest
from spot import Spot, atoms

from venues.binance.twin.market.rules import Bounds
from venues.binance.twin.render import ATOM


def test_an_iceberg_shows_a_part_and_the_next_one_stands_behind_the_others() -> None:
    spot = Spot()
    order = spot.place("SELL", "0.5", "60000", icebergQty="0.2")
    assert order["icebergQty"] == "0.20000000"
    assert spot.take("NEW")[0]["F"] == "0.20000000"
    assert spot.balance("BTC")[1] == atoms("0.5")
    rival = spot.counter("SELL", "0.1", "60000")
    assert spot.book()[1] == [(6_000_000, 30_000)]
    spot.counter("BUY", "0.25", "60000")
    assert spot.query(order)["executedQty"] == "0.20000000"
    assert spot.book()[1] == [(6_000_000, 25_000)]
    spot.counter("BUY", "0.05", "60000")
    assert spot.ask("order.status", spot.other, orderId=rival["orderId"])["status"] == "FILLED"
    spot.counter("BUY", "0.3", "60000")
    shown = spot.query(order)
    assert (shown["status"], shown["icebergQty"]) == ("FILLED", "0.20000000")
    assert spot.balance("BTC") == (10 * ATOM - atoms("0.5"), 0)


def test_no_iceberg_quantity_is_shown_where_none_was_sent_but_queries_have_a_zero() -> None:
    spot = Spot()
    order = spot.place("SELL", "0.5", "60000")
    assert "icebergQty" not in order
    assert spot.query(order)["icebergQty"] == "0.00000000"
    assert "icebergQty" not in spot.ask("order.cancel", orderId=order["orderId"])


@pytest.mark.parametrize("tif", ["IOC", "FOK"])
def test_an_iceberg_is_good_till_canceled(tif: str) -> None:
    spot = Spot()
    with spot.refused(-1014, "Unsupported order combination."):
        spot.place("SELL", "0.5", "60000", timeInForce=tif, icebergQty="0.1")


def test_an_iceberg_shows_no_more_than_it_has() -> None:
    spot = Spot()
    with spot.refused(-1013, "IcebergQty exceeds QTY."):
        spot.place("SELL", "0.5", "60000", icebergQty="0.50001")
    assert spot.place("SELL", "0.5", "60000", type="LIMIT_MAKER", icebergQty="0.5")["orderId"]


def market(spot: Spot) -> None:
    """Bids 59900, 59800; asks 60100, 60200."""
    for side, price in (("BUY", "59900"), ("BUY", "59800"), ("SELL", "60100"), ("SELL", "60200")):
        spot.counter(side, "1", price)


@pytest.mark.parametrize(
    ("side", "peg", "price"),
    [
        ("BUY", {"pegPriceType": "PRIMARY_PEG"}, "59900.00000000"),
        ("SELL", {"pegPriceType": "PRIMARY_PEG"}, "60100.00000000"),
        ("BUY", {"pegPriceType": "MARKET_PEG"}, "60100.00000000"),
        ("SELL", {"pegPriceType": "MARKET_PEG"}, "59900.00000000"),
        ("BUY", {"pegPriceType": "PRIMARY_PEG", "pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": 1}, "59800.00000000"),
        ("SELL", {"pegPriceType": "MARKET_PEG", "pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": 1}, "59800.00000000"),
    ],
)
def test_a_pegged_order_takes_its_price_from_the_book(side: str, peg: dict[str, Any], price: str) -> None:
    spot = Spot()
    market(spot)
    order = spot.place(side, "0.1", **peg)
    assert (order["price"], order["peggedPrice"]) == ("0.00000000", price)
    assert {key: order[key] for key in peg} == peg
    new = spot.take("NEW")[0]
    assert (new["p"], new["gp"], new["gP"]) == ("0.00000000", price, peg["pegPriceType"])
    assert ("gOT" in new, new.get("gOV")) == ("pegOffsetType" in peg, peg.get("pegOffsetValue"))
    taken = [fill["price"] for fill in order["fills"]]
    is_taker = peg["pegPriceType"] == "MARKET_PEG"
    assert taken == ([spot.symbol.price(spot_price(side))] if is_taker else [])
    shown = spot.query(order)
    assert (shown["price"], shown["peggedPrice"]) == ("0.00000000", price)


def spot_price(side: str) -> int:
    return 6_010_000 if side == "BUY" else 5_990_000


def test_a_pegged_order_does_not_move_with_the_book() -> None:
    spot = Spot()
    market(spot)
    order = spot.place("BUY", "0.1", pegPriceType="PRIMARY_PEG")
    spot.counter("BUY", "1", "60000")
    assert spot.query(order)["peggedPrice"] == "59900.00000000"
    assert spot.balance("USDT")[1] == 5_990 * ATOM


def test_a_pegged_maker_stands_at_the_best_price_of_its_side() -> None:
    spot = Spot()
    market(spot)
    order = spot.place("SELL", "0.1", type="LIMIT_MAKER", pegPriceType="PRIMARY_PEG")
    assert (order["status"], order["peggedPrice"]) == ("NEW", "60100.00000000")


def test_a_pegged_stop_takes_the_price_of_the_moment_when_it_is_triggered() -> None:
    spot = Spot()
    market(spot)
    order = spot.place(
        "SELL", "0.1", type="STOP_LOSS_LIMIT", timeInForce="GTC", stopPrice="59900", pegPriceType="PRIMARY_PEG"
    )
    assert "peggedPrice" not in order
    spot.counter("SELL", "1", "60050")
    spot.counter("SELL", "1", "59900")
    shown = spot.query(order)
    assert (shown["isWorking"], shown["peggedPrice"], shown["status"]) == (True, "60050.00000000", "NEW")


def test_a_pegged_stop_that_finds_no_price_expires_as_rejected() -> None:
    spot = Spot()
    order = spot.place(
        "SELL", "0.1", type="STOP_LOSS_LIMIT", timeInForce="GTC", stopPrice="59900", pegPriceType="PRIMARY_PEG"
    )
    spot.trade("59900")
    shown = spot.query(order)
    assert (shown["status"], shown["expiryReason"]) == ("EXPIRED", "REJECTED")
    assert spot.balance("BTC") == (10 * ATOM, 0)


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({"pegPriceType": "MIDPOINT"}, -1210, "Invalid pegPriceType."),
        ({"pegPriceType": "PRIMARY_PEG", "pegOffsetType": "TICKS", "pegOffsetValue": 1}, -1211,
         "Invalid pegOffsetType."),
        ({"pegPriceType": "PRIMARY_PEG", "pegOffsetValue": 1}, -1128,
         "Fields [pegOffsetType, pegOffsetValue] must be sent together or omitted entirely."),
        ({"pegPriceType": "PRIMARY_PEG", "pegOffsetType": "PRICE_LEVEL"}, -1128,
         "Fields [pegOffsetType, pegOffsetValue] must be sent together or omitted entirely."),
        ({"pegPriceType": "PRIMARY_PEG", "pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": 101}, -1102,
         "'pegOffsetValue' contains unexpected value. Cannot be greater than 100."),
        ({"price": "60000", "pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": 1}, -1128,
         "Combination of optional parameters invalid."),
        ({"pegPriceType": "PRIMARY_PEG", "timeInForce": "IOC"}, -1013,
         "This price peg cannot be used with this order type."),
        ({"pegPriceType": "MARKET_PEG", "type": "LIMIT_MAKER"}, -1013,
         "This price peg cannot be used with this order type."),
        ({"pegPriceType": "MARKET_PEG", "type": "MARKET"}, -1013, "This order type may not use pegged price."),
        ({"pegPriceType": "MARKET_PEG", "type": "STOP_LOSS", "stopPrice": "59000"}, -1013,
         "This order type may not use pegged price."),
        ({"pegPriceType": "PRIMARY_PEG", "price": "60000.001"}, -1013, "Filter failure: PRICE_FILTER"),
        ({"pegPriceType": "PRIMARY_PEG", "quantity": "0.00008"}, -1013, "Filter failure: NOTIONAL"),
        ({"pegPriceType": "PRIMARY_PEG", "pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": 2}, -2010,
         "Order book liquidity is too low for this pegged order."),
    ],
)  # fmt: skip
def test_a_peg_that_makes_no_sense_is_refused(params: dict[str, Any], code: int, text: str) -> None:
    spot = Spot()
    market(spot)
    with spot.refused(code, text):
        spot.place("SELL", **{"quantity": "0.1"} | params)


def test_a_market_order_by_quote_amount_needs_a_book() -> None:
    spot = Spot()
    with spot.refused(-2010, "Order book liquidity is less than symbol minimum quantity."):
        spot.place("BUY", type="MARKET", quoteOrderQty="100")


def test_a_market_order_by_quote_amount_needs_a_book_of_the_least_market_lot() -> None:
    spot = Spot(Bounds(market_min=ATOM // 100))
    spot.counter("SELL", "0.00900", "60000")
    with spot.refused(-2010, "Order book liquidity is less than `MARKET_LOT_SIZE` filter minimum quantity."):
        spot.place("BUY", type="MARKET", quoteOrderQty="100")
    spot.counter("SELL", "0.00100", "60001")
    assert spot.place("BUY", type="MARKET", quoteOrderQty="300")["status"] == "FILLED"
