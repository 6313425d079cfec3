"""A twin in a process of its own, and a floor around it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from binance_floor import LIMIT_S, Floor, TwinProcess, wait_for
from binance_trader import NAME, Trader

from bus.messages import PrivateStream
from venues.binance.execution import Execution


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A folder with a path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="tf", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def make_twin(tmp_path: Path) -> Iterator[Callable[..., TwinProcess]]:
    """Start twins; all are stopped at the end."""
    twins: list[TwinProcess] = []

    def make(*arguments: str) -> TwinProcess:
        folder = tmp_path / f"twin{len(twins)}"
        folder.mkdir()
        twins.append(TwinProcess(folder, *arguments))
        return twins[-1]

    yield make
    for twin in twins:
        twin.stop()


@pytest.fixture
def venue(make_twin: Callable[..., TwinProcess]) -> TwinProcess:
    """A lively twin."""
    return make_twin("--rate", "400")


@pytest.fixture
def still(make_twin: Callable[..., TwinProcess]) -> TwinProcess:
    """A twin whose market stands still, so that what moves, the test has moved; and enough money to move it."""
    return make_twin("--rate", "0", "--balance", "BTC=60", "--balance", "USDT=3000000")


@pytest.fixture
def floor(short_dir: Path, venue: TwinProcess) -> Iterator[Floor]:
    """A floor; stopped before its twin."""
    floor = Floor(short_dir)
    yield floor
    floor.stop()


@pytest.fixture
def actor(floor: Floor, venue: TwinProcess) -> Any:
    settings = {**venue.settings, "recv_window_ms": 1000}
    actor = floor.start(Execution, NAME, "execution", settings)
    wait_for(lambda: floor.events and isinstance(floor.events[0], PrivateStream), "the private stream is up")
    return actor


@pytest.fixture
def trader(floor: Floor, actor: Execution) -> Trader:
    return Trader(floor)


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Run a coroutine within the tests' limit."""

    def run_it(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run(asyncio.wait_for(work, LIMIT_S * 2))

    return run_it
