"""P4 in the pure: a kept book that says LIVE misses no change and holds nothing of an earlier life."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.book import BookState, KeptBook, Outcome
from bus.messages import BookDelta, BookSnapshot

BTC = "BTCUSDT.BINANCE"
Side = dict[float, float]


def snapshot(seq: int, bids: Side | None = None, asks: Side | None = None) -> BookSnapshot:
    bids, asks = bids or {99.0: 1.0}, asks or {101.0: 1.0}
    return BookSnapshot(BTC, sorted(bids.items(), reverse=True), sorted(asks.items()), seq, seq, 0)


def delta(prev_seq: int, seq: int, bids: list[tuple[float, float]] | None = None) -> BookDelta:
    return BookDelta(BTC, bids or [], [], prev_seq, seq, seq, 0)


def live(seq: int = 10, epoch: int = 5) -> KeptBook:
    kept = KeptBook(BTC)
    assert kept.take(snapshot(seq), epoch) is Outcome.WHOLE
    return kept


def test_a_book_is_syncing_until_it_is_whole_and_stale_once_it_was() -> None:
    kept = KeptBook(BTC)
    assert (kept.state, kept.reason) == (BookState.SYNCING, "no snapshot yet")
    assert kept.take(delta(1, 2), 5) is Outcome.IGNORED
    kept.take(snapshot(10), 5)
    assert (kept.state, kept.reason) == (BookState.LIVE, "")
    assert kept.lose("mute")
    assert not kept.lose("mute still")
    assert (kept.state, kept.reason) == (BookState.STALE, "mute")


def test_nothing_of_an_older_epoch_changes_a_book() -> None:
    kept = live(epoch=5)
    assert kept.take(snapshot(90, {1.0: 1.0}), 4) is Outcome.IGNORED
    assert kept.take(delta(10, 11, [(99.0, 7.0)]), 4) is Outcome.IGNORED
    assert (kept.state, kept.book.seq, kept.book.bids.best()) == (BookState.LIVE, 10, [(99.0, 1.0)])


def test_a_change_of_a_newer_epoch_ends_the_book_even_where_its_number_fits() -> None:
    kept = live(epoch=5)
    assert kept.take(delta(10, 11), 6) is Outcome.BROKE
    assert "epoch 6 after 5" in kept.reason
    assert kept.take(snapshot(11), 6) is Outcome.WHOLE


def test_a_snapshot_from_before_a_gap_that_was_seen_does_not_heal_it() -> None:
    kept = live(10)
    assert kept.take(delta(12, 13), 5) is Outcome.BROKE
    assert kept.take(snapshot(12), 5) is Outcome.TOO_OLD
    assert kept.state is BookState.STALE
    assert kept.take(snapshot(13), 5) is Outcome.WHOLE


def test_an_older_snapshot_does_not_take_a_live_book_back() -> None:
    kept = live(10)
    kept.take(delta(10, 11, [(98.0, 2.0)]), 5)
    assert kept.take(snapshot(10), 5) is Outcome.IGNORED
    assert (kept.state, kept.book.seq, len(kept.book.bids)) == (BookState.LIVE, 11, 2)


def test_a_venue_that_numbers_anew_is_believed_after_its_owner_said_that_something_was_lost() -> None:
    kept = live(1_000)
    kept.lose("the venue restarted")
    assert kept.take(snapshot(1), 5) is Outcome.WHOLE


steps = st.lists(
    st.tuples(
        st.sampled_from(["change", "change", "change", "whole", "restart", "mark"]),
        st.lists(st.tuples(st.integers(90, 99).map(float), st.sampled_from([0.0, 1.0, 2.0])), max_size=2),
    ),
    min_size=1,
    max_size=25,
)
Told = tuple[int, BookSnapshot | BookDelta | None]


def story(history: list[tuple[str, list[tuple[float, float]]]]) -> tuple[list[Told], dict[tuple[int, int], Side]]:
    """What an owner tells in all its lives, None for a mark, and its bids at each (epoch, number).

    Each life numbers anew from 10, so that the numbers of one fit on to those of another.
    """
    bids: Side = {99.0: 1.0}
    epoch, seq = 1, 10
    truth = {(epoch, seq): dict(bids)}
    told: list[Told] = [(epoch, snapshot(seq, bids))]
    for what, changes in history:
        if what == "restart":
            epoch, seq, bids = epoch + 1, 10, {95.0: 3.0}
            truth[epoch, seq] = dict(bids)
            told.append((epoch, snapshot(seq, bids)))
        elif what == "whole":
            told.append((epoch, snapshot(seq, bids)))
        elif what == "mark":
            told += [(epoch, None), (epoch, snapshot(seq, bids))]
        else:
            changes = changes or [(90.0, 1.0)]
            for price, size in changes:
                bids.pop(price, None)
                if size:
                    bids[price] = size
            if not bids:
                bids[94.0] = 1.0
                changes = [*changes, (94.0, 1.0)]
            seq += 1
            truth[epoch, seq] = dict(bids)
            told.append((epoch, delta(seq - 1, seq, changes)))
    return told, truth


@settings(max_examples=600, deadline=None)
@given(steps, st.data())
def test_whatever_is_lost_repeated_reordered_or_old_a_live_book_is_the_owners_at_its_number(
    history: list[tuple[str, list[tuple[float, float]]]], data: st.DataObject
) -> None:
    """And it is never behind what was heard: no number of its epoch that came is higher, nor any newer epoch."""
    told, truth = story(history)
    order = data.draw(st.lists(st.integers(0, len(told) - 1), max_size=40))
    kept, newest, heard = KeptBook(BTC), 0, 0
    for index in order:
        epoch, message = told[index]
        if message is None:
            kept.lose("marked")
            heard = 0
            continue
        kept.take(message, epoch)
        if epoch > newest:
            newest, heard = epoch, 0
        if epoch == newest:
            heard = max(heard, message.seq)
        if kept.is_live:
            assert kept.epoch == newest
            assert kept.book.seq >= heard, "it misses a change that it was told of"
            assert dict(kept.book.bids.best()) == truth[newest, kept.book.seq]


@settings(max_examples=200, deadline=None)
@given(steps)
def test_a_stream_without_faults_is_live_to_its_end(history: list[tuple[str, list[tuple[float, float]]]]) -> None:
    told, truth = story(history)
    kept = KeptBook(BTC)
    for epoch, message in told:
        if message is None:
            kept.lose("marked")
        else:
            assert kept.take(message, epoch) in (Outcome.WHOLE, Outcome.CHANGED)
            assert dict(kept.book.bids.best()) == truth[epoch, message.seq]
    assert kept.is_live
