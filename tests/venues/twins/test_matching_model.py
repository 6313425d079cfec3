"""The engine against a model that is too simple to be wrong: ten thousand random sessions."""

from __future__ import annotations

from itertools import groupby
from typing import Literal, cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slow_book import SlowBook, SlowOrder

from venues.twins.matching import (
    Canceled,
    Event,
    Expired,
    LevelChanged,
    MatchingEngine,
    Order,
    Prevented,
    Prevention,
    Rejected,
    Side,
    Traded,
)

SESSIONS = 10_000
STEPS, STEP_BYTES = 20, 6
"""A fixed length is drawn at once; a free one costs Hypothesis a decision for each byte."""
KINDS: tuple[tuple[str, str], ...] = (
    *(("LIMIT", "GTC"),) * 5, ("LIMIT", "IOC"), ("LIMIT", "FOK"), ("LIMIT", "FOK"), ("LIMIT_MAKER", "GTC"),
    ("MARKET", "GTC"), ("QUOTE", "GTC"),
)  # fmt: skip
PREVENTIONS: tuple[Prevention, ...] = ("NONE", "NONE", "EXPIRE_MAKER", "EXPIRE_TAKER", "EXPIRE_BOTH", "DECREMENT")
SIDES: tuple[Side, Side] = ("BUY", "SELL")
MIDDLE = 20


class Session:
    """One engine and one model, given the same orders; `check` compares all that can be seen."""

    def __init__(self) -> None:
        self.engine, self.model = MatchingEngine(), SlowBook()
        self.sent: list[tuple[Order, SlowOrder]] = []
        self.slow_of: dict[int, SlowOrder] = {}
        self.rebuilt: dict[Side, dict[int, int]] = {"BUY": {}, "SELL": {}}
        self.seen_id = 0

    def step(self, code: bytes) -> None:
        """Do what six bytes say."""
        action = code[0] % 10
        resting = [(fast, slow) for fast, slow in self.sent if fast.is_resting]
        if action < 7 or not resting:
            self.send(code)
            return
        fast, slow = resting[code[1] % len(resting)]
        if action < 9:
            self.model.cancel(slow)
            events = self.engine.cancel(fast.order_id)
            assert isinstance(events[0], Canceled)
        else:
            if slow.left < 2:
                return
            less = 1 + code[2] % (slow.left - 1)
            self.model.amend(slow, less)
            events = self.engine.amend(fast.order_id, fast.size - less)
        self.check(events)

    def send(self, code: bytes) -> None:
        """Send the order that six bytes say to both."""
        kind, tif = KINDS[code[1] % len(KINDS)]
        side = SIDES[code[2] % 2]
        owner = f"owner {code[2] // 2 % 3}"
        price = MIDDLE - 3 + code[3] % 7
        size = 1 + code[4] % 12
        display = code[4] // 12 % 4 if (kind, tif) == ("LIMIT", "GTC") else 0
        display = display if display < size else 0
        prevention = PREVENTIONS[code[5] % len(PREVENTIONS)]
        quote = size * MIDDLE if kind == "QUOTE" else 0
        engine_kind = cast(Literal["LIMIT", "LIMIT_MAKER", "MARKET"], "MARKET" if kind == "QUOTE" else kind)
        fast = Order(
            owner, side, engine_kind, 0 if engine_kind == "MARKET" else price, 0 if quote else size, quote,
            cast(Literal["GTC", "IOC", "FOK"], tif), display=display, prevention=prevention,
        )  # fmt: skip
        slow = SlowOrder(
            owner, side, engine_kind, price, 0 if quote else size, display, prevention, tif, quote, bool(quote)
        )
        rehearsed = self.engine.rehearse(fast)
        events = self.engine.submit(fast)
        end = self.model.send(slow)
        if end == "REJECTED":
            assert [type(event) for event in events] == [Rejected]
            return
        self.sent.append((fast, slow))
        self.slow_of[fast.order_id] = slow
        assert outcome(fast, events) == end
        if end != "FOK":
            assert rehearsed == (fast.filled, fast.filled_quote)
        self.check(events)

    def check(self, events: list[Event]) -> None:
        """Compare fills, orders, levels, queues and the numbers of changes."""
        fills = [(self.slow_of[e.maker.order_id], e.price, e.size) for e in events if isinstance(e, Traded)]
        if any(isinstance(event, Traded) for event in events):
            assert merged(fills) == self.model.fills
        for event in events:
            if isinstance(event, LevelChanged):
                assert event.update_id == self.seen_id + 1
                self.seen_id += 1
                self.rebuilt[event.side][event.price] = event.total
            if isinstance(event, Expired) and event.order.is_resting:
                raise AssertionError("an expired order rests")
            if isinstance(event, Prevented):
                assert event.taker.owner == event.maker.owner
        assert self.engine.update_id == self.seen_id
        for fast, slow in self.sent:
            assert (fast.filled, fast.prevented) == (slow.filled, slow.prevented)
            assert fast.is_resting == (slow in self.model.resting)
        self.check_book()
        assert sum(o.filled for o, _ in self.sent if o.side == "BUY") == sum(
            o.filled for o, _ in self.sent if o.side == "SELL"
        )
        assert sum(o.filled_quote for o, _ in self.sent if o.side == "BUY") == sum(
            o.filled_quote for o, _ in self.sent if o.side == "SELL"
        )

    def check_book(self) -> None:
        """Levels as the model has them and as the changes tell; queues; nothing crossed."""
        bid, ask = self.engine.best_bid(), self.engine.best_ask()
        assert bid is None or ask is None or bid < ask
        for side in SIDES:
            levels = self.engine.depth(side, 100)
            assert levels == self.model.levels(side)
            assert dict(levels) == {price: total for price, total in self.rebuilt[side].items() if total}
        fast_of = {id(slow): fast for fast, slow in self.sent}
        for side in SIDES:
            ahead: dict[int, int] = {}
            for slow in self.model.queue(side):
                assert self.engine.ahead_of(fast_of[id(slow)].order_id) == ahead.get(slow.price, 0)
                ahead[slow.price] = ahead.get(slow.price, 0) + slow.shown


def merged(fills: list[tuple[SlowOrder, int, int]]) -> list[tuple[SlowOrder, int, int]]:
    """Neighbours of one maker and price as one: an iceberg alone in its level fills part by part."""
    together = groupby(fills, key=lambda fill: fill[:2])
    return [(maker, price, sum(size for *_, size in parts)) for (maker, price), parts in together]


def outcome(order: Order, events: list[Event]) -> str:
    """The model's word for what became of an order."""
    ends = [event.reason for event in events if isinstance(event, Expired) and event.order is order]
    if ends:
        assert len(ends) == 1
        return ends[0]
    return "RESTS" if order.is_resting else "FILLED"


@settings(max_examples=SESSIONS, suppress_health_check=list(HealthCheck))
@given(st.binary(min_size=STEPS * STEP_BYTES, max_size=STEPS * STEP_BYTES))
def test_ten_thousand_sessions_go_as_the_slow_model_says(data: bytes) -> None:
    session = Session()
    for begin in range(0, len(data), STEP_BYTES):
        session.step(data[begin : begin + STEP_BYTES])
