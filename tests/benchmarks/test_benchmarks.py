"""The benchmarks run: what they measure is never judged here, for a time may not fail a test."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from binance_floor import TwinProcess

ROOT = Path(__file__).parents[2]


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[TwinProcess]:
    running = TwinProcess(tmp_path)
    yield running
    running.stop()


def descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(folder.name))
    found, todo = [], [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def test_the_harness_client_tells_of_the_first_tick_and_ends_with_all_that_it_started(
    twin: TwinProcess, until: Callable[..., Any]
) -> None:
    greeting = twin.greeting
    port = greeting["rest"].rpartition(":")[2]
    keys = {"TRADEFLOOR_BENCH_KEY": greeting["api_key"], "TRADEFLOOR_BENCH_SECRET": greeting["api_secret"]}
    command = [sys.executable, "scripts/benchmarks/harness_client.py", "--client", "--port", port, "--market", "spot"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, **keys}) as process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            assert (told["event"], set(told)) == ("first_tick", {"event", "t_ns"})
            started = descendants(process.pid)
            assert len(started) == 6  # reconciler, gate, quota, market data, execution, strategy
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=10)
            until(lambda: not any(Path("/proc", str(pid)).exists() for pid in started), "its whole tree has ended")
        finally:
            process.kill()


def test_the_bus_benchmark_prints_its_ratios_as_json() -> None:
    command = [sys.executable, "scripts/benchmarks/bus.py", "--rounds", "1", "--messages", "20", "--rate", "500"]
    command += ["--only", "hop", "join", "request", "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, timeout=60, check=True)
    result = json.loads(done.stdout)
    assert result["hop"]["raw"]["p50_us"]["to_raw"] == 1.0
    assert all(result[name]["ours"] for name in ("hop", "join", "request"))


def test_the_matching_benchmark_prints_orders_a_second_and_their_ratios_as_json() -> None:
    command = [sys.executable, "scripts/benchmarks/matching.py", "--rounds", "1", "--orders", "50", "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, timeout=60, check=True)
    result = json.loads(done.stdout)
    assert result.pop("schema_version") == 1
    assert {"rest", "cancel", "take", "sweep", "mix"} < set(result)
    assert all(work[figure] > 0 for work in result.values() for figure in ("orders_per_s", "order_us", "to_json"))


def test_the_twins_streams_are_read_and_measured() -> None:
    command = [sys.executable, "scripts/benchmarks/twin_streams.py", "--symbols", "2", "--seconds", "0.3", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["messages_per_s"] > 0
    assert found["ratio"] == pytest.approx(found["messages_per_s"] / found["decoded_per_s"])


def test_the_twins_order_benchmark_prints_percentiles_and_their_ratios_to_a_ping() -> None:
    command = [sys.executable, "scripts/benchmarks/twin_orders.py", "--rounds", "20", "--burst", "50", "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, timeout=60, check=True)
    result = json.loads(done.stdout)
    assert result["ping"]["p99_to_ping"] == 1.0
    for kind in ("place", "cancel", "market"):
        assert 0 < result[kind]["p50_ms"] <= result[kind]["p99_ms"] <= result[kind]["p999_ms"]
    assert result["burst"]["orders_per_s"] > 0
