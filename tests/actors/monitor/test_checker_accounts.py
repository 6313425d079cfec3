"""Each kind of lie about an account is found, and the truth passes."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest
from checker_world import INSTANCE, KEY, STRATEGY, World, adjustment
from msgspec.structs import replace

from actors.monitor.checker.journal import Journal
from actors.monitor.checker.verdict import Verdict, judge
from actors.monitor.checker.watch import Watch
from actors.reconciler.records import Baseline
from bus.codec import encode
from bus.messages import (
    Balance,
    ExecutionUpdate,
    Fill,
    Intent,
    Liquidity,
    OrderEvent,
    OrderEventKind,
    OrderState,
    Source,
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An account that traded a little."""
    world = World(tmp_path)
    world.trade_a_little()
    return world


def lie_in_fill(world: World, **changes: object) -> None:
    """Let the reconciler be told something else of the first fill."""
    place = world.fills_told()[0]
    world.told[place] = replace(world.told[place], **changes)


def assert_said(verdict: Verdict, *texts: str) -> None:
    """It does not agree, and one problem holds each of the texts."""
    assert not verdict.agrees
    assert not verdict.is_good
    assert any(all(text in problem for text in texts) for problem in verdict.problems), verdict.problems


def test_the_truth_passes(world: World) -> None:
    verdict = world.judged()
    assert verdict.problems == []
    assert verdict.agrees
    assert verdict.is_good
    assert (verdict.fills, verdict.orders, verdict.adjustments, verdict.fills_while_down) == (3, 2, 0, 0)


def test_the_truth_passes_with_an_order_left_open_and_an_account_that_nobody_used(world: World) -> None:
    world.order("T-3", "BUY", "1", "50000")
    world.fill("T-3", 1004, "0.25", "50000")
    assert world.judged().problems == []


def test_an_empty_floor_passes(tmp_path: Path) -> None:
    assert World(tmp_path).judged().is_good


def test_a_fill_that_the_journal_lacks_is_found(world: World) -> None:
    del world.told[world.fills_told()[1]]
    verdict = world.judged()
    assert_said(verdict, "the twin has fill 1002 (BUY BTCUSDT)", "the journal not")
    assert_said(verdict, f"position of {STRATEGY} in BTCUSDT")


def test_a_fill_that_only_the_journal_has_is_found(world: World) -> None:
    place = world.fills_told()[0]
    world.told.insert(place, replace(world.told[place], trade_id="999"))
    assert_said(world.judged(), "the journal has fill 999", "the twin not")


def test_a_fill_counted_twice_is_found(world: World) -> None:
    world.write()
    with sqlite3.connect(world.folder / "events.db") as database:
        columns = "epoch, ts_ns, kind, instance, account, strategy, order_id, body, raw, prev_hash, 0, x''"
        database.execute(f"INSERT INTO journal SELECT 1000, {columns} FROM journal WHERE kind='fill' LIMIT 1")
    database.close()
    assert_said(judge(world.places(), Watch(())), "counts fill 1001 (BUY BTCUSDT) twice")


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("fee", Decimal("0.0003"), "fee is"),
        ("fee_currency", "USDT", "fee asset"),
        ("price", Decimal("59999.51"), "price"),
        ("size", Decimal("0.20001"), "size"),
        ("liquidity", Liquidity.MAKER, "liquidity"),
        ("client_order_id", "T-2", "client order id"),
        ("instrument", "ETHUSDT.BINANCE", "the twin not"),
    ],
)
def test_a_fill_told_otherwise_is_found(world: World, field: str, value: object, word: str) -> None:
    lie_in_fill(world, **{field: value})
    assert_said(world.judged(), "1001", word)


def test_a_fill_without_a_client_id_is_named_by_its_order(world: World) -> None:
    fill = world.told[world.fills_told()[0]]
    order = next(message for message in world.told if isinstance(message, Intent)).order
    assert isinstance(fill, Fill)
    nameless = replace(fill, client_order_id="")
    journal = Journal()
    published = encode(ExecutionUpdate(OrderState(order), nameless))
    journal.take(1, 1, "fill", INSTANCE, STRATEGY, encode(nameless), 1, published)
    assert journal.fills[0].client_order_id == "T-1"


@pytest.mark.parametrize("field", ["free", "locked"])
def test_a_wrong_balance_is_found(world: World, field: str) -> None:
    last = world.told[-1]
    assert isinstance(last, Balance)
    world.told[-1] = replace(last, **{field: getattr(last, field) + Decimal("0.00000001")})
    assert_said(world.judged(), "balance of USDT", "at the twin", "in the journal")


def test_a_balance_that_was_never_told_is_found(world: World) -> None:
    world.told = [message for message in world.told if not (isinstance(message, Balance) and message.asset == "BTC")]
    assert_said(world.judged(), "balance of BTC", "none in the journal")


def test_an_untouched_asset_is_held_against_the_start(world: World) -> None:
    world.lines("start")[0]["balances"][KEY]["ETH"] = {"free": "100", "locked": "0"}
    assert world.judged().is_good
    world.told.append(Balance(INSTANCE, "ETH", Decimal(99), Decimal(0), Source.QUERY, 1, 1))
    (world.folder / "events.db").unlink()
    world.view.unlink()
    assert_said(world.judged(), "balance of ETH: 100 free")


def test_a_position_that_forgets_a_fee_is_found(world: World) -> None:
    world.told = [message for message in world.told if type(message).__name__ != "InstrumentKnown"]
    assert_said(world.judged(), f"position of {STRATEGY} in BTCUSDT: 0.3995 by the twin's fills, 0.4 published")


def test_an_order_that_the_journal_holds_for_open_is_found(world: World) -> None:
    world.told = [
        message
        for message in world.told
        if not (isinstance(message, OrderEvent) and message.kind is OrderEventKind.CANCELED)
    ]
    assert_said(world.judged(), "order T-2 on BTCUSDT", "PARTIALLY_FILLED", "CANCELED at the twin")


def test_an_order_that_rests_at_the_venue_alone_is_found(world: World) -> None:
    lines = world.lines("order")
    assert lines[-1]["status"] == "CANCELED"
    world.twin.remove(lines[-1])
    assert_said(world.judged(), "order T-2 on BTCUSDT is PARTIALLY_FILLED at the twin, CANCELED in the journal")


def test_an_order_that_nobody_here_knows_is_found(world: World) -> None:
    line = {**world.lines("order")[0], "client_order_id": "by-hand", "order_id": 77}
    world.twin.append(line)
    assert_said(world.judged(), "order by-hand on BTCUSDT is NEW at the twin, unknown in the journal")


def test_an_order_that_is_unknown_at_rest_is_found(world: World) -> None:
    intent = next(message for message in world.told if isinstance(message, Intent))
    order = replace(intent.order, order_id="T-9", client_order_id="T-9")
    world.told.append(replace(intent, number=9, order=order))
    assert_said(world.judged(), "order T-9 on BTCUSDT", "INITIALIZED", "unknown at the twin")


def test_an_order_that_was_sent_again_is_found(world: World) -> None:
    world.twin.append({**world.lines("received")[0]})
    assert_said(world.judged(), "order T-1 was sent to the twin 2 times")


def test_an_order_that_was_accepted_again_is_found(world: World) -> None:
    world.twin.append({**world.lines("order")[0], "order_id": 500, "status": "FILLED"})
    assert_said(world.judged(), "order T-1 on BTCUSDT was accepted 2 times, as [101, 500]")


def test_adjustments_are_counted_and_are_no_disagreement_by_themselves(world: World) -> None:
    world.told.append(Baseline(INSTANCE, {}, 1))
    world.told.append(adjustment())
    verdict = world.judged()
    assert (verdict.adjustments, verdict.agrees) == (1, True)


def test_fills_while_nobody_listened_are_counted_between_two_subscriptions(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.order("T-1", "BUY", "0.5", "60000")
    world.fill("T-1", 1001, "0.1", "60000")
    world.say("socket_close", socket=1, code=1006)
    world.fill("T-1", 1002, "0.1", "60000")
    world.fill("T-1", 1003, "0.1", "60000")
    world.say("user_subscribe", socket=2, account=KEY)
    world.say("user_subscribe", socket=3, account=KEY)
    world.say("user_unsubscribe", socket=2, account=KEY)
    world.fill("T-1", 1004, "0.1", "60000")
    world.say("socket_cut", socket=3, code=1008)
    world.fill("T-1", 1005, "0.1", "60000")
    verdict = world.judged()
    assert verdict.problems == []
    assert verdict.fills_while_down == 2


def test_a_log_that_is_not_there_and_a_journal_that_is_none_are_said(world: World, tmp_path: Path) -> None:
    world.write()
    world.log.unlink()
    (world.folder / "events.db").write_bytes(b"no journal")
    verdict = judge(world.places(), Watch(()))
    assert_said(verdict, "the twin's log cannot be read")
    assert_said(verdict, "journal", "cannot be read")


def test_a_torn_last_line_of_the_log_is_left_out_and_a_broken_one_before_is_said(world: World) -> None:
    world.write()
    whole = world.log.read_bytes()
    world.log.write_bytes(whole + b'{"ts_ns":1,"kind":"fi')
    assert judge(world.places(), Watch(())).is_good
    world.log.write_bytes(whole + b'{"kind":"fill"}\n')
    assert_said(judge(world.places(), Watch(())), "line", "cannot be read")


def test_the_list_of_problems_is_bounded_and_their_count_is_not(world: World) -> None:
    place = world.fills_told()[0]
    first = world.told[place]
    assert isinstance(first, Fill)
    for number in range(50):
        world.told.append(replace(first, trade_id=str(number)))
    verdict = world.judged()
    assert len(verdict.problems) == 20
    assert verdict.problem_count >= 50
