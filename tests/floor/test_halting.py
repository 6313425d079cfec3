"""HALT: nothing new is sent after the reply, over a restart of the gate; cancels go through."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from floors import Floor, actor, kill, open_orders, until

from actors.monitor.visitor import Visitor
from bus.messages import Code, GetOrders, OrderList

EAGER = '''
from tradefloor import Strategy


class Eager(Strategy):
    """Orders on each quote, far away; never waits for anything."""

    def on_start(self):
        self.subscribe_quotes("BTCUSDT.BINANCE")

    def on_quote(self, quote):
        if len(self.orders.open) < 3:
            self.buy("BTCUSDT.BINANCE", 0.001, price=round(quote.bid * 0.9, 2))
'''


@pytest.fixture
def eager(floor: Floor, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    (tmp_path / "eager.py").write_text(EAGER)
    words = [sys.executable, "-m", "tradefloor", "attach", "eager.py:Eager", "--floor", floor.run_dir]
    process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    yield process
    process.terminate()
    process.communicate(timeout=20)


def written_after(floor: Floor, line: int) -> list[str]:
    """Return the client ids of orders that the twin received after so many lines of its log."""
    lines = (floor.state_dir / "twins" / "BINANCE.jsonl").read_text().splitlines()[line:]
    records = [json.loads(text) for text in lines if "order.place" in text]
    return [each["params"]["newClientOrderId"] for each in records if each["kind"] == "received"]


def log_lines(floor: Floor) -> int:
    return len((floor.state_dir / "twins" / "BINANCE.jsonl").read_text().splitlines())


def test_halt_holds_over_a_killed_gate_and_lets_cancels_through(floor: Floor, eager: subprocess.Popen[str]) -> None:
    async def denials(visitor: Visitor) -> int:
        reply = await visitor.request("reconciler", GetOrders("eager", open_only=False))
        orders = reply.body.orders if isinstance(reply.body, OrderList) else ()
        return sum(1 for state in orders if state.code is Code.HALTED)

    async def trading(visitor: Visitor) -> None:
        async def rests() -> Any:
            return [state for state in await open_orders(visitor, strategy="eager") if state.label == "ACCEPTED"]

        await until(rests, 20, "orders rest")

    async def cancel_one(visitor: Visitor) -> None:
        resting = [state for state in await open_orders(visitor, strategy="eager") if state.label == "ACCEPTED"]
        assert resting
        floor.command("cancel", resting[0].order.order_id)

        async def fewer() -> bool:
            names = {state.order.order_id for state in await open_orders(visitor, strategy="eager")}
            return resting[0].order.order_id not in names

        await until(fewer, 10, "the order is cancelled while HALTED")

        async def denied() -> bool:
            return await denials(visitor) > 0

        await until(denied, 20, "a new order is denied as HALTED")

    async def kill_gate(visitor: Visitor) -> None:
        status = await visitor.status()
        assert status is not None
        restarts = actor(status, "gate").restarts
        kill(actor(status, "gate").pid)
        before = await denials(visitor)

        async def back() -> bool:
            fresh = await visitor.status()
            return fresh is not None and actor(fresh, "gate").restarts > restarts and await denials(visitor) > before

        await until(back, 20, "the next gate denies too")

    floor.visit(trading)
    assert json.loads(floor.command("halt", "floor", "--json").stdout)["ok"]
    line = log_lines(floor)
    floor.visit(cancel_one)
    floor.visit(kill_gate)
    assert written_after(floor, line) == []
    assert json.loads(floor.command("status", "--json").stdout)["instances"][0]["trading_state"] == "HALTED"
    floor.command("resume", "floor")
    floor.visit(trading)
    floor.command("halt", "strategy/eager")
    floor.command("resume", "strategy/eager")
