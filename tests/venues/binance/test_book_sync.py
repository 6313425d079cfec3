"""The venue's rule for a local book, and that no loss stays unseen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bus.messages import BookDelta
from venues.binance.book_sync import BUFFER_LIMIT, CATCH_UP_LIMIT, BookSync, Step


def delta(first: int, last: int) -> BookDelta:
    return BookDelta("X.B", [], [], first - 1, last, 0, 0)


def test_deltas_wait_for_the_snapshot_and_those_it_has_are_dropped() -> None:
    sync = BookSync()
    sync.start()
    assert [sync.on_delta(delta(1, 3)), sync.on_delta(delta(4, 6)), sync.on_delta(delta(7, 9))] == [Step.HOLD] * 3
    rest = sync.on_snapshot(5)
    assert rest == [delta(4, 6), delta(7, 9)]
    assert sync.is_whole
    assert sync.on_delta(delta(10, 10)) is Step.APPLY


def test_a_snapshot_older_than_the_first_delta_is_refused_and_a_newer_one_taken() -> None:
    sync = BookSync()
    sync.start()
    sync.on_delta(delta(10, 12))
    assert sync.on_snapshot(8) is None
    assert not sync.is_whole
    assert sync.on_snapshot(9) == [delta(10, 12)]
    assert sync.is_whole


def test_a_snapshot_is_not_told_as_whole_before_the_first_delta_has_joined_it() -> None:
    sync = BookSync()
    sync.start()
    assert sync.on_snapshot(5) == []
    assert not sync.is_whole
    assert sync.on_delta(delta(2, 4)) is Step.IGNORE
    assert sync.on_delta(delta(4, 8)) is Step.APPLY
    assert sync.is_whole


def test_a_quiet_market_is_whole_once_it_has_settled() -> None:
    sync = BookSync()
    sync.start()
    assert not sync.settle()
    sync.on_snapshot(5)
    assert sync.settle()
    assert sync.is_whole
    assert sync.on_delta(delta(6, 8)) is Step.APPLY


def test_after_settling_a_delta_that_begins_too_early_is_a_gap() -> None:
    sync = BookSync()
    sync.start()
    sync.on_snapshot(5)
    sync.settle()
    assert sync.on_delta(delta(4, 8)) is Step.GAP


def test_a_lost_delta_is_a_gap_at_any_time_and_the_next_snapshot_heals_it() -> None:
    sync = BookSync()
    sync.start()
    sync.on_snapshot(5)
    sync.on_delta(delta(6, 7))
    assert sync.on_delta(delta(9, 9)) is Step.GAP
    assert not sync.is_whole
    assert sync.on_delta(delta(10, 11)) is Step.HOLD
    assert sync.on_snapshot(8) == [delta(9, 9), delta(10, 11)]
    assert sync.is_whole


def test_a_repeated_delta_is_ignored() -> None:
    sync = BookSync()
    sync.start()
    sync.on_snapshot(5)
    sync.on_delta(delta(6, 7))
    assert sync.on_delta(delta(6, 7)) is Step.IGNORE
    assert sync.is_whole


def test_a_snapshot_that_nobody_waits_for_changes_nothing() -> None:
    sync = BookSync()
    sync.start()
    sync.on_snapshot(5)
    sync.on_delta(delta(6, 7))
    assert sync.on_snapshot(3) is None
    assert sync.on_snapshot(9) is None
    assert sync.is_whole
    assert sync.on_delta(delta(8, 8)) is Step.APPLY


def test_numbers_that_run_backwards_on_a_living_stream_are_a_gap_and_not_old_news() -> None:
    sync = BookSync()
    sync.start()
    sync.on_snapshot(5000)
    sync.on_delta(delta(5001, 5002))
    assert sync.is_whole
    assert sync.on_delta(delta(11, 12)) is Step.GAP
    assert not sync.is_whole
    assert sync.on_delta(delta(13, 13)) is Step.HOLD
    assert sync.on_snapshot(11) == [delta(11, 12), delta(13, 13)]
    assert sync.is_whole


def test_numbers_that_run_backwards_while_a_snapshot_is_on_its_way_begin_a_new_buffer() -> None:
    sync = BookSync()
    sync.start()
    sync.on_delta(delta(5001, 5002))
    assert sync.on_delta(delta(11, 12)) is Step.HOLD
    assert sync.on_snapshot(11) == [delta(11, 12)]


def test_a_stream_may_catch_up_with_a_snapshot_but_not_for_ever() -> None:
    sync = BookSync()
    sync.start()
    sync.on_snapshot(5000)
    sync.settle()
    steps = [sync.on_delta(delta(number, number)) for number in range(1, CATCH_UP_LIMIT + 2)]
    assert steps == [Step.IGNORE] * CATCH_UP_LIMIT + [Step.GAP]
    assert not sync.is_whole


def test_what_is_lost_of_deltas_that_the_snapshot_has_is_no_loss() -> None:
    sync = BookSync()
    sync.start()
    sync.on_delta(delta(1, 2))
    sync.on_snapshot(9)
    assert sync.on_delta(delta(5, 6)) is Step.IGNORE
    assert sync.on_delta(delta(8, 11)) is Step.APPLY
    assert sync.is_whole


def test_a_gap_among_waiting_deltas_makes_the_earlier_ones_worthless() -> None:
    sync = BookSync()
    sync.start()
    sync.on_delta(delta(1, 3))
    sync.on_delta(delta(6, 7))
    assert sync.on_snapshot(2) is None
    assert sync.on_snapshot(3) is None
    assert sync.on_snapshot(5) == [delta(6, 7)]


def test_waiting_deltas_are_bounded() -> None:
    sync = BookSync()
    sync.start()
    for number in range(1, BUFFER_LIMIT + 2):
        sync.on_delta(delta(number, number))
    assert sync.on_snapshot(1) is None
    assert sync.on_snapshot(BUFFER_LIMIT) == [delta(BUFFER_LIMIT + 1, BUFFER_LIMIT + 1)]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[BookDelta], int]:
    """The venue's deltas, numbered without a hole, and where the snapshot is taken."""
    lengths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=25))
    deltas, at = [], 0
    for length in lengths:
        deltas.append(delta(at + 1, at + length))
        at += length
    return deltas, draw(st.integers(0, at))


@given(histories(), st.data())
def test_whatever_is_dropped_doubled_or_reordered_only_a_true_chain_is_ever_told(
    history: tuple[list[BookDelta], int], data: st.DataObject
) -> None:
    deltas, snapshot_at = history
    moves = data.draw(
        st.lists(st.tuples(st.sampled_from(["drop", "double", "swap"]), st.integers(0, len(deltas) - 1)), max_size=4)
    )
    arrived = list(deltas)
    for kind, index in moves:
        if index >= len(arrived):
            continue
        if kind == "drop":
            arrived.pop(index)
        elif kind == "double":
            arrived.insert(index, arrived[index])
        elif index + 1 < len(arrived):
            arrived[index], arrived[index + 1] = arrived[index + 1], arrived[index]
    snapshot_after = data.draw(st.integers(0, len(arrived)))
    sync = BookSync()
    sync.start()
    applied: list[BookDelta] = []
    gaps = 0
    told_seq: int | None = None
    for index, one in enumerate([*arrived, None]):
        if index == snapshot_after:
            rest = sync.on_snapshot(snapshot_at)
            if rest is not None:
                applied, told_seq = list(rest), snapshot_at
        if one is None:
            break
        step = sync.on_delta(one)
        if step is Step.APPLY:
            applied.append(one)
        elif step is Step.GAP:
            gaps += 1
            applied, told_seq = [], None
    if told_seq is None:
        assert not sync.is_whole
        return
    at = told_seq
    for index, one in enumerate(applied):
        assert one.prev_seq == at or (index == 0 and one.prev_seq < at < one.seq)
        at = one.seq
    assert sync.seq == at
    if not moves and snapshot_after == len(arrived):
        assert gaps == 0
        assert at == max(snapshot_at, deltas[-1].seq)
