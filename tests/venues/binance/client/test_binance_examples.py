"""The examples of the client's page, run as they stand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from binance_floor import ROOT, TwinProcess, wait_for

EXAMPLES = ROOT / "scripts" / "examples"


def command(name: str, *words: str) -> list[str]:
    return [sys.executable, "-W", "error", str(EXAMPLES / name), *words]


@pytest.fixture
def twin(make_twin: Callable[..., TwinProcess]) -> TwinProcess:
    return make_twin("--rate", "200")


def test_an_order_is_placed_heard_of_and_canceled(twin: TwinProcess) -> None:
    done = subprocess.run(
        command("binance_order.py", str(twin.announcement)), capture_output=True, text=True, timeout=30, check=False,
        env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "Opened(stream='')"
    assert [line for line in lines if line.startswith("ExecutionReport")] == [
        "ExecutionReport NEW", "ExecutionReport CANCELED",
    ]  # fmt: skip
    sent = [line["method"] for line in twin.log("received") if "order" in line["method"].lower()]
    assert sent == ["order.place", "openOrders.cancelAll"]


def test_streams_are_read_and_a_lost_venue_stands_among_the_messages(twin: TwinProcess, tmp_path: Path) -> None:
    file = tmp_path / "told.txt"
    with open(file, "wb") as out:
        process = subprocess.Popen(
            command("binance_streams.py", str(twin.announcement)), stdout=out, stderr=out, env={"PYTHONPATH": str(ROOT)}
        )
    try:
        wait_for(lambda: "StreamTrade(" in file.read_text(), "trades come")
        twin.stop()
        wait_for(lambda: file.read_text().count("STALE:") == 2, "the loss is told for each stream")
    finally:
        process.kill()
        process.wait()


def test_a_venue_in_memory_refuses_and_is_cut() -> None:
    done = subprocess.run(
        command("binance_in_memory.py"), capture_output=True, text=True, timeout=30, check=False,
        env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    refused, unknown = done.stdout.splitlines()
    assert refused.startswith(
        "-1013 Filter failure: NOTIONAL True b'symbol=BTCUSDT&side=BUY&type=MARKET&quoteOrderQty=1&"
    )
    assert unknown == "POST /api/v3/order: the cable False"
