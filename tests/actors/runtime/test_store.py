"""Journals in SQLite: what is committed survives, and what cannot be read is one clear error."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.runtime.store import SqliteStore, StoreError

SCHEMA = "CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY, body TEXT)"
WRITER = """
import sys
from actors.runtime.store import SqliteStore
store = SqliteStore(sys.argv[1], sys.argv[2], 1, sys.argv[3])
for number in range(1, 101):
    store.execute("INSERT INTO journal VALUES (?, ?)", (number, "x" * 200))
    store.commit()
store.execute("INSERT INTO journal VALUES (?, ?)", (101, "never committed"))
print("written", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "events.db"


def write(path: Path, count: int) -> None:
    store = SqliteStore(path, SCHEMA, 1)
    for number in range(1, count + 1):
        store.execute("INSERT INTO journal VALUES (?, ?)", (number, "x" * 200))
        store.commit()
    store.close()


def rows(path: Path) -> list[int]:
    store = SqliteStore(path, SCHEMA, 1)
    found = [seq for (seq,) in store.rows("SELECT seq FROM journal ORDER BY seq")]
    store.close()
    return found


def test_what_is_written_is_there_again_and_its_directory_is_private(path: Path) -> None:
    write(path, 3)
    assert rows(path) == [1, 2, 3]
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("durability", ["process", "power"])
def test_a_commit_survives_kill_9_and_what_was_not_committed_is_not_there(path: Path, durability: str) -> None:
    command = [sys.executable, "-c", WRITER, str(path), SCHEMA, durability]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        process.kill()
    assert rows(path) == list(range(1, 101))


def test_a_write_ahead_file_cut_in_the_midst_of_a_commit_loses_that_one_alone(path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(path), SCHEMA, "process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    ahead = path.with_name(path.name + "-wal")
    with open(ahead, "r+b") as file:
        file.truncate(ahead.stat().st_size - 1000)
    assert rows(path) == list(range(1, 100))


def of_a_newer_version(path: Path) -> None:
    SqliteStore(path, SCHEMA, 7).close()


def of_no_version(path: Path) -> None:
    write(path, 1)
    database = sqlite3.connect(path)
    database.execute("UPDATE meta SET value='seven'")
    database.commit()
    database.close()


def of_foreign_bytes(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database, but it is long enough to be looked at " * 100)


def torn_in_the_first_page(path: Path) -> None:
    write(path, 500)
    path.write_bytes(path.read_bytes()[:600])


def torn_in_the_middle(path: Path) -> None:
    write(path, 500)
    path.write_bytes(path.read_bytes()[:9000])


def overwritten_in_the_middle(path: Path) -> None:
    write(path, 500)
    raw = bytearray(path.read_bytes())
    raw[100:4096] = b"\xff" * 3996
    path.write_bytes(raw)


def not_a_file(path: Path) -> None:
    path.mkdir(parents=True)


@pytest.mark.parametrize(
    "hurt",
    [
        of_a_newer_version,
        of_no_version,
        of_foreign_bytes,
        torn_in_the_first_page,
        torn_in_the_middle,
        overwritten_in_the_middle,
        not_a_file,
    ],
)
def test_a_journal_that_cannot_be_read_is_one_clear_error(path: Path, hurt: Callable[[Path], None]) -> None:
    hurt(path)
    with pytest.raises(StoreError) as caught:
        SqliteStore(path, SCHEMA, 1)
    assert str(path) in str(caught.value)


def test_a_newer_version_is_named_with_ours(path: Path) -> None:
    of_a_newer_version(path)
    with pytest.raises(StoreError, match="has schema version 7; this version reads up to 1"):
        SqliteStore(path, SCHEMA, 1)


def test_a_reader_sees_each_commit_while_the_writer_goes_on(path: Path) -> None:
    store = SqliteStore(path, SCHEMA, 1)
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    store.execute("INSERT INTO journal VALUES (1, '')")
    assert reader.execute("SELECT count(*) FROM journal").fetchone() == (0,)
    store.commit()
    assert reader.execute("SELECT count(*) FROM journal").fetchone() == (1,)
    reader.close()
    store.close()


def test_a_checkpoint_commits_and_folds_the_write_ahead_file(path: Path) -> None:
    store = SqliteStore(path, SCHEMA, 1)
    assert store.execute("INSERT INTO journal VALUES (?, ?)", (41, "")) == 41
    store.checkpoint()
    copy = path.with_name("copy.db")
    copy.write_bytes(path.read_bytes())
    store.close()
    assert rows(copy) == [41]


MIGRATIONS = {
    1: "ALTER TABLE journal ADD COLUMN more TEXT NOT NULL DEFAULT 'none'",
    2: "UPDATE journal SET more='some'",
}


def test_an_older_file_is_migrated_version_by_version_and_once(path: Path) -> None:
    write(path, 2)
    for _ in range(2):
        store = SqliteStore(path, SCHEMA, 3, migrations=MIGRATIONS)
        assert store.rows("SELECT seq, more FROM journal") == [(1, "some"), (2, "some")]
        assert store.rows("SELECT value FROM meta") == [("3",)]
        store.close()
    with pytest.raises(StoreError, match="has schema version 3; this version reads up to 1"):
        SqliteStore(path, SCHEMA, 1)


def test_a_migration_that_fails_leaves_the_file_as_the_last_one_left_it(path: Path) -> None:
    write(path, 2)
    with pytest.raises(StoreError):
        SqliteStore(
            path, SCHEMA, 3, migrations={**MIGRATIONS, 2: "UPDATE journal SET more='some'; UPDATE nothing SET a=1"}
        )
    store = SqliteStore(path, SCHEMA, 3, migrations=MIGRATIONS)
    assert store.rows("SELECT more FROM journal") == [("some",), ("some",)]
    store.close()
