"""A strategy ends while the gate is frozen with orders of it in hand: none of them may rest at the venue afterwards."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from floors import Floor, actor, configuration, is_alive, kill, open_orders, synced, until
from freezing import freeze

from actors.monitor.visitor import Visitor

BUSY = '''
from tradefloor import Strategy


class Busy(Strategy):
    """Orders far away on each quote, as fast as it can."""

    def on_start(self):
        self.subscribe_quotes("BTCUSDT.BINANCE")
        self.every("50ms", self.order)

    def order(self):
        quote = self.quote("BTCUSDT.BINANCE")
        if quote is not None and len(self.orders) < 150:
            order = self.buy("BTCUSDT.BINANCE", 0.001, price=round(quote.bid * 0.9, 2))
            with open("ordered.txt", "a") as file:
                print(order.id, file=file)
'''


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    running = Floor(configuration(tmp_path, ("ONE",), makers=False, name="leaving"), tmp_path)
    yield running
    running.close()


@pytest.mark.chaos
def test_orders_that_a_frozen_gate_holds_never_rest_after_their_strategy_has_left(floor: Floor, tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text(BUSY)
    floor.visit(lambda visitor: synced(visitor, "ONE"))
    words = [sys.executable, "-m", "tradefloor", "attach", "busy.py:Busy", "--floor", floor.run_dir]
    process = subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.DEVNULL)
    supervisor_log = floor.state_dir / "logs" / "supervisor.log"

    async def work(visitor: Visitor) -> None:
        async def rests() -> Any:
            return [state for state in await open_orders(visitor, strategy="busy") if state.label == "ACCEPTED"]

        await until(rests, 20, "an order rests")
        status = await visitor.status()
        assert status is not None
        gate = actor(status, "gate").pid
        freeze(gate)
        try:
            before = len((tmp_path / "ordered.txt").read_text().splitlines())

            async def holds_some() -> bool:
                return len((tmp_path / "ordered.txt").read_text().splitlines()) >= before + 2

            await until(holds_some, 10, "the frozen gate holds orders")
            kill(process.pid, signal.SIGTERM)

            async def gone() -> bool:
                left = process.poll() is not None and not visitor.member.is_live("busy")
                return left and not await open_orders(visitor, strategy="busy")

            await until(gone, 15, "the strategy has left, and what the reconciler knows of is cancelled")
        finally:
            if is_alive(gate):  # frozen for over 3 s it was killed, and what it held is gone with it
                kill(gate, signal.SIGCONT)

        async def settled() -> bool:
            return "exit policy cancel: done strategy=busy" in supervisor_log.read_text()

        await until(settled, 30, "its exit policy is done")
        assert await open_orders(visitor, strategy="busy") == ()

    floor.visit(work)
    process.wait(timeout=10)
    summary = floor.stop()
    assert summary["agrees"], summary["problems"]
    lines = (floor.state_dir / "twins" / "ONE.jsonl").read_text().splitlines()
    orders = [json.loads(line) for line in lines if '"kind":"order"' in line]
    last = {each["client_order_id"]: each["status"] for each in orders}
    assert last
    assert set(last.values()) <= {"CANCELED"}
