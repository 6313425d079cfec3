"""Lesson 20: bots that were stopped left orders on the venue. Each strategy says what becomes of its own."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from floors import Floor, open_orders, synced, until
from json_lines import whole_lines

from actors.monitor.visitor import Visitor

STATED_S = 20.0
"""The time that the supervisor states for a stop, exit policies and all."""
ORDERS = 2
RESTS = '''
from tradefloor import Strategy


class Rests(Strategy):
    """Rests two orders far away."""

    placed = False

    def on_start(self):
        self.subscribe_quotes("BTCUSDT.BINANCE")

    def on_quote(self, quote):
        if not self.placed:
            self.placed = True
            for part in (0.95, 0.96):
                self.buy("BTCUSDT.BINANCE", 0.001, price=round(quote.bid * part, 0))
'''
FLOOR = """
[floor]
name = "lesson20"
[venues.BINANCE]
adapter = "binance"
account_type = "spot"
environment = "twin"
[venues.BINANCE.twin]
seed = 5
"""
STRATEGY = """
[strategies.{name}]
path = "rests.py:Rests"
exit_policy = "{policy}"
"""


def floor_of(folder: Path, *policies: str) -> Floor:
    """Start a floor with a strategy of each policy, called by it."""
    (folder / "rests.py").write_text(RESTS)
    file = folder / "floor.toml"
    file.write_text(FLOOR + "".join(STRATEGY.format(name=f"{policy}s", policy=policy) for policy in policies))
    return Floor(file, folder)


def resting(floor: Floor, *policies: str) -> dict[str, set[str]]:
    """Wait until each strategy's orders rest; return their names by policy."""

    async def work(visitor: Visitor) -> dict[str, set[str]]:
        await synced(visitor, "BINANCE")
        found: dict[str, set[str]] = {}
        for policy in policies:

            async def rest(name: str = f"{policy}s") -> Any:
                states = await open_orders(visitor, strategy=name)
                return states if [each.label for each in states] == ["ACCEPTED"] * ORDERS else None

            states = await until(rest, 20, f"the orders of {policy}s rest")
            found[policy] = {state.order.client_order_id for state in states}
        return found

    names: dict[str, set[str]] = floor.visit(work)
    return names


def last_statuses(floor: Floor) -> dict[str, str]:
    """Return the venue's last word about each order."""
    lines = whole_lines(floor.state_dir / "twins" / "BINANCE.jsonl")
    return {line["client_order_id"]: line["status"] for line in lines if line["kind"] == "order"}


@pytest.mark.parametrize(("policy", "status"), [("cancel", "CANCELED"), ("leave", "NEW")])
def test_lesson_20_at_a_stop_a_strategys_orders_are_dealt_with_as_it_states_and_in_time(
    tmp_path: Path, policy: str, status: str
) -> None:
    floor = floor_of(tmp_path, policy)
    try:
        names = resting(floor, policy)[policy]
        began = time.monotonic()
        summary = floor.stop()
        assert time.monotonic() - began < STATED_S
        assert summary["agrees"], summary["problems"]
        statuses = last_statuses(floor)
        assert {statuses[name] for name in names} == {status}
        assert f"exit policy {policy}" in floor_log(floor)
    finally:
        floor.close()


def test_lesson_20_each_strategy_has_its_own_policy_on_one_floor(tmp_path: Path) -> None:
    floor = floor_of(tmp_path, "cancel", "leave")
    try:
        names = resting(floor, "cancel", "leave")
        floor.stop()
        statuses = last_statuses(floor)
        assert {policy: {statuses[each] for each in found} for policy, found in names.items()} == {
            "cancel": {"CANCELED"},
            "leave": {"NEW"},
        }
    finally:
        floor.close()


def test_lesson_20_a_policy_that_is_not_carried_out_is_refused_before_anything_starts(tmp_path: Path) -> None:
    floor = floor_of(tmp_path, "flatten")
    try:
        assert floor.process.wait(timeout=20) == 10
        assert "exit_policy" in floor.said()
        assert not (floor.state_dir / "twins").exists()
    finally:
        floor.close()


def floor_log(floor: Floor) -> str:
    """Return all that the floor's actors said."""
    logs = "".join(path.read_text() for path in sorted((floor.state_dir / "logs").glob("*.log")))
    return logs + floor.said()
