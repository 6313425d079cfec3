"""Instruments' records are asked for once a minute, and an absent market-data actor costs little."""

from __future__ import annotations

from order_samples import BTC, an_instrument

from bus.codec import ReplyStatus
from bus.messages import Code, Empty, GetInstruments, InstrumentsAnswer, Message
from bus.requests import Reply
from venues.execution import rules as module
from venues.execution.rules import Rules


class Clock:
    """Stands still until it is moved."""

    now_ns = 0

    def time_ns(self) -> int:
        return self.now_ns

    monotonic_ns = boottime_ns = time_ns


class MarketData:
    """Answers with what it has."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Message]] = []
        self.body: Message | None = InstrumentsAnswer((an_instrument(),))

    async def __call__(self, name: str, message: Message, timeout_s: float) -> Reply:
        self.asked.append((name, message))
        if self.body is None:
            return Reply(ReplyStatus.FAILED, Code.NO_SUCH_ACTOR, Empty())
        return Reply(ReplyStatus.OK, Code.NONE, self.body)


async def test_a_record_is_fresh_for_a_minute_and_then_asked_for_again() -> None:
    clock, market = Clock(), MarketData()
    rules = Rules("BINANCE", clock, market)
    assert (rules.is_fresh(BTC), rules.get(BTC)) == (False, None)
    await rules.learn(BTC)
    assert rules.get(BTC) == an_instrument()
    assert market.asked == [("market_data.BINANCE", GetInstruments("BINANCE", BTC))]
    clock.now_ns = int(module.FRESH_S * 1e9) - 1
    assert rules.is_fresh(BTC)
    clock.now_ns += 1
    assert not rules.is_fresh(BTC)


async def test_without_an_answer_the_last_record_stands_and_an_unknown_one_is_asked_for_again_soon() -> None:
    clock, market = Clock(), MarketData()
    rules = Rules("BINANCE", clock, market)
    market.body = None
    await rules.learn(BTC)
    assert (rules.is_fresh(BTC), rules.get(BTC)) == (True, None)
    clock.now_ns = int(module.ANSWER_S * 1e9)
    assert not rules.is_fresh(BTC)
    market.body = InstrumentsAnswer((an_instrument(),))
    await rules.learn(BTC)
    market.body = None
    clock.now_ns += int(module.FRESH_S * 1e9)
    await rules.learn(BTC)
    assert rules.get(BTC) == an_instrument()
    assert rules.is_fresh(BTC)


async def test_what_is_kept_is_bounded() -> None:
    rules = Rules("BINANCE", Clock(), MarketData())
    for number in range(module.RULES_KEPT + 5):
        await rules.learn(f"X{number}.BINANCE")
    assert len(rules._known) == module.RULES_KEPT
