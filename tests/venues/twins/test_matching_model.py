"""The engine against a model that is too simple to be wrong: ten thousand random sessions."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import Literal, cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slow_book import Match, SlowBook, SlowOrder

from venues.twins.matching import (
    Event,
    Expired,
    LevelChanged,
    MatchingEngine,
    Order,
    Prevented,
    Prevention,
    Side,
    Traded,
)

SESSIONS = 10_000
STEPS, STEP_BYTES = 20, 6
"""A fixed length is drawn at once; a free one costs Hypothesis a decision for each byte."""
KINDS: tuple[tuple[str, str], ...] = (
    *(("LIMIT", "GTC"),) * 9, ("LIMIT", "IOC"), ("LIMIT", "FOK"), ("LIMIT", "FOK"), ("LIMIT_MAKER", "GTC"),
    ("MARKET", "GTC"), ("QUOTE", "GTC"),
)  # fmt: skip
PREVENTIONS: tuple[Prevention, ...] = ("NONE", "NONE", "EXPIRE_MAKER", "EXPIRE_TAKER", "EXPIRE_BOTH", "DECREMENT")
SIDES: tuple[Side, Side] = ("BUY", "SELL")
OWNERS = ("ann", "bob", "cy")
MIDDLE = 20
AWAY = (1, 0, 2, 1, 0, 3, -1, 1, -2)
"""Ticks from the middle to the worse side: most orders come to rest, in few levels, so that queues are long."""


class Session:
    """One engine and one model, given the same orders; each step compares all that can be seen."""

    def __init__(self) -> None:
        self.engine, self.model = MatchingEngine(), SlowBook()
        self.sent: list[tuple[Order, SlowOrder]] = []
        self.slow_of: dict[int, SlowOrder] = {}
        self.fast_of: dict[SlowOrder, Order] = {}
        self.rebuilt: dict[Side, dict[int, int]] = {"BUY": {}, "SELL": {}}
        self.coin: Counter[str] = Counter()
        self.cash: Counter[str] = Counter()
        self.traded: Counter[int] = Counter()
        self.seen = {LevelChanged: 0, Traded: 0, Prevented: 0}

    def step(self, code: bytes) -> None:
        """Do what six bytes say."""
        action = code[0] % 12
        resting = [(fast, slow) for fast, slow in self.sent if fast.is_resting]
        if action < 9 or not resting:
            self.send(code)
            return
        fast, slow = resting[code[1] % len(resting)]
        if action < 10:
            self.model.cancel(slow)
            events = self.engine.cancel(fast.order_id)
            assert named(events[:-1]) == [("Canceled", fast)]
        else:
            if slow.left < 2:
                return
            old_size, less = fast.size, 1 + code[2] % (slow.left - 1)
            self.model.amend(slow, less)
            events = self.engine.amend(fast.order_id, fast.size - less)
            assert named(events[:1]) == [("Amended", fast, old_size)]
        assert not matches(events, self.slow_of)
        self.check(events)

    def send(self, code: bytes) -> None:
        """Send the order that six bytes say to both."""
        kind, tif = KINDS[code[1] % len(KINDS)]
        side = SIDES[code[2] % 2]
        owner = OWNERS[code[2] // 2 % 3]
        price = MIDDLE + (1 if side == "SELL" else -1) * AWAY[code[3] % len(AWAY)]
        size = 1 + code[4] % 12
        display = code[4] // 12 % 4 if (kind, tif) == ("LIMIT", "GTC") else 0
        display = display if display < size else 0
        prevention = PREVENTIONS[code[5] % len(PREVENTIONS)]
        quote = size * MIDDLE if kind == "QUOTE" else 0
        order_id = self.engine.take_order_id() if code[5] // 6 % 4 == 3 else 0
        engine_kind = cast(Literal["LIMIT", "LIMIT_MAKER", "MARKET"], "MARKET" if kind == "QUOTE" else kind)
        fast = Order(
            owner, side, engine_kind, 0 if engine_kind == "MARKET" else price, 0 if quote else size, quote,
            cast(Literal["GTC", "IOC", "FOK"], tif), order_id, display=display, prevention=prevention,
        )  # fmt: skip
        slow = SlowOrder(
            owner, side, engine_kind, price, 0 if quote else size, display, prevention, tif, quote, bool(quote)
        )
        rehearsed = self.engine.rehearse(fast)
        events = self.engine.submit(fast)
        end = self.model.send(slow)
        if end == "REJECTED":
            assert named(events) == [("Rejected", fast)]
            return
        assert named(events[:1]) == [("Accepted", fast)]
        assert fast.order_id not in self.slow_of
        assert not order_id or fast.order_id == order_id
        self.sent.append((fast, slow))
        self.slow_of[fast.order_id] = slow
        self.fast_of[slow] = fast
        if end != "FOK":
            assert rehearsed == (fast.filled, fast.filled_quote)
        assert matches(events, self.slow_of) == self.model.matches
        assert outcome(fast, events) == end
        self.check(events)

    def check(self, events: list[Event]) -> None:
        """Compare orders, owners, levels, queues and the numbers of what happened."""
        self.account_for(events)
        for fast, slow in self.sent:
            assert (fast.filled, fast.filled_quote, fast.prevented) == (slow.filled, slow.paid, slow.prevented)
            assert fast.is_resting == (slow in self.model.resting)
            assert not fast.is_resting or fast.remaining == slow.left
            assert self.traded[fast.order_id] == fast.filled
        for event in events:
            if isinstance(event, Expired) and event.reason == "STP":
                assert self.slow_of[event.order.order_id].end == "STP"
        self.check_owners()
        self.check_book()

    def account_for(self, events: list[Event]) -> None:
        """Do what a clearing house and a reader of the book would."""
        for event in events:
            if isinstance(event, LevelChanged | Traded | Prevented):
                first = event.update_id if isinstance(event, LevelChanged) else event[0]
                assert first == self.seen[type(event)] + 1
                self.seen[type(event)] = first
            if isinstance(event, LevelChanged):
                self.rebuilt[event.side][event.price] = event.total
            elif isinstance(event, Traded):
                buyer, seller = (event.taker, event.maker)[:: 1 if event.taker.side == "BUY" else -1]
                assert (buyer.side, seller.side) == SIDES
                for order, sign in ((buyer, 1), (seller, -1)):
                    self.coin[order.owner] += sign * event.size
                    self.cash[order.owner] -= sign * event.size * event.price
                    self.traded[order.order_id] += event.size
                assert self.traded[event.taker.order_id] == event.taker_filled
                assert self.traded[event.maker.order_id] == event.maker_filled
        assert self.engine.update_id == self.seen[LevelChanged]

    def check_owners(self) -> None:
        """What the owners have by the trades is what their orders say, and all of it together is nothing."""
        for owner in OWNERS:
            own = [(o, 1 if o.side == "BUY" else -1) for o, _ in self.sent if o.owner == owner]
            assert sum(sign * order.filled for order, sign in own) == self.coin[owner]
            assert sum(-sign * order.filled_quote for order, sign in own) == self.cash[owner]
        assert self.coin.total() == self.cash.total() == 0

    def check_book(self) -> None:
        """Levels as the model has them and as the changes tell; queues; nothing crossed."""
        bid, ask = self.engine.best_bid(), self.engine.best_ask()
        assert bid is None or ask is None or bid < ask
        for side in SIDES:
            levels = self.engine.depth(side, 100)
            assert levels == self.model.levels(side)
            assert dict(levels) == {price: total for price, total in self.rebuilt[side].items() if total}
            ahead: Counter[int] = Counter()
            for slow in self.model.queue(side):
                assert self.engine.ahead_of(self.fast_of[slow].order_id) == ahead[slow.price]
                ahead[slow.price] += slow.shown


def named(events: list[Event]) -> list[tuple[object, ...]]:
    """Events with their names, which are no part of a tuple's equality."""
    return [(type(event).__name__, *event) for event in events]


def matches(events: list[Event], slow_of: dict[int, SlowOrder]) -> list[Match]:
    """What happened between orders, in the model's words; fills of one maker in a row are one.

    An iceberg that is alone in its level fills part by part.
    """
    found: list[Match] = []
    for event in events:
        if isinstance(event, Traded):
            found.append(("FILL", slow_of[event.maker.order_id], event.price, event.size, event.size))
        elif isinstance(event, Prevented):
            lost = event.taker_prevented, event.maker_prevented
            found.append(("PREVENTED", slow_of[event.maker.order_id], event.price, *lost))
    together = groupby(found, key=lambda match: match[:3])
    return [(*key, *map(sum, zip(*(match[3:] for match in same), strict=True))) for key, same in together]  # type: ignore[misc]


def outcome(order: Order, events: list[Event]) -> str:
    """The model's word for what became of an order."""
    ends = [event.reason for event in events if isinstance(event, Expired) and event.order is order]
    rests = named(events).count(("Rested", order))
    assert rests == order.is_resting
    assert len(ends) + rests <= 1
    return ends[0] if ends else "RESTS" if rests else "FILLED"


@settings(max_examples=SESSIONS, suppress_health_check=list(HealthCheck))
@given(st.binary(min_size=STEPS * STEP_BYTES, max_size=STEPS * STEP_BYTES))
def test_ten_thousand_sessions_go_as_the_slow_model_says(data: bytes) -> None:
    session = Session()
    for begin in range(0, len(data), STEP_BYTES):
        session.step(data[begin : begin + STEP_BYTES])
