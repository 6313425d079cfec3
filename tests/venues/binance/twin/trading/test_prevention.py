"""Self-trade prevention, mode by mode: the scenarios of the venue's page, with the amounts of a BTCUSDT market."""

from __future__ import annotations

from typing import Any

import pytest
from spot import Spot, atoms

from venues.binance.twin.market.rules import Offer
from venues.binance.twin.render import ATOM

PREVENTION_KEYS = ["v", "A", "B", "u", "U", "Cs", "pl", "pL", "pY"]


def bids(spot: Spot, *rows: tuple[str, str]) -> list[dict[str, Any]]:
    return [spot.place("BUY", size, price) for size, price in rows]


def sell(spot: Spot, size: str, price: str | None, mode: str, **params: Any) -> dict[str, Any]:
    spot.take()
    return spot.place("SELL", size, price, selfTradePreventionMode=mode, **params)


def prevention(event: dict[str, Any]) -> dict[str, Any]:
    return {key: event[key] for key in PREVENTION_KEYS if key in event}


def test_none_lets_an_account_trade_with_itself() -> None:
    spot = Spot()
    (maker,) = bids(spot, ("0.1", "60000"))
    taker = sell(spot, "0.1", "60000", "NONE")
    assert (taker["status"], spot.query(maker)["status"]) == ("FILLED", "FILLED")
    assert [e["m"] for e in spot.take("TRADE")] == [False, True]
    assert not spot.me.prevented


def test_expire_maker_clears_what_stands_in_the_way_and_rests() -> None:
    spot = Spot()
    makers = bids(spot, ("0.12", "60200"), ("0.13", "60100"), ("0.81", "60000"))
    taker = sell(spot, "0.3", "60000", "EXPIRE_MAKER")
    assert (taker["status"], taker["executedQty"], taker["fills"]) == ("NEW", "0.00000000", [])
    assert taker["preventedMatches"] == [
        {
            "preventedMatchId": number, "makerSymbol": "BTCUSDT", "makerOrderId": maker["orderId"],
            "price": maker["price"], "makerPreventedQuantity": maker["origQty"],
        }
        for number, maker in enumerate(makers, start=1)
    ]  # fmt: skip
    assert "preventedQuantity" not in taker
    for number, maker in enumerate(makers, start=1):
        shown = spot.query(maker)
        assert (shown["status"], shown["preventedMatchId"], shown["preventedQuantity"]) == (
            "EXPIRED_IN_MATCH", number, maker["origQty"],
        )  # fmt: skip
        assert "expiryReason" not in shown
    told = spot.take("executionReport")
    assert [(e["i"], e["x"], e["X"]) for e in told] == [
        (taker["orderId"], "NEW", "NEW"),
        *((maker["orderId"], "TRADE_PREVENTION", "EXPIRED_IN_MATCH") for maker in makers),
    ]
    assert prevention(told[1]) == {
        "v": 1, "A": "0.12000000", "B": "0.12000000", "u": -1, "U": taker["orderId"], "Cs": "BTCUSDT",
        "pl": "0.12000000", "pL": "60200.00000000", "pY": "7224.00000000",
    }  # fmt: skip
    assert prevention(told[3])["pl"] == "0.30000000"
    assert spot.balance("USDT") == (1_000_000 * ATOM, 0)
    assert spot.balance("BTC")[1] == atoms("0.3")
    assert spot.book() == ([], [(6_000_000, 30_000)])


def test_expire_taker_leaves_the_book_as_it_was() -> None:
    spot = Spot()
    makers = bids(spot, ("0.12", "60200"), ("0.81", "60000"))
    taker = sell(spot, "0.3", "60000", "EXPIRE_TAKER")
    assert (taker["status"], taker["preventedQuantity"]) == ("EXPIRED_IN_MATCH", "0.30000000")
    assert taker["preventedMatches"] == [
        {
            "preventedMatchId": 1, "makerSymbol": "BTCUSDT", "makerOrderId": makers[0]["orderId"],
            "price": "60200.00000000", "takerPreventedQuantity": "0.30000000",
        }
    ]  # fmt: skip
    assert [spot.query(maker)["status"] for maker in makers] == ["NEW", "NEW"]
    told = spot.take("executionReport")
    assert [(e["x"], e["X"]) for e in told] == [("NEW", "NEW"), ("TRADE_PREVENTION", "EXPIRED_IN_MATCH")]
    assert prevention(told[1]) == {
        "v": 1, "A": "0.30000000", "B": "0.30000000", "u": -1, "U": makers[0]["orderId"], "Cs": "BTCUSDT",
        "pl": "0.12000000", "pL": "60200.00000000", "pY": "7224.00000000",
    }  # fmt: skip
    assert spot.balance("BTC") == (10 * ATOM, 0)


def test_expire_both_ends_the_two_and_no_more() -> None:
    spot = Spot()
    first, second = bids(spot, ("0.1", "60200"), ("0.1", "60000"))
    taker = sell(spot, "0.3", "60000", "EXPIRE_BOTH")
    assert (taker["status"], taker["preventedQuantity"]) == ("EXPIRED_IN_MATCH", "0.30000000")
    (match,) = taker["preventedMatches"]
    assert (match["takerPreventedQuantity"], match["makerPreventedQuantity"]) == ("0.30000000", "0.10000000")
    assert (spot.query(first)["status"], spot.query(second)["status"]) == ("EXPIRED_IN_MATCH", "NEW")
    assert [e["X"] for e in spot.take("TRADE_PREVENTION")] == ["EXPIRED_IN_MATCH"] * 2
    assert spot.balance("BTC") == (10 * ATOM, 0)
    assert spot.balance("USDT")[1] == 6_000 * ATOM


def test_decrement_takes_the_smaller_from_both() -> None:
    spot = Spot()
    (maker,) = bids(spot, ("0.6", "60000"))
    taker = sell(spot, "0.2", "60000", "DECREMENT")
    assert (taker["status"], taker["preventedQuantity"]) == ("EXPIRED_IN_MATCH", "0.20000000")
    shown = spot.query(maker)
    assert (shown["status"], shown["origQty"], shown["preventedQuantity"], shown["preventedMatchId"]) == (
        "NEW", "0.60000000", "0.20000000", 1,
    )  # fmt: skip
    told = spot.take("TRADE_PREVENTION")
    assert [(e["X"], e["A"], e["B"], e["w"]) for e in told] == [
        ("NEW", "0.20000000", "0.20000000", True),
        ("EXPIRED_IN_MATCH", "0.20000000", "0.20000000", False),
    ]
    assert spot.balance("USDT")[1] == 24_000 * ATOM
    assert spot.book()[0] == [(6_000_000, 40_000)]


def test_decrement_adds_up_over_several_and_the_rest_trades() -> None:
    spot = Spot()
    bids(spot, ("0.1", "60200"), ("0.1", "60100"))
    spot.counter("BUY", "1", "60000")
    taker = sell(spot, "0.5", "60000", "DECREMENT")
    assert (taker["status"], taker["executedQty"], taker["preventedQuantity"]) == (
        "FILLED", "0.30000000", "0.20000000",
    )  # fmt: skip
    mine = [e for e in spot.take("executionReport") if e["i"] == taker["orderId"]]
    assert [(e["x"], e["X"], e.get("A"), e.get("B")) for e in mine] == [
        ("NEW", "NEW", None, None),
        ("TRADE_PREVENTION", "NEW", "0.10000000", "0.10000000"),
        ("TRADE_PREVENTION", "NEW", "0.20000000", "0.10000000"),
        ("TRADE", "FILLED", "0.20000000", None),
    ]
    assert spot.balance("BTC") == (10 * ATOM - atoms("0.3"), 0)


def test_the_takers_mode_decides() -> None:
    spot = Spot()
    maker = spot.place("BUY", "0.1", "60000", selfTradePreventionMode="EXPIRE_MAKER")
    taker = sell(spot, "0.1", "60000", "EXPIRE_TAKER")
    assert (spot.query(maker)["status"], taker["status"]) == ("NEW", "EXPIRED_IN_MATCH")
    assert spot.query(maker)["selfTradePreventionMode"] == "EXPIRE_MAKER"


def test_a_market_order_that_finds_only_its_own_account_expires_for_lack_of_liquidity() -> None:
    spot = Spot()
    (maker,) = bids(spot, ("0.1", "60000"))
    taker = sell(spot, "0.1", None, "EXPIRE_MAKER", type="MARKET")
    assert (taker["status"], taker["expiryReason"]) == ("EXPIRED", "INSUFFICIENT_LIQUIDITY")
    assert "preventedQuantity" not in taker
    assert spot.query(maker)["status"] == "EXPIRED_IN_MATCH"


def test_a_market_buy_past_its_own_orders_can_pay_for_the_dearer_ones_behind_them() -> None:
    spot = Spot()
    spot.place("SELL", "1", "60000")
    spot.counter("SELL", "1", "90000")
    spot.exchange.deposit(spot.me, "USDT", -(910_000 * ATOM + 1))
    with spot.refused(-2010, "Account has insufficient balance for requested action."):
        spot.place("BUY", "1", type="MARKET", selfTradePreventionMode="EXPIRE_MAKER")
    spot.exchange.deposit(spot.me, "USDT", 1)
    body = spot.place("BUY", "1", type="MARKET", selfTradePreventionMode="EXPIRE_MAKER")
    assert (body["status"], body["cummulativeQuoteQty"]) == ("FILLED", "90000.00000000")
    assert spot.balance("USDT") == (0, 0)


@pytest.mark.parametrize("mode", ["TRANSFER", "EXPIRE_BOTH"])
def test_a_mode_that_the_symbol_does_not_allow_is_refused(mode: str) -> None:
    spot = Spot(offer=Offer(preventions=("NONE", "EXPIRE_TAKER")))
    with spot.refused(-1013, "This symbol does not allow the specified self-trade prevention mode."):
        spot.place("SELL", "0.1", "60000", selfTradePreventionMode=mode)


def test_an_order_without_a_mode_has_the_symbols_default() -> None:
    spot = Spot(offer=Offer(default_prevention="EXPIRE_MAKER"))
    assert spot.place("SELL", "0.1", "60000")["selfTradePreventionMode"] == "EXPIRE_MAKER"
    assert spot.take("NEW")[0]["V"] == "EXPIRE_MAKER"
    info = spot.ask("exchangeInfo", symbol="BTCUSDT")["symbols"][0]
    assert info["defaultSelfTradePreventionMode"] == "EXPIRE_MAKER"
    assert info["allowedSelfTradePreventionModes"] == [
        "NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT",
    ]  # fmt: skip


def test_prevented_matches_are_found_by_id_and_by_either_order() -> None:
    spot = Spot()
    makers = bids(spot, ("0.12", "60200"), ("0.13", "60100"))
    taker = sell(spot, "0.3", "60000", "EXPIRE_MAKER")
    found = spot.ask("myPreventedMatches", orderId=taker["orderId"])
    assert found == [
        {
            "symbol": "BTCUSDT", "preventedMatchId": number, "takerOrderId": taker["orderId"],
            "makerSymbol": "BTCUSDT", "makerOrderId": maker["orderId"], "tradeGroupId": -1,
            "selfTradePreventionMode": "EXPIRE_MAKER", "price": maker["price"],
            "makerPreventedQuantity": maker["origQty"], "transactTime": spot.now_ms,
        }
        for number, maker in enumerate(makers, start=1)
    ]  # fmt: skip
    assert spot.ask("myPreventedMatches", preventedMatchId=2) == [found[1]]
    assert spot.ask("myPreventedMatches", orderId=makers[0]["orderId"]) == [found[0]]
    assert spot.ask("myPreventedMatches", orderId=taker["orderId"], fromPreventedMatchId=2) == [found[1]]
    assert spot.ask("myPreventedMatches", orderId=taker["orderId"], fromPreventedMatchId=1, limit=1) == [found[0]]
    with spot.refused(-1128, "Combination of optional parameters invalid."):
        spot.ask("myPreventedMatches", preventedMatchId=1, orderId=taker["orderId"])
    with spot.refused(-1102, "Param 'preventedMatchId' or 'orderId' must be sent, but both were empty/null!"):
        spot.ask("myPreventedMatches")
