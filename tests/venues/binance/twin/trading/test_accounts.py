"""Money: fees in either asset, deposits, locks; and what an account may do."""

from __future__ import annotations

import pytest
from spot import Spot, atoms

from venues.binance.twin.market.catalogue import KNOWN
from venues.binance.twin.render import ATOM
from venues.binance.twin.trading.rates import Commission, Rates

PAGE = Commission(
    standard=Rates(maker=10, taker=20, buyer=30, seller=40),
    special=Rates(maker=1_000_000, taker=2_000_000, buyer=3_000_000, seller=4_000_000),
    tax=Rates(maker=112, taker=114, buyer=118, seller=116),
    discount=25_000_000,
)
"""The rates of the venue's own example."""


def test_a_fee_is_the_received_amount_times_the_sum_of_all_rates() -> None:
    spot = Spot()
    spot.me.commission = PAGE
    spot.counter("BUY", "1", "35000")
    body = spot.place("SELL", "0.49975", "35000")
    (fill,) = body["fills"]
    assert (fill["commission"], fill["commissionAsset"]) == ("1049.52572462", "USDT")
    (event,) = spot.take("TRADE")
    assert (event["n"], event["N"]) == ("1049.52572462", "USDT")
    assert spot.balance("USDT")[0] == 1_000_000 * ATOM + atoms("17491.25") - atoms("1049.52572462")


def test_a_maker_and_a_buyer_pay_their_own_rates_in_what_they_receive() -> None:
    spot = Spot()
    spot.me.commission = Commission(standard=Rates(maker=100_000, taker=900_000, buyer=50_000))
    spot.place("BUY", "0.3", "60000")
    spot.counter("SELL", "0.3", "60000")
    (trade,) = spot.ask("myTrades")
    assert (trade["commission"], trade["commissionAsset"], trade["isMaker"]) == ("0.00045000", "BTC", True)
    assert spot.balance("BTC")[0] == 10 * ATOM + atoms("0.29955")


def with_bnb(bnb: str, price: str = "600") -> Spot:
    spot = Spot(others=(KNOWN["BNBUSDT"],))
    spot.exchange.deposit(spot.me, "BNB", atoms(bnb))
    for account in (spot.me, spot.other):
        spot.exchange.deposit(account, "BNB", ATOM)
    spot.exchange.deposit(spot.me, "BNB", -ATOM)
    spot.counter("SELL", "0.1", price, symbol="BNBUSDT")
    spot.ask("order.place", spot._third, symbol="BNBUSDT", side="BUY", type="MARKET", quantity="0.1")
    spot.me.commission = Commission(pays_in_bnb=True)
    spot.take()
    return spot


def test_with_bnb_at_hand_the_fee_is_paid_in_bnb_at_a_discount() -> None:
    spot = with_bnb("1")
    spot.counter("BUY", "1", "60000")
    body = spot.place("SELL", "0.1", "60000")
    assert [(fill["commission"], fill["commissionAsset"]) for fill in body["fills"]] == [("0.00750000", "BNB")]
    assert spot.balance("BNB") == (ATOM - atoms("0.0075"), 0)
    assert spot.balance("USDT")[0] == 1_006_000 * ATOM
    position = spot.take("outboundAccountPosition")[-1]
    assert {row["a"]: row["f"] for row in position["B"]}["BNB"] == "0.99250000"
    assert spot.ask("account.commission")["discount"] == {
        "enabledForAccount": True, "enabledForSymbol": True, "discountAsset": "BNB", "discount": "0.75000000",
    }  # fmt: skip


def test_without_enough_bnb_the_whole_fee_is_taken_from_what_is_received() -> None:
    spot = with_bnb("0.00749999")
    spot.counter("BUY", "1", "60000")
    body = spot.place("SELL", "0.1", "60000")
    assert [(fill["commission"], fill["commissionAsset"]) for fill in body["fills"]] == [("6.00000000", "USDT")]
    assert spot.balance("BNB") == (atoms("0.00749999"), 0)


def test_the_discount_lowers_the_standard_rate_alone() -> None:
    spot = with_bnb("10", "260")
    spot.me.commission = Commission(
        standard=PAGE.standard, special=PAGE.special, tax=PAGE.tax, pays_in_bnb=True, discount=PAGE.discount
    )
    spot.counter("BUY", "1", "35000")
    (fill,) = spot.place("SELL", "0.49975", "35000")["fills"]
    assert (fill["commission"], fill["commissionAsset"]) == ("4.03660712", "BNB")


def test_the_account_shows_its_rates_its_rights_and_its_number() -> None:
    spot = Spot()
    spot.me.commission = Commission(standard=Rates(maker=100_000, taker=150_000))
    spot.me.requires_prevention = True
    body = spot.ask("account.status", omitZeroBalances="true")
    assert (body["makerCommission"], body["takerCommission"], body["buyerCommission"]) == (10, 15, 0)
    assert body["commissionRates"] == {
        "maker": "0.00100000", "taker": "0.00150000", "buyer": "0.00000000", "seller": "0.00000000",
    }  # fmt: skip
    assert (body["canTrade"], body["requireSelfTradePrevention"], body["preventSor"]) == (True, True, False)
    assert (body["permissions"], body["accountType"], body["uid"]) == (["SPOT"], "SPOT", spot.me.uid)
    assert [row["asset"] for row in body["balances"]] == ["BTC", "USDT"]
    assert [row["asset"] for row in spot.ask("account.status")["balances"]] == ["BNB", "BTC", "USDT"]


def test_a_test_order_tells_its_rates_and_places_nothing() -> None:
    spot = Spot()
    spot.me.commission = PAGE
    order = {"side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.1", "price": "60000"}
    before = spot.state()
    assert spot.ask("order.test", **order) == {}
    assert spot.ask("order.test", **order, computeCommissionRates="true") == {
        "standardCommissionForOrder": {"maker": "0.00000050", "taker": "0.00000060"},
        "specialCommissionForOrder": {"maker": "0.05000000", "taker": "0.06000000"},
        "taxCommissionForOrder": {"maker": "0.00000228", "taker": "0.00000230"},
        "discount": {
            "enabledForAccount": False, "enabledForSymbol": True, "discountAsset": "BNB", "discount": "0.25000000",
        },
    }  # fmt: skip
    assert spot.state() == before
    with spot.refused(-1013, "Filter failure: LOT_SIZE"):
        spot.ask("order.test", **order | {"quantity": "0.000001"})


def test_a_deposit_is_told_as_a_balance_update_and_a_position() -> None:
    spot = Spot()
    spot.take()
    spot.exchange.deposit(spot.me, "SOL", 3 * ATOM // 2)
    update, position = spot.take()
    assert update == {"e": "balanceUpdate", "E": spot.now_ms, "a": "SOL", "d": "1.50000000", "T": spot.now_ms}
    assert position["B"] == [{"a": "SOL", "f": "1.50000000", "l": "0.00000000"}]
    spot.exchange.deposit(spot.me, "SOL", -ATOM)
    assert spot.take("balanceUpdate")[0]["d"] == "-1.00000000"
    with pytest.raises(ValueError, match="SOL"):
        spot.exchange.deposit(spot.me, "SOL", -ATOM)


def test_what_something_else_locks_is_told_and_cannot_be_ordered_with() -> None:
    spot = Spot()
    spot.take()
    spot.exchange.lock(spot.me, "BTC", 9 * ATOM)
    update, position = spot.take()
    assert update == {"e": "externalLockUpdate", "E": spot.now_ms, "a": "BTC", "d": "9.00000000", "T": spot.now_ms}
    assert position["B"] == [{"a": "BTC", "f": "1.00000000", "l": "9.00000000"}]
    with spot.refused(-2010, "Account has insufficient balance for requested action."):
        spot.place("SELL", "1.1", "70000")
    spot.place("SELL", "1", "70000")
    with pytest.raises(ValueError, match="BTC"):
        spot.exchange.lock(spot.me, "BTC", -10 * ATOM)
    spot.exchange.lock(spot.me, "BTC", -9 * ATOM)
    assert spot.balance("BTC") == (9 * ATOM, ATOM)


def test_an_account_that_may_not_trade_can_neither_place_nor_cancel_nor_amend() -> None:
    spot = Spot()
    order = spot.place("BUY", "0.1", "50000")
    spot.me.can_trade = False
    text = "This account may not place or cancel orders."
    with spot.refused(-2010, text):
        spot.place("BUY", "0.1", "50000")
    with spot.refused(-2011, text):
        spot.ask("order.cancel", orderId=order["orderId"])
    with spot.refused(-2011, text):
        spot.ask("openOrders.cancelAll")
    with spot.refused(-2038, text):
        spot.ask("order.amend.keepPriority", orderId=order["orderId"], newQty="0.05")
    assert spot.ask("account.status")["canTrade"] is False
    assert spot.query(order)["status"] == "NEW"


def test_an_account_needs_a_permission_of_the_symbol() -> None:
    spot = Spot()
    spot.me.permissions = ("TRD_GRP_004",)
    with spot.refused(-2010, "This symbol is not permitted for this account."):
        spot.place("BUY", "0.1", "50000")


@pytest.mark.parametrize("status", ["HALT", "BREAK", "END_OF_DAY", "CANCEL_ONLY"])
def test_a_closed_symbol_takes_no_orders_and_its_market_stands_still(status: str) -> None:
    spot = Spot(is_empty=False)
    order = spot.place("BUY", "0.1", "50000")
    spot.exchange.set_status("BTCUSDT", status)
    with spot.refused(-1013, "Market is closed."):
        spot.place("BUY", "0.1", "50000")
    with spot.refused(-2038, "Market is closed."):
        spot.ask("order.amend.keepPriority", orderId=order["orderId"], newQty="0.05")
    assert spot.exchange.act(spot.market) == []
    assert spot.ask("exchangeInfo", symbol="BTCUSDT")["symbols"][0]["status"] == status
    if status == "CANCEL_ONLY":
        assert spot.ask("order.cancel", orderId=order["orderId"])["status"] == "CANCELED"
    else:
        with spot.refused(-2011, "Market is closed."):
            spot.ask("order.cancel", orderId=order["orderId"])
        with spot.refused(-2011, "Market is closed."):
            spot.ask("openOrders.cancelAll")
    spot.exchange.set_status("BTCUSDT", "TRADING")
    assert spot.exchange.act(spot.market)
    spot.place("BUY", "0.1", "50000")


def test_a_status_that_the_venue_does_not_know_is_an_error() -> None:
    with pytest.raises(ValueError, match="PRE_TRADING"):
        Spot().exchange.set_status("BTCUSDT", "PRE_TRADING")


def test_the_venue_can_cancel_an_order_by_itself() -> None:
    spot = Spot()
    order = spot.place("BUY", "0.1", "50000")
    stop = spot.place("SELL", "0.1", type="STOP_LOSS", stopPrice="59000")
    for placed in (order, stop):
        mine = spot.me.orders["BTCUSDT", placed["orderId"]]
        spot.exchange.expire(spot.me, mine, "EXCHANGE_CANCELED")
        shown = spot.query(placed)
        assert (shown["status"], shown["expiryReason"]) == ("EXPIRED", "EXCHANGE_CANCELED")
    assert [event["eR"] for event in spot.take("EXPIRED")] == ["EXCHANGE_CANCELED"] * 2
    assert spot.book() == ([], [])
    assert (spot.balance("USDT")[1], spot.balance("BTC")[1]) == (0, 0)
