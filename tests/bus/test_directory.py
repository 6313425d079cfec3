"""Endpoints, epochs, and the table as one actor knows it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bus import topics
from bus.directory import SOCKET_PATH_LIMIT, Directory, EndpointError, endpoints, next_epoch
from bus.messages import DirectoryEntry, DirectoryTable

SECOND_NS = 1_000_000_000


def entry(name: str, epoch: int = 1, prefixes: tuple[str, ...] = (), live: bool = True) -> DirectoryEntry:
    return DirectoryEntry(name, "", epoch, "", f"{name}.p", f"{name}.s", prefixes, live)


@given(st.integers(1, SOCKET_PATH_LIMIT * 2))
def test_an_endpoint_is_short_enough_or_one_clear_error(length: int) -> None:
    run_dir = "/" + "x" * length
    if len(f"{run_dir}/gate.p") <= SOCKET_PATH_LIMIT:
        assert endpoints(run_dir, "gate") == (
            f"ipc://{run_dir}/gate.p",
            f"ipc://{run_dir}/gate.s",
            f"ipc://{run_dir}/gate.x",
        )
    else:
        with pytest.raises(EndpointError, match=f"socket path {run_dir}/gate has .* choose a shorter --run-dir"):
            endpoints(run_dir, "gate")


def test_the_bytes_of_a_path_count_and_not_its_letters() -> None:
    with pytest.raises(EndpointError, match="at most"):
        endpoints("/" + "é" * 50, "gate")


async def test_the_longest_path_that_is_allowed_works(wire: object) -> None:
    import zmq

    endpoint, *_ = endpoints(wire.run_dir, "x" * (SOCKET_PATH_LIMIT - len(str(wire.run_dir)) - 3))
    assert len(endpoint.removeprefix("ipc://")) == SOCKET_PATH_LIMIT
    wire.socket(zmq.ROUTER).bind(endpoint)


@given(st.lists(st.tuples(st.integers(0, 5 * SECOND_NS), st.booleans()), max_size=60))
def test_an_epoch_is_never_repeated_even_where_the_last_one_is_lost(steps: list[tuple[int, bool]]) -> None:
    """The clock goes on by more than a second for each epoch that was issued before the loss."""
    now, last, issued = 1_700_000_000 * SECOND_NS, 0, [0]
    for passed, lost in steps:
        now += passed
        if lost:
            last, now = 0, max(now, (issued[-1] + 1) * SECOND_NS)
        last = next_epoch(last, now)
        issued.append(last)
    assert issued == sorted(set(issued))


@given(st.integers(0, 2**40), st.integers(0, 2**62))
def test_an_epoch_grows_even_where_the_clock_runs_back(last: int, wall_ns: int) -> None:
    assert next_epoch(last, wall_ns) > last


def test_a_topic_has_one_owner_and_a_prefix_everybody_below_it() -> None:
    directory = Directory()
    venues = entry("a", prefixes=("market/A/",)), entry("b", prefixes=("market/AB/",)), entry("c", prefixes=("alert/",))
    assert directory.update(DirectoryTable("test", venues)) == list(venues)
    assert directory.owners("market/A/quote/X.A/") == [venues[0]]
    assert directory.owners("market/") == list(venues[:2])
    assert directory.owners("") == list(venues)
    assert directory.owners("execution/") == []


def test_only_what_changed_is_told_and_what_is_gone_is_not_live() -> None:
    directory = Directory()
    directory.update(DirectoryTable("test", (entry("a"), entry("b"))))
    assert directory.update(DirectoryTable("test", (entry("a"), entry("b")))) == []
    assert directory.update(DirectoryTable("test", (entry("a", 2),))) == [entry("a", 2), entry("b", live=False)]
    assert directory.update(DirectoryTable("test", (entry("a", 2),))) == []


def test_topics_of_a_shared_prefix_have_one_owner_each_and_a_wider_prefix_has_them_all() -> None:
    sharers = tuple(replace(entry(f"book.{n}", prefixes=("book/A/",)), share=(n, 3)) for n in range(3))
    directory = Directory()
    directory.update(DirectoryTable("test", sharers))
    owned: set[str] = set()
    for symbol in map(str, range(60)):
        of_depth = directory.owners(topics.book_depth("A", symbol, 10))
        assert len(of_depth) == 1, "one owner"
        assert directory.owners(topics.book_reference("A", symbol)) == of_depth, "all of an instrument is at one"
        owned.add(of_depth[0].name)
    assert owned == {"book.0", "book.1", "book.2"}
    assert directory.owners("book/A/") == list(sharers)
    directory.update(DirectoryTable("test", (replace(sharers[0], live=False), *sharers[1:])))
    assert directory.owners(topics.book_depth("A", "7", 10))[0].name == f"book.{topics.share_of('7', 3)}"
