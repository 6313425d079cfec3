"""What a strategy wrote down is held against its stream in the journal."""

from __future__ import annotations

from pathlib import Path

import pytest
from checker_world import SECOND, STRATEGY, World

from actors.monitor.checker.verdict import Verdict, judge
from actors.monitor.checker.watch import Watch

LEFT_NS = 1_000 * SECOND


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An account that traded a little, written down."""
    world = World(tmp_path)
    world.trade_a_little()
    world.write()
    return world


def judged(world: World, left_ns: int | None = None) -> Verdict:
    watch = Watch(())
    if left_ns is not None:
        watch.left_ns[STRATEGY] = left_ns
    return judge(world.places(), watch)


def lines(world: World) -> list[str]:
    return world.view.read_text().splitlines(keepends=True)


def test_a_fill_that_the_strategy_was_not_told_is_found(world: World) -> None:
    mark, first, _, last = lines(world)
    world.view.write_text(mark + first + last)
    (problem,) = judged(world).problems
    assert problem.startswith(f"{STRATEGY}: the journal has fill 1002 BUY 0.3")


def test_a_fill_that_the_strategy_was_told_twice_is_found(world: World) -> None:
    world.view.write_text("".join([*lines(world), lines(world)[1]]))
    (problem,) = judged(world).problems
    assert "its own record has fill 1001 BUY 0.2" in problem


def test_a_fill_that_the_strategy_was_told_otherwise_is_found(world: World) -> None:
    world.view.write_text(world.view.read_text().replace('"price":"60100"', '"price":"60101"'))
    assert len(judged(world).problems) == 2


def test_a_torn_last_line_is_left_out(world: World) -> None:
    world.view.write_text(world.view.read_text() + '{"seq":99,"trade_')
    assert judged(world).is_good


def test_fills_up_to_the_join_mark_are_not_the_strategys_business(world: World) -> None:
    _, first, second, third = lines(world)
    assert '"seq":3' in first
    world.view.write_text('{"seq":3}\n' + second + third)
    assert judged(world).is_good
    world.view.write_text('{"seq":2}\n' + second + third)
    assert not judged(world).agrees


def test_a_strategy_with_fills_and_no_record_is_found(world: World) -> None:
    world.view.unlink()
    (problem,) = judged(world).problems
    assert problem == f"{STRATEGY}: the journal has 3 fills of it, and it has no record"


def test_a_record_of_a_strategy_that_the_journal_does_not_know_is_found(world: World) -> None:
    world.view.with_name("other.jsonl").write_text("".join(lines(world)))
    assert len(judged(world).problems) == 3


def test_what_came_after_a_strategy_left_is_counted_and_no_lie(tmp_path: Path) -> None:
    world = World(tmp_path, strategy_sees=False, journal_from_ns=LEFT_NS)
    world.trade_a_little()
    world.write()
    verdict = judged(world, left_ns=LEFT_NS)
    assert verdict.is_good
    assert verdict.unseen_at_exit == 3
    assert not judged(world).agrees


def test_what_came_long_before_a_strategy_left_is_a_lie_all_the_same(tmp_path: Path) -> None:
    world = World(tmp_path, strategy_sees=False, journal_from_ns=LEFT_NS)
    world.trade_a_little()
    world.write()
    assert not judged(world, left_ns=LEFT_NS + 2 * SECOND).agrees


def test_a_hole_in_a_record_is_no_matter_of_leaving(tmp_path: Path) -> None:
    world = World(tmp_path, journal_from_ns=LEFT_NS)
    world.trade_a_little()
    world.write()
    mark, _, second, third = lines(world)
    world.view.write_text(mark + second + third)
    assert not judged(world, left_ns=LEFT_NS).agrees


def test_external_fills_need_no_record(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.order("by-hand", "BUY", "0.1", "60000", strategy="EXTERNAL")
    world.fill("by-hand", 1001, "0.1", "60000")
    assert world.judged().problems == []
