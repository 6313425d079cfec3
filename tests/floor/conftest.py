"""One floor without strategies of its own, for tests that attach, look and command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from floors import Floor, configuration, synced


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    folder = tmp_path_factory.mktemp("floor")
    running = Floor(configuration(folder, ("BINANCE",), makers=False, name="floor"), folder)
    running.visit(lambda visitor: synced(visitor, "BINANCE"))
    yield running
    summary = running.stop()
    running.close()
    assert summary["agrees"], summary["problems"]
    assert summary["gaps_marked"] == 0
    assert summary["gaps_unmarked"] == 0


def said(path: Path) -> str:
    """Return what a process wrote."""
    return path.read_text(errors="replace")
