"""The reconciler's journal: numbered, chained, and whole after a kill in the middle of a write."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from order_samples import a_fill, an_event, an_intent, an_order

from actors.reconciler.journal import _STREAM_AFTER, PAGE, EventJournal, JournalAltered
from actors.reconciler.ledger import Ledger
from actors.runtime import StoreError
from bus.codec import decode
from bus.messages import Fill, OrderEventKind


def written(path: Path, count: int = 5) -> EventJournal:
    journal = EventJournal(path)
    for number in range(1, count + 1):
        journal.append("fill", a_fill(str(number), raw=b"venue's words"), 7, number, "BINANCE", "alpha", "o1", number)
    journal.commit()
    return journal


def alter(path: Path, sql: str) -> None:
    database = sqlite3.connect(path)
    database.execute(sql)
    database.commit()
    database.close()


def test_rows_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    journal = EventJournal(tmp_path / "events.db")
    fill = a_fill("1", raw=b"{}", account="U1")
    assert journal.append("fill", fill, 7, 99, "BINANCE", "alpha", "o1", 3, b"published") == 1
    journal.commit()
    (row,) = list(journal.each())
    assert (row.seq, row.epoch, row.ts_ns, row.kind) == (1, 7, 99, "fill")
    assert (row.instance, row.account, row.strategy, row.order_id) == ("BINANCE", "U1", "alpha", "o1")
    assert (row.stream_seq, row.published, decode(row.body)) == (3, b"published", fill)
    journal.close()


def test_numbers_and_the_chain_run_on_over_a_reopen(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    written(path).close()
    journal = EventJournal(path)
    assert journal.last == 5
    assert journal.append("event", an_event(OrderEventKind.ACCEPTED), 8, 6) == 6
    journal.commit()
    assert list(journal.each())
    journal.close()


def test_a_stream_is_paged_by_its_own_numbers(tmp_path: Path) -> None:
    journal = written(tmp_path / "events.db", PAGE + 3)
    first = journal.stream_after("alpha", 0)
    rest = journal.stream_after("alpha", first[-1][0])
    assert [number for number, _ in first + rest] == list(range(1, PAGE + 4))
    assert len(first) == PAGE
    assert journal.stream_after("beta", 0) == []
    journal.close()


def test_a_page_is_found_by_the_index_however_long_the_journal_is(tmp_path: Path) -> None:
    journal = written(tmp_path / "events.db", 3)
    plan = journal._store.rows(f"EXPLAIN QUERY PLAN {_STREAM_AFTER}", ("alpha", 1, PAGE))
    assert [row[3] for row in plan] == ["SEARCH journal USING INDEX journal_by_stream (strategy=? AND stream_seq>?)"]
    journal.close()


def test_a_range_is_read_to_its_end_and_shows_a_hole(tmp_path: Path) -> None:
    journal = written(tmp_path / "events.db", 2 * PAGE + 3)
    assert [(first, len(updates)) for first, updates in journal.ranges_after("alpha", 1)] == [
        (2, PAGE),
        (PAGE + 2, PAGE),
        (2 * PAGE + 2, 2),
    ]
    journal._store.execute("DELETE FROM journal WHERE stream_seq=50")
    assert [(first, len(updates)) for first, updates in journal.ranges_after("alpha", PAGE - 60)] == [
        (PAGE - 59, 50 - (PAGE - 59)),
        (51, PAGE),
        (PAGE + 51, PAGE + 3 - 50),
    ]
    journal.close()


@pytest.mark.parametrize(
    ("change", "row"),
    [
        ("UPDATE journal SET body = x'00' WHERE seq = 3", 3),
        ("DELETE FROM journal WHERE seq = 3", 2),
        ("DELETE FROM journal WHERE seq = 1", 1),
        ("UPDATE journal SET prev_hash = x'00' WHERE seq = 4", 3),
        ("UPDATE journal SET seq = 9 WHERE seq = 2", 1),
    ],
)
def test_a_row_that_somebody_altered_breaks_the_chain_behind_it(tmp_path: Path, change: str, row: int) -> None:
    path = tmp_path / "events.db"
    written(path).close()
    alter(path, change)
    journal = EventJournal(path)
    with pytest.raises(JournalAltered) as broken:
        list(journal.each())
    assert broken.value.seq == row
    journal.close()


def test_a_newer_journal_is_refused_with_both_versions_named(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    written(path).close()
    alter(path, "UPDATE meta SET value = '9' WHERE key = 'schema_version'")
    with pytest.raises(StoreError, match=r"events\.db has schema version 9; this version reads up to 1"):
        EventJournal(path)


def test_what_was_not_committed_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    journal = written(path)
    journal.append("fill", a_fill("6"), 7, 6)
    reader = sqlite3.connect(path)
    assert reader.execute("SELECT count(*) FROM journal").fetchone() == (5,)
    reader.close()
    journal.close()


WRITER = """
    import sys
    from pathlib import Path
    from actors.reconciler.journal import EventJournal
    from order_samples import a_fill

    journal = EventJournal(Path(sys.argv[1]))
    while True:
        batch = [a_fill(str(journal.last + n + 1), raw=b"x" * 500) for n in range(7)]
        for fill in batch:
            journal.append("fill", fill, 1, 1, "BINANCE", "alpha", "o1")
        journal.commit()
        sys.stdout.write(f"{journal.last}\\n")
        sys.stdout.flush()
        if journal.last % 35 == 0:
            journal.checkpoint()
"""


@pytest.mark.chaos
def test_a_writer_that_is_killed_in_the_middle_of_a_write_loses_no_committed_event(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    support = Path(__file__).parents[2] / "support"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(support), str(Path(__file__).parents[3])])}
    told = 0
    for life in range(6):
        writer = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WRITER), str(path)],
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        assert writer.stdout is not None
        for _ in range(1 + 17 * life):  # a different place in each life
            line = writer.stdout.readline()
            assert line, "the writer ended by itself"
            told = int(line)
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read().split()  # what it had told before the kill reached it
        writer.wait()
        writer.stdout.close()
        told = int(rest[-1]) if rest else told
        journal = EventJournal(path)
        rows = list(journal.each())
        assert [row.seq for row in rows] == list(range(1, journal.last + 1))
        assert journal.last >= told
        assert journal.last % 7 == 0, "half a batch was committed"
        assert list(journal.each())
        fills = [decode(row.body) for row in rows]
        assert [fill.trade_id for fill in fills if isinstance(fill, Fill)] == [str(row.seq) for row in rows]
        journal.close()


def test_the_fold_of_the_rows_is_the_state_that_was(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    ledger, journal = Ledger(), EventJournal(path)
    order = an_order("o1")
    messages = [
        an_intent(1, order),
        an_event(OrderEventKind.SUBMITTED),
        an_event(OrderEventKind.ACCEPTED, venue_order_id="5"),
        a_fill("1", fee=None),
        a_fill("2"),
        an_event(OrderEventKind.CANCELED),
    ]
    for message in messages:
        ledger.apply(message)
        journal.append(type(message).__name__, message, 1, 1)
    journal.close()
    again = EventJournal(path)
    replayed = Ledger()
    for row in again.each():
        replayed.apply(decode(row.body))
    again.close()
    assert replayed.digest() == ledger.digest() != Ledger().digest()
