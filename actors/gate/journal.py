"""``intents.db``: what the gate passed and refused, and who may trade. One writer, the gate."""

from __future__ import annotations

from pathlib import Path

from actors.runtime import SqliteStore, Store
from bus.codec import decode, encode
from bus.messages import Intent, NewOrder, OrderEvent, TradingState, TradingStates

__all__ = ["INTENTS_VERSION", "IntentJournal"]

INTENTS_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS intents (
    number INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, ts_ns INTEGER NOT NULL, order_id TEXT NOT NULL,
    strategy TEXT NOT NULL, instance TEXT NOT NULL, denied INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS intents_by_order ON intents (order_id, number);
CREATE TABLE IF NOT EXISTS trading (scope TEXT PRIMARY KEY, state TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS trading_changes (
    number INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, ts_ns INTEGER NOT NULL, scope TEXT NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL, caller TEXT NOT NULL);
"""
PAGE = 1_000
"""Intents in one answer: under 1 MB."""
WRITTEN_KEPT = 200_000
"""Order ids of this life that are known without asking the database: about 20 MB."""


class IntentJournal:
    """The gate's journal."""

    def __init__(self, path: Path, durability: str = "process", store: Store | None = None) -> None:
        self._store: Store = store or SqliteStore(path, _SCHEMA, INTENTS_VERSION, durability)
        self._written: set[str] = set()
        self.last: int = self._store.rows("SELECT coalesce(max(number), 0) FROM intents")[0][0]

    def append(self, order: NewOrder, denied: bool, event: OrderEvent | None, epoch: int, ts_ns: int) -> Intent:
        """Write an intent durably and return it with its number."""
        intent = Intent(self.last + 1, order, denied, event, ts_ns)
        values = (intent.number, epoch, ts_ns, order.order_id, order.strategy, order.instance, denied, encode(intent))
        self._store.write("INSERT INTO intents VALUES (?,?,?,?,?,?,?,?)", values)
        self.last = intent.number
        if len(self._written) < WRITTEN_KEPT:
            self._written.add(order.order_id)
        return intent

    def wrote(self, order_id: str) -> bool:
        """True when this life has written an intent of this order, or can no longer say that it has not."""
        return order_id in self._written or len(self._written) >= WRITTEN_KEPT

    def first_of(self, order_id: str) -> Intent | None:
        """Return the intent that an order id was first seen with."""
        rows = self._store.rows("SELECT body FROM intents WHERE order_id=? ORDER BY number LIMIT 1", (order_id,))
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
