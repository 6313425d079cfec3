"""What holds after every step of a random session: money, locks, ends, and that events say what trades say.

Two accounts order, cancel, replace and amend at random among the participants, with every type, mode and fee.
"""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

import pytest
from spot import Spot, atoms

from venues.binance.twin.errors import VenueError
from venues.binance.twin.market.catalogue import KNOWN
from venues.binance.twin.render import ATOM
from venues.binance.twin.trading.accounts import Account
from venues.binance.twin.trading.rates import Commission, Rates

STEPS = 900
ENDED = {"FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH"}
MODES = ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"]
EXPECTED = {-1013, -1014, -1128, -2010, -2011, -2038, -1015, -2021, -2022}


class Session:
    """A random session; every event of both accounts is kept."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.spot = Spot(others=(KNOWN["BNBUSDT"],), is_empty=False, seed=seed, orders_per_ten_seconds=10**6)
        self.accounts = [self.spot.me, self.spot.other]
        self.events: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.spot.exchange.listener = self
        self.brought = self.held()
        self.refusals: set[int] = set()
        rates = Rates(maker=75_000, taker=100_000, buyer=1_001)
        self.spot.me.commission = Commission(rates, tax=Rates(taker=333), pays_in_bnb=True)
        self.deposit(self.spot.me, "BNB", ATOM // 50)

    def user_event(self, account: Account, event: dict[str, Any]) -> None:
        self.events[account.api_key].append(event)

    def market_events(self, *_: Any) -> None:
        """Nobody watches."""

    def held(self) -> dict[str, int]:
        """Atoms by asset of all accounts, all participants and the venue."""
        held: dict[str, int] = defaultdict(int)
        for account in self.spot.exchange.accounts.values():
            for asset, balance in account.balances.items():
                held[asset] += balance.free + balance.locked
        for market in self.spot.exchange.markets.values():
            symbol = market.symbol
            for steps, quote in market.participants.cash.values():
                held[symbol.base] += steps * symbol.step
                held[symbol.quote] += quote * symbol.quote_unit
        for asset, atoms_ in self.spot.exchange.clearing.collected.items():
            held[asset] += atoms_
        return dict(held)

    def deposit(self, account: Account, asset: str, amount: int) -> None:
        self.spot.exchange.deposit(account, asset, amount)
        self.brought[asset] = self.brought.get(asset, 0) + amount

    def step(self) -> None:
        """One random request of one account, or some acts of the participants."""
        self.spot.now_ms += self.rng.randrange(200)
        account = self.rng.choice(self.accounts)
        act = self.rng.choices(
            [self.place, self.cancel, self.amend, self.replace, self.move, self.acts], [12, 1, 1, 1, 1, 8]
        )[0]
        try:
            act(account)
        except VenueError as refused:
            self.refusals.add(refused.code)

    def order(self, account: Account) -> dict[str, Any]:
        rng = self.rng
        bid, _, ask, _ = self.spot.market.engine.best()
        side = rng.choice(["BUY", "SELL"])
        near = (ask if side == "BUY" else bid) + rng.randrange(-300, 300)
        rivals = [
            mine.order.price for mine in account.open_orders.values() if mine.order.side != side and mine.is_working
        ]
        if rivals and rng.random() < 0.3:
            near = rng.choice(rivals)
        price = self.spot.symbol.price(near)
        size = f"{rng.choice([0.001, 0.01, 0.02, 0.3, 1.7]):.5f}"
        kind = rng.choice(
            ["LIMIT"] * 4
            + ["LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"]
        )
        order: dict[str, Any] = {"side": side, "type": kind, "quantity": size}
        order["selfTradePreventionMode"] = rng.choice(MODES)
        if kind in ("LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"):
            order |= {"timeInForce": rng.choice(["GTC", "GTC", "IOC", "FOK"]), "price": price}
        elif kind == "LIMIT_MAKER":
            order["price"] = price
        if kind == "MARKET" and rng.random() < 0.4:
            order |= {"quantity": None, "quoteOrderQty": rng.randrange(10, 5_000)}
        if kind.startswith(("STOP", "TAKE")):
            if rng.random() < 0.7:
                away = rng.randrange(1, 200)
                is_above = (side == "BUY") == kind.startswith("STOP_LOSS")
                order["stopPrice"] = self.spot.symbol.price(near + (away if is_above else -away))
            if rng.random() < 0.4 or "stopPrice" not in order:
                order["trailingDelta"] = 10
        if "price" in order and rng.random() < 0.2:
            order["icebergQty"] = f"{atoms(size) // 10_000 * 1_000 / ATOM:.5f}"
        if "price" in order and rng.random() < 0.1:
            order |= {"price": None, "pegPriceType": rng.choice(["PRIMARY_PEG", "MARKET_PEG"])}
        return order

    def place(self, account: Account) -> None:
        self.spot.ask("order.place", account, **self.order(account))

    def some_open(self, account: Account) -> int:
        return self.rng.choice([key[1] for key in account.open_orders] or [1])

    def cancel(self, account: Account) -> None:
        if self.rng.random() < 0.03:
            self.spot.ask("openOrders.cancelAll", account)
        self.spot.ask("order.cancel", account, orderId=self.some_open(account))

    def amend(self, account: Account) -> None:
        order_id = self.some_open(account)
        size = f"{self.rng.choice([0.001, 0.005, 0.015, 0.2]):.5f}"
        self.spot.ask("order.amend.keepPriority", account, orderId=order_id, newQty=size)

    def replace(self, account: Account) -> None:
        modes = {"cancelReplaceMode": self.rng.choice(["STOP_ON_FAILURE", "ALLOW_FAILURE"])}
        self.spot.ask(
            "order.cancelReplace", account, cancelOrderId=self.some_open(account), **modes, **self.order(account)
        )

    def move(self, account: Account) -> None:
        free = account.balance("USDT").free
        self.deposit(account, "USDT", self.rng.randrange(-free // 2, ATOM * 100_000))

    def acts(self, account: Account) -> None:
        for market in self.spot.exchange.markets.values():
            for _ in range(self.rng.randrange(80)):
                self.spot.exchange.act(market)


def check_money(session: Session) -> None:
    assert session.held() == {asset: session.brought.get(asset, 0) for asset in session.held()}
    for account in session.accounts:
        needs: dict[str, int] = defaultdict(int)
        for mine in account.open_orders.values():
            needs[mine.pays_with] += mine.need
            if mine.is_working and mine.order.kind != "MARKET":
                left = mine.remaining
                is_buyer = mine.order.side == "BUY"
                value = mine.order.price * left * mine.symbol.quote_unit if is_buyer else left * mine.symbol.step
                assert mine.need == value
        for asset, balance in account.balances.items():
            assert balance.free >= 0
            assert balance.locked == needs.get(asset, 0) + balance.external


def check_engine(session: Session) -> None:
    """Whatever of an account stands in the book is one of its open orders, as large as the account says."""
    for account in session.accounts:
        for (name, order_id), mine in account.open_orders.items():
            resting = session.spot.exchange.markets[name].engine.resting(order_id)
            assert (resting is mine.order) == mine.is_working
            assert (mine.filled, mine.prevented) == (mine.order.filled, mine.order.prevented)


def check_events(account: Account, events: list[dict[str, Any]]) -> None:
    """Each order's events: one begin, one end at most, cumulative fields that add up to its trades."""
    by_order: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        if event["e"] == "executionReport":
            by_order[event["i"]].append(event)
    for order_id, told in by_order.items():
        mine = account.orders["BTCUSDT", order_id]
        filled = quote = prevented = 0
        for number, event in enumerate(told):
            if event["x"] == "TRADE":
                filled, quote = filled + atoms(event["l"]), quote + atoms(event["Y"])
            if event["x"] == "TRADE_PREVENTION":
                prevented += atoms(event["B"])
                assert atoms(event["A"]) == prevented
            assert (atoms(event["z"]), atoms(event["Z"])) == (filled, quote)
            assert (event["X"] in ENDED) == (number == len(told) - 1 and not mine.is_open), (told, mine.status)
        assert told[0]["x"] == "NEW"
        assert told[-1]["X"] == mine.status
        trades = [trade for trade in account.trades if trade.order_id == order_id]
        assert sum(trade.size for trade in trades) * mine.symbol.step == filled == mine.filled * mine.symbol.step
        assert sum(trade.price * trade.size for trade in trades) == mine.filled_quote
        assert mine.prevented * mine.symbol.step == prevented
        fees = [(e["n"], e["N"]) for e in told if e["x"] == "TRADE"]
        assert fees == [(f"{trade.fee // ATOM}.{trade.fee % ATOM:08d}", trade.fee_asset) for trade in trades]


def check_position(account: Account, events: list[dict[str, Any]]) -> None:
    """The last position of each asset that was told is what the account has."""
    last = {row["a"]: row for event in events if event["e"] == "outboundAccountPosition" for row in event["B"]}
    for asset, row in last.items():
        balance = account.balance(asset)
        assert (atoms(row["f"]), atoms(row["l"])) == (balance.free, balance.locked)


@pytest.mark.parametrize("seed", range(3))
def test_a_random_session_loses_no_atom_and_tells_no_lie(seed: int) -> None:
    session = Session(seed)
    for _ in range(STEPS):
        session.step()
        check_money(session)
        check_engine(session)
        for account in session.accounts:
            check_position(account, session.events[account.api_key])
    statuses = set()
    for account in session.accounts:
        check_events(account, session.events[account.api_key])
        statuses |= {mine.status for mine in account.orders.values()}
        assert account.orders.keys() >= account.open_orders.keys()
    assert statuses >= ENDED | {"NEW"}
    assert session.refusals <= EXPECTED
    assert {trade.fee_asset for trade in session.spot.me.trades} == {"BNB", "BTC", "USDT"}
