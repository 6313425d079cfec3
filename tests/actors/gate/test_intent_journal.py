"""What the gate wrote down is there again after a restart: intents, their numbers, and who may trade."""

from __future__ import annotations

from pathlib import Path

import pytest
from order_samples import an_event, an_order

from actors.gate.journal import INTENTS_VERSION, PAGE, IntentJournal
from bus.codec import encode
from bus.messages import Code, Intent, ModifyOrder, OrderEventKind, TradingState


def test_intents_are_numbered_from_one_and_the_numbers_run_on_over_a_reopen(tmp_path: Path) -> None:
    path = tmp_path / "intents.db"
    journal = IntentJournal(path)
    assert journal.last == 0
    denial = an_event(OrderEventKind.DENIED, "o2", code=Code.HALTED, reason="floor is HALTED")
    first = journal.append(an_order("o1"), False, None, 7, 100)
    second = journal.append(an_order("o2"), True, denial, 7, 101)
    journal.close()
    again = IntentJournal(path)
    assert (first.number, second.number, again.last) == (1, 2, 2)
    assert again.after(0) == (first, second)
    assert again.after(1) == (second,)
    assert again.append(an_order("o3"), False, None, 8, 102).number == 3
    again.close()


def test_a_repeated_order_id_is_answered_by_what_it_was_first_seen_with(tmp_path: Path) -> None:
    path = tmp_path / "intents.db"
    journal = IntentJournal(path)
    first = journal.append(an_order("o1"), False, None, 7, 100)
    not_sent = an_event(OrderEventKind.NOT_SENT, "o1", code=Code.DEADLINE_PASSED)
    journal.append(an_order("o1"), True, not_sent, 7, 101)
    journal.close()
    again = IntentJournal(path)
    assert again.first_of("o1") == first
    assert again.first_of("o2") is None
    again.close()


def test_intents_are_told_in_pages_without_a_hole(tmp_path: Path) -> None:
    journal = IntentJournal(tmp_path / "intents.db")
    for number in range(PAGE + 5):
        journal.append(an_order(f"o{number}"), False, None, 7, 100)
    page = journal.after(0)
    assert len(page) == PAGE
    rest = journal.after(page[-1].number)
    assert [intent.number for intent in page + rest] == list(range(1, PAGE + 6))
    assert journal.after(journal.last) == ()
    journal.close()


def test_trading_states_are_as_they_were_after_a_reopen(tmp_path: Path) -> None:
    path = tmp_path / "intents.db"
    journal = IntentJournal(path)
    journal.set_trading("floor", TradingState.HALTED, "loss stop", "operator", 7, 100)
    journal.set_trading("instance/BINANCE", TradingState.REDUCING, "maintenance", "operator", 7, 101)
    journal.set_trading("strategy/alpha", TradingState.HALTED, "by hand", "operator", 7, 102)
    journal.set_trading("strategy/alpha", TradingState.ACTIVE, "again", "operator", 7, 103)
    journal.close()
    again = IntentJournal(path)
    known = again.trading()
    assert known.states == {"floor": TradingState.HALTED, "instance/BINANCE": TradingState.REDUCING}
    assert known.reasons == {"floor": "loss stop", "instance/BINANCE": "maintenance"}
    again.set_trading("floor", TradingState.REDUCING, "looked into", "operator", 8, 104)
    assert again.trading().states["floor"] is TradingState.REDUCING
    again.close()


def test_every_change_of_a_trading_state_is_kept_with_who_made_it(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "intents.db"
    journal = IntentJournal(path)
    journal.set_trading("floor", TradingState.HALTED, "why", "operator", 7, 100)
    journal.set_trading("floor", TradingState.ACTIVE, "over", "monitor", 8, 200)
    journal.close()
    rows = sqlite3.connect(path)
    changes = rows.execute("SELECT epoch, ts_ns, scope, state, reason, caller FROM trading_changes").fetchall()
    rows.close()
    assert changes == [
        (7, 100, "floor", "HALTED", "why", "operator"),
        (8, 200, "floor", "ACTIVE", "over", "monitor"),
    ]


def test_a_journal_of_the_first_version_is_brought_up_to_date_and_knows_what_it_knew(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "intents.db"
    old = sqlite3.connect(path)
    old.executescript(FIRST_VERSION)
    first = Intent(1, an_order("o1"), False, None, 100)
    old.execute("INSERT INTO intents VALUES (1, 7, 100, 'o1', 'alpha', 'BINANCE', 0, ?)", (encode(first),))
    old.commit()
    old.close()
    for _ in range(2):
        journal = IntentJournal(path)
        assert (journal.first_of("o1"), journal.after(0)[0]) == (first, first)
        journal.close()
    journal = IntentJournal(path)
    change = ModifyOrder("o1", "o1", "", "BINANCE", "BTCUSDT.BINANCE", "alpha", new_client_order_id="o2")
    changed = journal.append(an_order("o1"), False, None, 8, 101, change)
    assert (changed.number, journal.first_of_change("o2"), journal.first_of("o1")) == (2, changed, first)
    assert (journal.wrote("o2"), journal.first_of("o2"), journal.first_of_change("o1")) == (True, None, None)
    journal.close()
    rows = sqlite3.connect(path)
    assert rows.execute("SELECT value FROM meta").fetchall() == [(str(INTENTS_VERSION),)]
    rows.close()


def test_orders_that_are_judged_as_one_are_written_as_one(tmp_path: Path) -> None:
    path = tmp_path / "intents.db"
    journal = IntentJournal(path)
    with pytest.raises(AttributeError):
        journal.append_all([(an_order("o1"), None), (None, None)], False, 7, 100)  # type: ignore[list-item]
    journal._store._database.rollback()  # type: ignore[attr-defined]
    again = IntentJournal(path)
    assert again.after(0) == ()
    again.close()


FIRST_VERSION = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO meta VALUES ('schema_version', '1');
CREATE TABLE intents (
    number INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, ts_ns INTEGER NOT NULL, order_id TEXT NOT NULL,
    strategy TEXT NOT NULL, instance TEXT NOT NULL, denied INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX intents_by_order ON intents (order_id, number);
CREATE TABLE trading (scope TEXT PRIMARY KEY, state TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE trading_changes (
    number INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, ts_ns INTEGER NOT NULL, scope TEXT NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL, caller TEXT NOT NULL);
"""
