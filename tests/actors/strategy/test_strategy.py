"""What a strategy computes by itself: profit, positions over its instances, and how often."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from order_samples import BTC, an_instrument

from actors.runtime import Context
from actors.strategy import Strategy
from actors.strategy.execution_feed import ExecutionFeed
from actors.strategy.fill_log import FillLog
from actors.strategy.market import MarketFeeds
from actors.strategy.times import seconds_of
from bus import topics
from bus.codec import Header, Kind
from bus.messages import AggressorSide, BookSnapshot, DirectoryEntry, InstanceInfo, Position, Quote, Trade
from tradefloor.testing import run_virtual


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (10, 10.0), (0.5, 0.5), ("500ms", 0.5), ("10s", 10.0), ("5m", 300.0), ("1h", 3600.0),
        ("1.5s", 1.5), ("0.25m", 15.0), (".5s", 0.5),
    ],
)  # fmt: skip
def test_how_often_is_seconds_or_text_with_a_unit(text: float | str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "s", "10", "ten s", "10 s", "-5s", "1.2.3s", "5d", "\u00b2s", "0s", 0, -1, float("nan"), float("inf"), "infs"],
)
def test_how_often_is_refused_with_what_would_do(text: float | str) -> None:
    with pytest.raises(ValueError, match=r"expected seconds above 0, or text such as '500ms', '10s', '5m', '1h'"):
        seconds_of(text)


class FakeMember:
    """A place on a floor whose table has not come yet."""

    def __init__(self) -> None:
        self.on_directory: list[Any] = []
        self.warmed: list[str] = []

    def warm(self, name: str) -> None:
        self.warmed.append(name)


@pytest.fixture
def strategy(tmp_path: Path) -> Any:
    strategy = Strategy(Context("alpha", "strategy", str(tmp_path), str(tmp_path), "demo"))
    strategy._feeds = MarketFeeds(strategy)
    record = FillLog(tmp_path / "alpha.jsonl")
    strategy._feed = ExecutionFeed(strategy, record)
    strategy.member = FakeMember()
    yield strategy
    record.close()


def holds(strategy: Strategy, instance: str, size: str, average: str, realized: str = "0", **fees: str) -> None:
    paid = {name: Decimal(value) for name, value in fees.items()}
    position = Position("alpha", instance, BTC, Decimal(size), Decimal(average), Decimal(realized), paid)
    strategy._feed.positions[(instance, BTC)] = position


def quoted(strategy: Strategy, bid: float, ask: float) -> None:
    strategy._feeds.quotes[BTC] = Quote(BTC, bid, ask, 1.0, 1.0, seq=1, ts_event=1, ts_init=1)


def test_profit_is_realised_and_unrealised_at_the_mid_less_fees_in_the_quote_currency(strategy: Strategy) -> None:
    assert strategy.profit() == 0.0
    strategy._feeds.instruments[BTC] = an_instrument()
    holds(strategy, "BINANCE", "2", "100", "5", USDT="1.5", BNB="7")
    assert strategy.profit() == 3.5
    quoted(strategy, 109.0, 111.0)
    assert strategy.profit() == 23.5
    holds(strategy, "OTHER", "-1", "120", "-2")
    assert strategy.profit() == 23.5 + 10.0 - 2.0


def test_what_the_venue_kept_of_what_was_bought_is_a_cost_too(strategy: Strategy) -> None:
    strategy._feeds.instruments[BTC] = an_instrument()
    holds(strategy, "BINANCE", "1.9", "100", BTC="0.1")  # 2 bought for 200
    assert strategy.profit() == pytest.approx(-10.0)
    quoted(strategy, 109.0, 111.0)
    assert strategy.profit() == pytest.approx(1.9 * 10 - 0.1 * 110)


def test_a_quote_with_an_empty_side_gives_no_price(strategy: Strategy) -> None:
    holds(strategy, "BINANCE", "2", "100")
    quoted(strategy, float("nan"), 111.0)
    assert strategy.profit() == 0.0


def test_what_has_no_price_counts_at_its_entry_and_a_book_gives_one_too(strategy: Strategy) -> None:
    holds(strategy, "BINANCE", "2", "100")
    assert strategy.profit() == 0.0
    strategy._feeds.books[BTC] = BookSnapshot(BTC, [(101.0, 1.0)], [], 1, 1, 1)
    assert strategy.profit() == 0.0
    strategy._feeds.books[BTC] = BookSnapshot(BTC, [(101.0, 1.0)], [(103.0, 1.0)], 1, 1, 1)
    assert strategy.profit() == 4.0


def test_a_position_is_what_is_held_over_all_instances(strategy: Strategy) -> None:
    assert strategy.position(BTC).is_flat
    holds(strategy, "BINANCE", "2", "100")
    holds(strategy, "OTHER", "-0.5", "120")
    assert strategy.position(BTC).size == 1.5
    assert strategy.position("ETHUSDT.BINANCE").is_flat


def test_an_instrument_s_instance_is_the_one_of_its_venue_or_has_to_be_named(strategy: Strategy) -> None:
    feeds = strategy._feeds
    feeds.instances = tuple(InstanceInfo(name, "binance", "spot", "twin", "BINANCE") for name in ("ONE",))
    assert feeds.instance_of(BTC) == "ONE"
    with pytest.raises(ValueError, match=r"XBT\.KRAKEN: no instance has venue 'KRAKEN'; give instance=.*ONE"):
        feeds.instance_of("XBT.KRAKEN")
    feeds.instances += (InstanceInfo("TWO", "binance", "spot", "twin", "BINANCE"),)
    with pytest.raises(ValueError, match=r"more than one instance \(ONE, TWO\) has venue 'BINANCE'; give instance="):
        feeds.instance_of(BTC)


def test_what_is_told_of_a_book_before_the_start_is_held_until_then_and_coroutines_run(strategy: Strategy) -> None:
    told: list[tuple[str, str, str]] = []

    async def on_book_state(instrument: str, state: str, reason: str) -> None:
        told.append((instrument, state, reason))

    strategy.on_book_state = on_book_state  # type: ignore[method-assign]
    feeds, topic = strategy._feeds, topics.market("BINANCE", "quote", BTC)

    async def play() -> None:
        strategy.loop = asyncio.get_running_loop()
        feeds._on_stale(topic, "gap")
        await asyncio.sleep(0.01)
        assert told == []
        strategy.started()
        await asyncio.sleep(0.01)
        feeds._on_quote(Quote(BTC, 1.0, 2.0, 1.0, 1.0, 1, 1, 1), Header(1, Kind.STATE, "owner", 1, 1, 0), topic)
        await asyncio.sleep(0.01)

    run_virtual(play())
    assert told == [(BTC, "STALE", "gap"), (BTC, "SYNCED", "")]


def test_whom_it_will_ask_is_connected_to_as_soon_as_the_directory_names_them(strategy: Strategy) -> None:
    def told(name: str, kind: str, live: bool = True) -> None:
        for listener in strategy.member.on_directory:
            listener(DirectoryEntry(name, kind, 7, serves_at="ipc://x", live=live))

    run_virtual(strategy.setup())
    told("gate", "gate")
    told("execution.BINANCE", "execution")
    told("book.BINANCE", "book")
    told("execution.OTHER", "execution", live=False)
    told("reconciler", "reconciler")
    assert strategy.member.warmed == ["gate", "execution.BINANCE", "reconciler"]  # type: ignore[attr-defined]


def test_trades_are_synced_again_with_the_next_one(strategy: Strategy) -> None:
    told: list[str] = []
    strategy.on_book_state = lambda instrument, state, reason: told.append(state)  # type: ignore[method-assign]
    strategy.started()
    topic = topics.market("BINANCE", "trade", BTC)
    trade = Trade(BTC, "7", 1.0, 2.0, AggressorSide.BUYER, 1, 1)
    for _ in range(2):
        strategy._feeds._on_stale(topic, "gap")
        strategy._feeds._on_trade(trade, Header(1, Kind.CHANGE, "owner", 1, 1, 0), topic)
    assert told == ["STALE", "SYNCED", "STALE", "SYNCED"]
