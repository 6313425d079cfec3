"""An account is judged by two quiet reads that agree, after the fills were fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from order_samples import INSTANCE, a_fill, an_instrument, an_intent, an_order

from actors.reconciler import Reconciler
from actors.reconciler.accounts import AccountCheck, AccountMoved
from actors.reconciler.ledger import Ledger
from actors.reconciler.records import Adjustment, Baseline, InstrumentKnown
from actors.runtime import Context, Log
from bus import topics
from bus.messages import Balance, BalancesAnswer, Fill, PositionsAnswer, Source

DAY_ONE = {"BTC": "1", "USDT": "1000"}


class Clock:
    now = 1_000

    def time_ns(self) -> int:
        self.now += 1
        return self.now

    monotonic_ns = time_ns


class Account:
    """A check with a scripted venue: what it holds, its list of trades, and what happens during a question."""

    def __init__(self, **holds: str) -> None:
        self.ledger, self.clock = Ledger("demo"), Clock()
        self.recorded: list[Any] = []
        self.holds = holds or DAY_ONE
        self.trades: list[Fill] = []
        self.fetches = 0
        self.in_flight = False
        self.while_asked: Callable[[], None] = lambda: None
        self.while_fetched: Callable[[], None] = lambda: None
        self.check = AccountCheck(INSTANCE, self.ledger, self.record, self.clock, Log("test"))
        self.record([InstrumentKnown(INSTANCE, an_instrument()), an_intent(1, an_order("o1", size=Decimal(100)))])

    def record(self, messages: list[Any]) -> None:
        for message in messages:
            if self.ledger.is_news(message):
                self.ledger.apply(message)
                self.recorded.append(message)

    def tell(self, *fills: Fill) -> None:
        """What the stream tells."""
        self.record(list(fills))
        self.check.events += len(fills)

    async def ask(self) -> BalancesAnswer:
        asked = self.clock.time_ns()
        holds = [(asset, Decimal(total)) for asset, total in self.holds.items()]
        await asyncio.sleep(0)
        self.while_asked()
        balances = (Balance(INSTANCE, asset, total, Decimal(0), Source.QUERY, asked, asked) for asset, total in holds)
        return BalancesAnswer(tuple(balances), True, asked)

    async def fetch(self) -> None:
        self.fetches += 1
        self.while_fetched()
        fresh = [fill for fill in self.trades if self.ledger.is_news(fill)]
        self.check.events += len(fresh)
        self.record(fresh)

    def read(self, **holds: str) -> Account:
        if holds:
            self.holds = holds
        asyncio.run(self.check.read(self.ask, lambda: self.in_flight, self.fetch))
        return self

    @property
    def adjusted(self) -> list[tuple[str, Decimal]]:
        return [(each.asset, each.found - each.expected) for each in self.recorded if isinstance(each, Adjustment)]


def bought(trade: str, size: str = "1", price: str = "100") -> Fill:
    return a_fill(trade, size=Decimal(size), price=Decimal(price))


def test_the_first_read_is_the_baseline_and_fills_move_what_is_expected() -> None:
    account = Account().read()
    assert next(each for each in account.recorded if isinstance(each, Baseline)).balances["BTC"] == 1
    account.tell(bought("1"))
    account.read(BTC="2", USDT="900")
    account.read()
    assert account.adjusted == []
    assert not account.check.is_suspicious


@pytest.mark.parametrize("source", ["stream", "list"])
def test_a_first_read_that_counts_a_fill_not_told_yet_is_no_baseline(source: str) -> None:
    account, fill = Account(BTC="2", USDT="900"), bought("1")
    if source == "list":
        account.trades = [fill]
    else:
        account.while_asked = lambda: account.tell(fill)
    with pytest.raises(AccountMoved):
        account.read()
    assert INSTANCE not in account.ledger.expected
    account.while_asked = lambda: None
    account.read()
    account.tell(fill)
    assert account.ledger.expected[INSTANCE] == {"BTC": 2, "USDT": 900}


def test_an_order_in_flight_does_not_hold_up_the_baseline() -> None:
    account = Account()
    account.in_flight = True
    account.read()
    assert account.ledger.expected[INSTANCE]["BTC"] == 1


def test_a_difference_is_adjusted_by_the_second_quiet_read_after_fetching_fills() -> None:
    account = Account().read()
    fetches = account.fetches
    account.read(BTC="3", USDT="1000")
    assert (account.adjusted, account.fetches - fetches, account.check.is_suspicious) == ([], 1, True)
    account.read()
    assert (account.adjusted, account.check.is_suspicious) == ([("BTC", Decimal(2))], False)
    [adjustment] = [each for each in account.recorded if isinstance(each, Adjustment)]
    assert len(set(adjustment.reads)) == 2
    account.read().read()
    assert len(account.adjusted) == 1


def test_all_assets_that_two_reads_agree_on_are_adjusted_and_the_others_wait() -> None:
    account = Account().read()
    account.read(BTC="3", USDT="900", ETH="1")
    account.read(BTC="3", USDT="950", ETH="1")
    assert [asset for asset, _ in account.adjusted] == ["BTC", "ETH"]
    account.read()
    assert account.adjusted[2:] == [("USDT", Decimal(-50))]


def test_a_difference_that_a_fetched_fill_explains_is_that_fill() -> None:
    account = Account().read()
    account.trades = [bought("1")]
    for _ in range(4):
        account.read(BTC="2", USDT="900")
    assert account.adjusted == []
    assert account.ledger.orders["o1"].filled == 1


def test_a_fill_that_only_the_second_fetch_finds_is_that_fill() -> None:
    account = Account().read().read(BTC="2", USDT="900")
    assert account.check.is_suspicious
    account.trades = [bought("1")]
    account.read().read().read()
    assert account.adjusted == []


@pytest.mark.parametrize("how", ["told", "fetched"])
def test_differences_of_equal_size_by_two_fills_do_not_adjust(how: str) -> None:
    account = Account().read().read(BTC="2", USDT="900")  # fill 1 is on its way
    if how == "told":
        account.tell(bought("1"))
    else:
        account.trades = [bought("1")]
        asyncio.run(account.fetch())
    account.read(BTC="3", USDT="800")  # fill 2 of the same size is on its way
    assert account.adjusted == []
    account.tell(bought("2"))
    account.read().read()
    assert account.adjusted == []
    assert account.ledger.expected[INSTANCE] == {"BTC": 3, "USDT": 800}


@pytest.mark.parametrize("disturbed", ["ask", "fetch", "between", "in flight"])
def test_a_read_that_was_not_quiet_confirms_nothing(disturbed: str) -> None:
    account = Account().read().read(BTC="3", USDT="1000")

    def event() -> None:
        account.check.events += 1

    if disturbed == "ask":
        account.while_asked = event
    elif disturbed == "fetch":
        account.while_fetched = event
    elif disturbed == "between":
        event()
    else:
        account.in_flight = True
    account.read()
    assert account.adjusted == []
    account.while_asked = account.while_fetched = lambda: None
    account.in_flight = False
    account.read()
    if disturbed != "between":  # that one was quiet itself, and so the first of two
        assert account.adjusted == []
        account.read()
    assert account.adjusted == [("BTC", Decimal(2))]


def test_a_read_that_began_before_the_first_one_ended_is_no_second_one() -> None:
    account = Account().read()
    account.holds = {"BTC": "3", "USDT": "1000"}

    async def both() -> None:
        reads = (account.check.read(account.ask, lambda: False, account.fetch) for _ in range(2))
        await asyncio.gather(*reads)

    asyncio.run(both())
    assert account.adjusted == []


def test_a_fetch_that_fails_adjusts_nothing() -> None:
    account = Account().read().read(BTC="3", USDT="1000")

    def fail() -> None:
        raise ConnectionError("no answer")

    account.while_fetched = fail
    with pytest.raises(ConnectionError):
        account.read()
    account.while_fetched = lambda: None
    account.read()
    assert account.adjusted == []
    assert account.read().adjusted == [("BTC", Decimal(2))]


def test_what_a_complete_quiet_answer_lacks_is_written_down_as_nothing() -> None:
    account = Account().read().read(USDT="1000")
    assert account.ledger.balances[(INSTANCE, "BTC")].total == 0
    account.read()
    assert account.adjusted == [("BTC", Decimal(-1))]


def test_what_an_answer_lacks_while_the_account_moves_is_not_nothing() -> None:
    account = Account().read()
    account.while_asked = lambda: account.tell(bought("1"))
    account.read(USDT="1000")
    assert account.ledger.balances[(INSTANCE, "BTC")].total == 1


@pytest.mark.parametrize("quiet", [True, False])
def test_what_a_quiet_account_holds_is_believed_though_the_venues_clock_went_back(quiet: bool) -> None:
    account = Account().read()
    ahead = account.clock.time_ns() + 7_000_000_000
    account.record([Balance(INSTANCE, "USDT", Decimal(900), Decimal(100), Source.STREAM, ahead, ahead)])
    if not quiet:
        account.while_asked = lambda: account.tell(bought("1"))
    account.read(BTC="1", USDT="999")
    found = account.ledger.balances[(INSTANCE, "USDT")]
    assert (found.free, found.locked) == ((999, 0) if quiet else (900, 100))
    assert found.ts_event == ahead


def test_what_the_stream_tells_after_the_venues_clock_went_back_is_read_again_until_the_account_is_quiet() -> None:
    account = Account().read()
    ahead = account.clock.time_ns() + 7_000_000_000
    account.record([Balance(INSTANCE, "USDT", Decimal(900), Decimal(100), Source.STREAM, ahead, ahead)])
    assert not account.check.is_suspicious
    account.check.doubt(Balance(INSTANCE, "USDT", Decimal(1000), Decimal(0), Source.STREAM, ahead - 1, ahead - 1))
    assert account.check.is_suspicious
    account.while_asked = lambda: account.tell(bought("1"))
    assert account.read().check.is_suspicious
    account.while_asked = lambda: None
    account.read(BTC="2", USDT="900")
    assert not account.check.is_suspicious
    assert account.ledger.balances[(INSTANCE, "USDT")].locked == 0


def test_a_balance_that_is_told_twice_or_is_an_older_answer_is_not_doubted() -> None:
    account = Account().read()
    known = account.ledger.balances[(INSTANCE, "USDT")]
    account.check.doubt(replace(known, source=Source.STREAM, ts_event=known.ts_event - 1))
    account.check.doubt(replace(known, free=Decimal(3), ts_event=known.ts_event - 1))
    assert not account.check.is_suspicious


def test_a_fill_that_comes_after_its_adjustment_is_adjusted_back() -> None:
    account = Account().read().read(BTC="2", USDT="900").read()
    assert account.adjusted == [("BTC", Decimal(1)), ("USDT", Decimal(-100))]
    account.tell(bought("1"))
    account.read().read()
    assert account.ledger.expected[INSTANCE] == {"BTC": 2, "USDT": 900}
    assert account.ledger.orders["o1"].filled == 1


def test_who_joins_an_account_s_topic_is_told_its_balances_whole(tmp_path: Path) -> None:
    actor = Reconciler(Context("reconciler", "reconciler", str(tmp_path), str(tmp_path), "test"))
    for instance, asset in (("ONE", "BTC"), ("ONE", "USDT"), ("TWO", "BTC")):
        actor.ledger.apply(Balance(instance, asset, Decimal(1), Decimal(0), Source.QUERY, 1, 1))
    told = actor.topic_state(topics.topic("account", "ONE"))
    assert isinstance(told, PositionsAnswer)
    assert [(balance.instance, balance.asset) for balance in told.balances] == [("ONE", "BTC"), ("ONE", "USDT")]
