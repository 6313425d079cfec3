"""What the gate wrote down is there again after a restart: intents, their numbers, and who may trade."""

from __future__ import annotations

from pathlib import Path

from order_samples import an_event, an_order

from actors.gate.journal import PAGE, IntentJournal
from bus.messages import Code, OrderEventKind, TradingState


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
