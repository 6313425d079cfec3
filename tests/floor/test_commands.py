"""The commands that scripts and people rely on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from floors import Floor, actor, is_alive, synced, until

from actors.monitor.visitor import Visitor


def document(floor: Floor, *words: str) -> Any:
    return json.loads(floor.command(*words, "--json").stdout)


def test_status_lists_actors_instances_and_alerts(floor: Floor) -> None:
    status = document(floor, "status")
    assert status["schema_version"] == 1
    names = {each["name"]: each for each in status["actors"]}
    assert set(names) >= {
        "supervisor",
        "gate",
        "reconciler",
        "twin.BINANCE",
        "market_data.BINANCE",
        "execution.BINANCE",
    }
    keys = {"name", "kind", "instance", "pid", "state", "reason", "restarts", "epoch", "uptime_s", "rss_bytes"}
    for each in status["actors"]:
        assert keys <= set(each)
        assert is_alive(each["pid"])
        assert each["rss_bytes"] > 0
    instance = status["instances"][0]
    assert (instance["instance"], instance["synced"], instance["trading_state"]) == ("BINANCE", True, "ACTIVE")
    assert status["alerts"] == []
    assert "market_data.BINANCE" in floor.command("status").stdout


def test_the_tap_labels_live_traffic_by_the_schema(floor: Floor) -> None:
    lines = floor.command("tap", "market/BINANCE/quote/BTCUSDT.BINANCE/", "--count", "5", "--json").stdout.splitlines()
    messages = [json.loads(line) for line in lines]
    assert len(messages) == 5
    assert messages[0]["kind"] == "STATE"
    numbers = [message["seq"] for message in messages]
    assert numbers == list(range(numbers[0], numbers[0] + 5))
    for message in messages:
        assert message["message"] == "Quote"
        assert message["body"]["bid"] < message["body"]["ask"]
        assert message["sender"] == "market_data.BINANCE"


def test_a_tap_of_everything_opens_nothing_at_the_venue(floor: Floor) -> None:
    floor.command("tap", "--count", "1", "--json")
    status = document(floor, "status")
    assert all(each["restarts"] == 0 for each in status["actors"])


def test_halt_is_refused_for_an_unknown_scope_and_undone_by_resume(floor: Floor) -> None:
    wrong = floor.command("halt", "instance/NOWHERE", "--json", check=False)
    assert wrong.returncode == 1
    assert json.loads(wrong.stdout)["code"] == "NO_SUCH_SCOPE"
    assert document(floor, "halt", "instance/BINANCE")["ok"]
    assert document(floor, "status")["instances"][0]["trading_state"] == "HALTED"
    assert document(floor, "resume", "instance/BINANCE")["ok"]
    assert document(floor, "status")["instances"][0]["trading_state"] == "ACTIVE"


def test_cancel_of_an_unknown_order_and_orders_and_positions(floor: Floor) -> None:
    unknown = floor.command("cancel", "T00-000000-0-0", check=False)
    assert unknown.returncode == 1
    assert "NO_SUCH_ORDER" in unknown.stderr
    assert document(floor, "cancel", "--all")["ok"]
    assert document(floor, "orders")["orders"] == []
    balances = {each["asset"]: each for each in document(floor, "positions")["balances"]}
    assert balances["BTC"]["free"]


def test_logs_of_one_actor_and_of_an_unknown_one(floor: Floor) -> None:
    assert "joined the floor" in floor.command("logs", "gate").stdout
    unknown = floor.command("logs", "nobody", check=False)
    assert unknown.returncode == 1
    assert "there are:" in unknown.stderr


def test_restart_gives_an_actor_a_new_life(floor: Floor) -> None:
    async def work(visitor: Visitor) -> None:
        before = await visitor.status()
        assert before is not None
        was = actor(before, "book.BINANCE")
        done = floor.command("restart", "book.BINANCE", "--json")
        assert json.loads(done.stdout)["ok"]

        async def back() -> bool:
            status = await visitor.status()
            if status is None:
                return False
            one = actor(status, "book.BINANCE")
            return one.state == "READY" and one.epoch > was.epoch and one.pid != was.pid

        await until(back, 15, "the book actor has a new life")
        await synced(visitor, "BINANCE")

    floor.visit(work)
    wrong = floor.command("restart", "nobody", check=False)
    assert wrong.returncode == 1
    assert "there are" in wrong.stderr


def test_commands_without_a_floor_say_so(tmp_path: Any) -> None:
    words = [sys.executable, "-m", "tradefloor", "status", "--floor", str(tmp_path / "none")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False, env=dict(os.environ))
    assert done.returncode == 10
    assert len(done.stderr.splitlines()) == 1
    assert "no floor runs" in done.stderr
