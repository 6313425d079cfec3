"""Many feeds at once: all live soon, on few connections, at the venue's pace."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "scripts" / "benchmarks" / "many_feeds.py"
SYMBOLS, BOOKS = 60, 8


def test_the_quotes_of_many_symbols_and_some_books_are_all_live() -> None:
    words = ["--symbols", str(SYMBOLS), "--books", str(BOOKS), "--seconds", "1", "--rate", "20", "--json"]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *words], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert (found["quotes"], found["books"]) == (SYMBOLS, BOOKS)
    assert found["live_s"] < 30
    assert found["messages_per_s"] > 0
    assert {"market_data.BINANCE", "book.BINANCE", "execution.BINANCE", "gate", "reconciler"} <= set(found["processes"])
    assert all(process["memory_mib"] < 400 for process in found["processes"].values())
