"""What the reconciler wrote down, read row by row and only as messages of the bus: nothing of ours folds it here."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bus.codec import decode
from bus.messages import Balance, ExecutionUpdate, Fill, Intent, OrderState, Position

__all__ = ["BookedFill", "Journal", "read"]

_ROWS = "SELECT seq, ts_ns, kind, instance, strategy, body, stream_seq, published FROM journal ORDER BY seq"


@dataclass(frozen=True, slots=True)
class BookedFill:
    """A fill's row: the venue's word, and whose it became under which number of whose stream."""

    instance: str
    fill: Fill
    client_order_id: str
    strategy: str
    stream_seq: int
    ts_ns: int


class Journal:
    """What counts of ``events.db``: every fill, and the last word about each order, position and balance."""

    def __init__(self) -> None:
        self.fills: list[BookedFill] = []
        self.orders: dict[tuple[str, str], OrderState] = {}
        """By (instance, our order id)."""
        self.strategies: dict[tuple[str, str], str] = {}
        """Whose an order is, by (instance, client order id)."""
        self.positions: dict[tuple[str, str, str], Position] = {}
        """By (strategy, instance, symbol)."""
        self.balances: dict[tuple[str, str], Balance] = {}
        self.adjustments = 0
        self.intents = 0
        self.problems: list[str] = []

    def take(
        self, seq: int, ts_ns: int, kind: str, instance: str, strategy: str, body: bytes, stream_seq: int, raw: bytes
    ) -> None:
        """Take one row."""
        update = decode(raw) if raw else None
        if update is not None and not isinstance(update, ExecutionUpdate):
            self.problems.append(f"journal row {seq} ({kind}): what was published cannot be read: {update}")
            update = None
        if update is not None:
            self._take_update(update)
        if kind == "adjustment":
            self.adjustments += 1
        elif kind == "fill":
            fill = decode(body)
            if isinstance(fill, Fill):
                order = update.order.order if update is not None else None
                client_id = fill.client_order_id or (order.client_order_id if order is not None else "")
                self.fills.append(BookedFill(instance, fill, client_id, strategy, stream_seq, ts_ns))
            else:
                self.problems.append(f"journal row {seq}: the fill cannot be read: {fill}")
        elif kind == "balance":
            balance = decode(body)
            if isinstance(balance, Balance):
                self.balances[(instance, balance.asset)] = balance
            else:
                self.problems.append(f"journal row {seq}: the balance cannot be read: {balance}")
        elif kind == "intent":
            intent = decode(body)
            if isinstance(intent, Intent):
                self.intents += not intent.denied and intent.change is None
            else:
                self.problems.append(f"journal row {seq}: the intent cannot be read: {intent}")

    def _take_update(self, update: ExecutionUpdate) -> None:
        order = update.order.order
        self.orders[(order.instance, order.order_id)] = update.order
        self.strategies[(order.instance, order.client_order_id)] = order.strategy
        position = update.position
        if position is not None:
            symbol = position.instrument.rpartition(".")[0]
            self.positions[(position.strategy, position.instance, symbol)] = position


def read(path: Path) -> Journal:
    """Read a journal without touching it; what cannot be read is said in its problems."""
    journal = Journal()
    try:
        database = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
    except sqlite3.Error as error:
        journal.problems.append(f"journal {path} cannot be opened: {error}")
        return journal
    try:
        for row in database.execute(_ROWS):
            journal.take(*row)
    except sqlite3.Error as error:
        journal.problems.append(f"journal {path} cannot be read: {error}")
    finally:
        database.close()
    return journal
