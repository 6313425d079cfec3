"""SQLite for journals: one file, one writer, commits in the loop.

Measured for this design (MECHANISMS: 9): a commit with ``synchronous=NORMAL`` is about 9 us and survives any crash of
ours; the real stall is SQLite's own checkpoint (5 ms at p99.9), so that is kept out of the write path: it is off, and
`checkpoint` is called by a timer when nothing waits. With durability ``power`` (``synchronous=FULL``) a commit also
survives the loss of the host and costs 105 to 200 us.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

__all__ = ["CHECKPOINT_S", "SqliteStore", "Store", "StoreError"]

CHECKPOINT_S = 5.0
"""Between checkpoints: bounds the write-ahead file to some seconds of events."""
BUSY_MS = 2_000
"""How long a reader's lock (the checker, a backup) may hold a commit up before it is an error."""


class StoreError(Exception):
    """A journal cannot be opened or was written by a newer version."""


class Store(Protocol):
    """What a journal needs of its database; parameters and rows are those of SQLite."""

    def execute(self, sql: str, parameters: Iterable[Any] = ()) -> int:
        """Write within the open transaction (begun if need be) and return the new row's id."""

    def write(self, sql: str, parameters: Iterable[Any] = ()) -> None:
        """Write one row durably, with whatever the open transaction holds."""

    def rows(self, sql: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """Read."""

    def iterate(self, sql: str, parameters: Iterable[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Read row by row, so that a long journal is never in memory whole."""

    def commit(self) -> None:
        """Make everything written so far durable."""

    def checkpoint(self) -> None:
        """Fold the write-ahead file into the database."""

    def close(self) -> None:
        """Commit and close."""


class SqliteStore:
    """A `Store` in a file. `schema` creates what is missing; `version` is the highest that this code reads.

    `migrations` has the SQL that makes version n + 1 of a file of version n; each is done whole or not at all.
    """

    def __init__(
        self,
        path: Path | str,
        schema: str,
        version: int,
        durability: str = "process",
        migrations: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._open = False
        try:
            self._database = sqlite3.connect(self.path, isolation_level=None, check_same_thread=True)
        except sqlite3.Error as error:
            raise StoreError(f"journal {self.path}: {error}") from error
        try:
            self._set_up(schema, version, durability, migrations)
        except sqlite3.Error as error:
            self._database.close()
            raise StoreError(f"journal {self.path}: {error}") from error
        except StoreError:
            self._database.close()
            raise

    def _set_up(self, schema: str, version: int, durability: str, migrations: Mapping[int, str]) -> None:
        self._database.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute(f"PRAGMA synchronous={'FULL' if durability == 'power' else 'NORMAL'}")
        self._database.execute("PRAGMA wal_autocheckpoint=0")
        self._database.execute("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
        self._migrate(self._check_version(version), version, migrations)
        self._database.executescript(schema)

    def _check_version(self, version: int) -> int:
        found = self._database.execute("SELECT value FROM meta WHERE key='schema_version'").fetchone()
        if found is None:
            self._database.execute("INSERT INTO meta VALUES ('schema_version', ?)", (str(version),))
            return version
        if not found[0].isdecimal() or int(found[0]) > version:
            raise StoreError(f"journal {self.path} has schema version {found[0]}; this version reads up to {version}")
        return int(found[0])

    def _migrate(self, found: int, version: int, migrations: Mapping[int, str]) -> None:
        for old in range(found, version):
            done = f"UPDATE meta SET value='{old + 1}' WHERE key='schema_version'"
            self._database.executescript(f"BEGIN IMMEDIATE; {migrations.get(old, '')}; {done}; COMMIT;")

    def execute(self, sql: str, parameters: Iterable[Any] = ()) -> int:
        if not self._open:
            self._database.execute("BEGIN IMMEDIATE")
            self._open = True
        return self._database.execute(sql, tuple(parameters)).lastrowid or 0

    def write(self, sql: str, parameters: Iterable[Any] = ()) -> None:
        self._database.execute(sql, tuple(parameters))  # without BEGIN it is a transaction of its own
        self.commit()

    def rows(self, sql: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        return self._database.execute(sql, tuple(parameters)).fetchall()

    def iterate(self, sql: str, parameters: Iterable[Any] = ()) -> Iterator[tuple[Any, ...]]:
        yield from self._database.execute(sql, tuple(parameters))

    def commit(self) -> None:
        if self._open:
            self._database.execute("COMMIT")
            self._open = False

    def checkpoint(self) -> None:
        self.commit()
        self._database.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        self.commit()
        self._database.close()
