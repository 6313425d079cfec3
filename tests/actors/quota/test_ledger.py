"""The ledger of one host's request weight, without clocks and sockets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.quota.ledger import CANCEL_SHARE, WINDOW_NS, Ledger
from bus.messages import LeaseWeight, WeightPurpose

P = WeightPurpose
DATA, DESK, OTHER = "market_data.A", "execution.A", "execution.B"
NOW = 1_000_000_000_000
_MS = 1_000_000


def ledger(limit: int = 6000) -> Ledger:
    return Ledger(limit, (DATA, DESK, OTHER), (DESK, OTHER))


def drained(book: Ledger, purpose: WeightPurpose, wanted: int, now: int = NOW) -> int:
    """Lease until nothing is left for a purpose; how much that was."""
    total = 0
    while granted := book.lease(DATA, purpose, wanted, now):
        total += granted
    return total


def test_a_fifth_of_each_window_is_for_cancels_and_is_never_leased_for_anything_else() -> None:
    book = ledger()
    for purpose in (P.HISTORY, P.DATA, P.RECONCILE, P.ORDER):
        drained(book, purpose, 1)
    assert book.used == 4800
    assert len(book.cancelers) * book.cancels == 1200


def test_history_waits_first_then_data_then_reconciliation_and_orders_last() -> None:
    book = ledger()
    for purpose, used in ((P.HISTORY, 3000), (P.DATA, 3600), (P.RECONCILE, 4200), (P.ORDER, 4800)):
        drained(book, purpose, 1)
        assert book.used == used
        assert book.lease(DATA, purpose, 1, NOW) == 0


def test_weight_is_leased_in_blocks_and_all_of_what_was_asked_or_nothing() -> None:
    book = ledger()
    assert book.lease(DATA, P.DATA, 2, NOW) == 60
    assert book.lease(DATA, P.DATA, 250, NOW) == 250
    left = int(6000 * 0.6) - book.used
    assert book.lease(DATA, P.DATA, left + 1, NOW) == 0
    assert book.lease(DATA, P.DATA, left, NOW) == left


def test_a_request_that_is_larger_than_its_purposes_part_goes_first_in_a_window_or_not_at_all() -> None:
    book = ledger(limit=300)
    assert book.lease(DATA, P.DATA, 210, NOW) == 210
    assert book.lease(DATA, P.DATA, 210, NOW) == 0
    assert book.lease(DATA, P.DATA, 210, NOW + WINDOW_NS) == 210


def test_what_the_venue_counts_beyond_ours_is_somebody_elses_and_is_taken_off() -> None:
    book = ledger()
    book.report(DATA, LeaseWeight(), NOW)
    assert book.lease(DATA, P.DATA, 100, NOW) == 100
    said = LeaseWeight(book.window_ends_ns, spent=100, told=3100, limit=6000)
    book.report(DATA, said, NOW)
    assert book.others == 3000
    assert drained(book, P.HISTORY, 1) == 0
    assert drained(book, P.ORDER, 1) == 4800 - 3000 - 100 - 2 * book.standing


def test_a_limit_that_the_venue_tells_counts_at_once() -> None:
    book = ledger()
    book.report(DATA, LeaseWeight(limit=600), NOW)
    assert drained(book, P.HISTORY, 1) == 300 - 2 * book.standing


def test_a_new_window_begins_when_the_venues_does_and_is_whole() -> None:
    book = ledger()
    book.report(DATA, LeaseWeight(venue_ends_ns=NOW + 20_000 * _MS), NOW)
    drained(book, P.ORDER, 1)
    assert book.lease(DATA, P.ORDER, 1, NOW + 19_999 * _MS) == 0
    assert book.lease(DATA, P.HISTORY, 1, NOW + 20_000 * _MS) == 60
    assert book.window_ends_ns == NOW + 80_000 * _MS


def test_what_was_said_of_a_window_that_is_over_is_not_counted_in_the_next() -> None:
    book = ledger()
    book.report(DATA, LeaseWeight(venue_ends_ns=NOW + 1_000 * _MS), NOW)
    late = NOW + 1_001 * _MS
    book.report(DATA, LeaseWeight(NOW + 1_000 * _MS, spent=5000, told=5900), late)
    assert (book.others, book.lease(DATA, P.HISTORY, 1, late)) == (0, 60)


def test_while_the_venue_told_to_wait_nothing_is_leased_and_a_longer_wait_counts() -> None:
    book = ledger()
    book.report(DATA, LeaseWeight(held_until_ns=NOW + 5_000 * _MS), NOW)
    book.report(DESK, LeaseWeight(held_until_ns=NOW + 3_000 * _MS), NOW)
    assert book.lease(DESK, P.ORDER, 1, NOW + 4_999 * _MS) == 0
    assert book.lease(DESK, P.ORDER, 1, NOW + 5_000 * _MS) > 0


def test_a_ban_is_over_when_it_is_over() -> None:
    book = ledger()
    assert book.hold(NOW + 5_000 * _MS, True, NOW)
    assert not book.hold(NOW + 4_000 * _MS, True, NOW)
    assert book.banned
    book.roll(NOW + 5_000 * _MS)
    assert not book.banned


def test_a_ledger_that_was_lost_leases_nothing_before_all_have_said_what_they_hold() -> None:
    book, held = ledger(), LeaseWeight(NOW + 30_000 * _MS, spent=1000, left=50, told=1000, limit=6000)
    book.report(DATA, held, NOW)
    assert book.lease(DATA, P.HISTORY, 1, NOW) == 0
    book.report(DESK, held, NOW)
    assert book.lease(DATA, P.HISTORY, 1, NOW) == 0
    book.report(OTHER, held, NOW)
    assert book.committed == 3 * 1050
    assert book.lease(DATA, P.HISTORY, 1, NOW) == 0  # over a half is spent
    assert book.lease(DATA, P.DATA, 1, NOW) == 60


def test_a_ledger_that_was_lost_waits_for_the_dead_no_longer_than_two_renewals() -> None:
    book = ledger()
    book.report(DATA, LeaseWeight(NOW + 30_000 * _MS, spent=10), NOW)
    assert book.lease(DATA, P.HISTORY, 1, NOW + 1_999 * _MS) == 0
    assert book.lease(DATA, P.HISTORY, 1, NOW + 2_000 * _MS) == 60


def test_what_a_life_that_is_over_did_not_spend_is_free_once_the_venue_has_told_the_next_one() -> None:
    book = ledger()
    book.report(DATA, LeaseWeight(), NOW)
    assert book.lease(DATA, P.DATA, 2000, NOW) == 2000
    idle = book.used - 2000
    book.report(DATA, LeaseWeight(), NOW + 1)  # killed; it may have spent all of it since it was last heard
    assert book.used == idle + 2000
    assert book.lease(DATA, P.DATA, 20, NOW + 1) == 60
    book.report(DATA, LeaseWeight(book.window_ends_ns, spent=20, left=40), NOW + 2)
    assert book.used == idle + 2060
    book.report(DATA, LeaseWeight(book.window_ends_ns, spent=20, left=40, told=520, limit=6000), NOW + 3)
    assert book.others == 500  # what it did spend
    assert book.used == idle + 560


def test_on_a_floor_that_begins_the_first_who_asks_is_served_at_once() -> None:
    book = ledger()
    book.report(DATA, LeaseWeight(), NOW)
    assert book.lease(DATA, P.DATA, 20, NOW) == 60


@given(
    st.integers(50, 10_000),
    st.lists(
        st.tuples(
            st.sampled_from((DATA, DESK, OTHER)),
            st.sampled_from((P.ORDER, P.RECONCILE, P.DATA, P.HISTORY)),
            st.integers(1, 400),
            st.integers(0, 20_000),
        ),
        max_size=80,
    ),
)
def test_whoever_asks_for_what_and_when_no_window_is_leased_beyond_what_is_not_the_cancels(
    limit: int, asked: list[tuple[str, WeightPurpose, int, int]]
) -> None:
    book, now = ledger(limit), NOW
    given_out: dict[int, int] = {}
    for name, purpose, wanted, pause_ms in asked:
        now += pause_ms * _MS
        granted = book.lease(name, purpose, wanted, now)
        given_out[book.window_ends_ns] = given_out.get(book.window_ends_ns, 0) + granted
    standing = book.standing * len(book.cancelers)
    assert all(total + standing <= limit * (1 - CANCEL_SHARE) + standing for total in given_out.values())
    assert all(total <= limit * (1 - CANCEL_SHARE) for total in given_out.values())
