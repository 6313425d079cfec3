"""``intents.db``: what the gate passed and refused, and who may trade. One writer, the gate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from actors.runtime import SqliteStore, Store
from bus.codec import decode, encode
from bus.messages import Intent, ModifyOrder, NewOrder, OrderEvent, TradingState, TradingStates

__all__ = ["INTENTS_VERSION", "IntentJournal"]

INTENTS_VERSION = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS intents (
    number INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, ts_ns INTEGER NOT NULL, order_id TEXT NOT NULL,
    strategy TEXT NOT NULL, instance TEXT NOT NULL, denied INTEGER NOT NULL, body BLOB NOT NULL,
    change_id TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS intents_by_order ON intents (order_id, number);
CREATE INDEX IF NOT EXISTS intents_by_change ON intents (change_id, number) WHERE change_id <> '';
CREATE TABLE IF NOT EXISTS trading (scope TEXT PRIMARY KEY, state TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS trading_changes (
    number INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, ts_ns INTEGER NOT NULL, scope TEXT NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL, caller TEXT NOT NULL);
"""
_MIGRATIONS = {1: "ALTER TABLE intents ADD COLUMN change_id TEXT NOT NULL DEFAULT ''"}
_INSERT = "INSERT INTO intents VALUES (?,?,?,?,?,?,?,?,?)"
_FIRST_OF = "SELECT body FROM intents WHERE order_id=? AND change_id='' ORDER BY number LIMIT 1"
_FIRST_CHANGE = "SELECT body FROM intents WHERE change_id=? AND change_id<>'' ORDER BY number LIMIT 1"
# the index's own condition must be repeated, else each look reads the whole journal
PAGE = 1_000
"""Intents in one answer: under 1 MB."""
WRITTEN_KEPT = 200_000
"""Ids of orders and changes of this life that are known without asking the database: about 20 MB."""


class IntentJournal:
    """The gate's journal. An order is known by its id, and a change of one by the client id that it would give it."""

    def __init__(self, path: Path, durability: str = "process", store: Store | None = None) -> None:
        self._store: Store = store or SqliteStore(path, _SCHEMA, INTENTS_VERSION, durability, _MIGRATIONS)
        self._written: set[str] = set()
        self.last: int = self._store.rows("SELECT coalesce(max(number), 0) FROM intents")[0][0]

    def append(
        self,
        order: NewOrder,
        denied: bool,
        event: OrderEvent | None,
        epoch: int,
        ts_ns: int,
        change: ModifyOrder | None = None,
    ) -> Intent:
        """Write an intent durably and return it with its number."""
        intent = Intent(self.last + 1, order, denied, event, ts_ns, change)
        self._store.write(_INSERT, _values(intent, epoch))
        self._note(intent)
        return intent

    def append_all(
        self, orders: Sequence[tuple[NewOrder, OrderEvent | None]], denied: bool, epoch: int, ts_ns: int
    ) -> list[Intent]:
        """As `append`, for orders that are judged as one: all are written, or none is."""
        intents = [
            Intent(number, order, denied, event, ts_ns) for number, (order, event) in enumerate(orders, self.last + 1)
        ]
        for intent in intents:
            self._store.execute(_INSERT, _values(intent, epoch))
        self._store.commit()
        for intent in intents:
            self._note(intent)
        return intents

    def _note(self, intent: Intent) -> None:
        self.last = intent.number
        if len(self._written) < WRITTEN_KEPT:
            self._written.add(_name(intent))

    def wrote(self, name: str) -> bool:
        """True when this life has written an intent of this order or change, or can no longer say that it has not."""
        return name in self._written or len(self._written) >= WRITTEN_KEPT

    def first_of(self, order_id: str) -> Intent | None:
        """Return the intent that an order id was first seen with."""
        rows = self._store.rows(_FIRST_OF, (order_id,))
        return self._intent(rows[0][0]) if rows else None

    def first_of_change(self, new_client_order_id: str) -> Intent | None:
        """Return the intent that a change was first seen with."""
        rows = self._store.rows(_FIRST_CHANGE, (new_client_order_id,))
        return self._intent(rows[0][0]) if rows else None

    def after(self, number: int) -> tuple[Intent, ...]:
        """Return a page of the intents with higher numbers."""
        rows = self._store.rows("SELECT body FROM intents WHERE number>? ORDER BY number LIMIT ?", (number, PAGE))
        return tuple(self._intent(row[0]) for row in rows)

    def set_trading(self, scope: str, state: TradingState, reason: str, caller: str, epoch: int, ts_ns: int) -> None:
        """Write a trading state and its change durably."""
        if state is TradingState.ACTIVE:
            self._store.execute("DELETE FROM trading WHERE scope=?", (scope,))
        else:
            self._store.execute("INSERT OR REPLACE INTO trading VALUES (?,?,?)", (scope, str(state), reason))
        change = (epoch, ts_ns, scope, str(state), reason, caller)
        self._store.execute(
            "INSERT INTO trading_changes (epoch, ts_ns, scope, state, reason, caller) VALUES (?,?,?,?,?,?)", change
        )
        self._store.commit()

    def trading(self) -> TradingStates:
        """Return all scopes that are not ACTIVE."""
        rows = self._store.rows("SELECT scope, state, reason FROM trading")
        states = {scope: TradingState(state) for scope, state, _ in rows}
        return TradingStates(states, {scope: reason for scope, _, reason in rows})

    def checkpoint(self) -> None:
        """Fold the write-ahead file in."""
        self._store.checkpoint()

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    @staticmethod
    def _intent(raw: bytes) -> Intent:
        intent = decode(raw)
        if not isinstance(intent, Intent):
            raise TypeError(f"intents.db holds {intent!r} where an Intent was expected")
        return intent


def _name(intent: Intent) -> str:
    return intent.change.new_client_order_id if intent.change is not None else intent.order.order_id


def _values(intent: Intent, epoch: int) -> tuple[object, ...]:
    order, change_id = intent.order, intent.change.new_client_order_id if intent.change is not None else ""
    return (
        intent.number, epoch, intent.ts_init, order.order_id, order.strategy, order.instance, intent.denied,
        encode(intent), change_id,
    )  # fmt: skip
