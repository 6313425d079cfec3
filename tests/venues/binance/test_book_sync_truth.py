"""Whatever happens on the way, a book that is told as whole is the venue's book of that number, or it is not told.

A venue of a few prices changes one level a number; its true book of every number is kept. Deltas gather some numbers;
they are lost, repeated and swapped on the way, and snapshots of any age come at any time.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bus.messages import BookDelta
from venues.binance.book_sync import BookSync, Step

Book = dict[float, float]
FIRST = 1000
"""The number before the first change."""
RESTARTED = 10
"""As FIRST, after a restart of the venue that began to number anew."""


class Venue:
    """What is true: the book of every number, and the deltas that tell it."""

    def __init__(self, first: int, changes: list[tuple[int, int]], lengths: list[int]) -> None:
        self.books: dict[int, Book] = {first: {}}
        self.deltas: list[BookDelta] = []
        touched: set[float] = set()
        book: Book = {}
        length = at = 0
        for number, (price, size) in enumerate(changes, first + 1):
            book = {**book, float(price): float(size)}
            if not size:
                del book[price]
            self.books[number] = book
            touched.add(float(price))
            length += 1
            if length >= lengths[at % len(lengths)]:
                levels = [(one, book.get(one, 0.0)) for one in sorted(touched)]
                self.deltas.append(BookDelta("X.B", levels, [], number - length, number, 0, 0))
                touched, length, at = set(), 0, at + 1


class Reader:
    """A local book, kept by what `BookSync` says and by nothing else."""

    def __init__(self) -> None:
        self.sync = BookSync()
        self.sync.start()
        self.book: Book = {}

    def take_delta(self, delta: BookDelta) -> Step:
        step = self.sync.on_delta(delta)
        if step is Step.APPLY:
            self.apply(delta)
        return step

    def take_snapshot(self, seq: int, book: Book) -> None:
        rest = self.sync.on_snapshot(seq)
        if rest is not None:
            self.book = dict(book)
            for delta in rest:
                self.apply(delta)

    def apply(self, delta: BookDelta) -> None:
        for price, size in delta.bids:
            self.book[price] = size
            if not size:
                del self.book[price]


CHANGES = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3)), min_size=12, max_size=60)


@st.composite
def venues(draw: st.DrawFn, first: int) -> Venue:
    changes: list[tuple[int, int]] = []
    held: set[int] = set()
    for price, size in draw(CHANGES):
        if not size and price not in held:
            size = 1  # only what is there can go
        held = held | {price} if size else held - {price}
        changes.append((price, size))
    return Venue(first, changes, draw(st.lists(st.integers(1, 4), min_size=1, max_size=5)))


KINDS = ["next"] * 8 + ["lose", "repeat", "swap", "snapshot", "snapshot", "settle", "reopen"]
EVENTS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(-8, 8)), min_size=4, max_size=60)


def near(venue: Venue, at: int, distance: int) -> int:
    """Return a number of the venue's that is so far from where its stream is."""
    numbers = list(venue.books)
    here = numbers.index(venue.deltas[at - 1].seq) if 0 < at <= len(venue.deltas) else 0
    return numbers[min(max(here + distance, 0), len(numbers) - 1)]


def live(reader: Reader, venue: Venue, events: list[tuple[str, int]]) -> None:
    """Let things happen; after each, a whole book must be true."""
    at = 0
    for kind, number in events:
        if kind in ("next", "swap") and at >= len(venue.deltas):
            continue
        if kind == "next":
            reader.take_delta(venue.deltas[at])
            at += 1
        elif kind == "swap" and at + 1 < len(venue.deltas):
            reader.take_delta(venue.deltas[at + 1])
            reader.take_delta(venue.deltas[at])
            at += 2
        elif kind == "lose":
            at += 1
        elif kind == "repeat" and 0 < at <= len(venue.deltas):
            reader.take_delta(venue.deltas[max(0, at - 1 - abs(number) // 3)])
        elif kind == "snapshot":
            seq = near(venue, at, number)
            reader.take_snapshot(seq, venue.books[seq])
        elif kind == "settle":
            reader.sync.settle()
        elif kind == "reopen":
            reader.sync.start()
        if reader.sync.is_whole:
            assert reader.book == venue.books[reader.sync.seq]


@settings(max_examples=300)
@given(venues(FIRST), EVENTS)
def test_a_book_that_is_told_as_whole_is_the_venues_book_of_its_number(
    venue: Venue, events: list[tuple[str, int]]
) -> None:
    live(Reader(), venue, events)


@settings(max_examples=100)
@given(venues(FIRST), venues(RESTARTED), EVENTS)
def test_so_it_is_where_the_venue_begins_to_number_anew_on_a_living_stream(
    venue: Venue, restarted: Venue, events: list[tuple[str, int]]
) -> None:
    venue.deltas += restarted.deltas
    venue.books |= restarted.books
    live(Reader(), venue, events)


@given(venues(FIRST), st.integers(1, 8), st.integers(0, 60))
def test_an_undisturbed_stream_needs_one_snapshot_of_any_age_and_has_no_gap(
    venue: Venue, before: int, ahead: int
) -> None:
    reader, last = Reader(), venue.deltas[-1].seq
    live(reader, venue, [("next", 0)] * before)
    seq = min(FIRST + ahead, max(venue.books))
    reader.take_snapshot(seq, venue.books[seq])
    steps = [reader.take_delta(delta) for delta in venue.deltas[before:]]
    assert Step.GAP not in steps
    assert reader.sync.seq == max(last, seq)
    assert reader.sync.is_whole == (last > seq)
    reader.sync.settle()
    assert reader.sync.is_whole
    assert reader.book == venue.books[reader.sync.seq]
