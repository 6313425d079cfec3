"""Keys on a whole floor: made by the start, rotated while it trades, and a key does only what its role allows."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from floors import Floor, actor, configuration, synced, until

from actors.monitor.visitor import FloorUnreachable, Visitor
from bus.codec import ReplyStatus
from bus.messages import Code, SetTradingState, Status, StopFloor, TradingState
from bus.security import KeyFileError, KeyStore


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """One trading floor for all tests here."""
    folder = tmp_path_factory.mktemp("keys")
    running = Floor(configuration(folder, ("BINANCE",)), folder)
    try:
        running.visit(lambda visitor: synced(visitor, "BINANCE"))
        yield running
    finally:
        running.close()


def status_of(floor: Floor) -> Status:
    async def look(visitor: Visitor) -> Status | None:
        return await visitor.status()

    found = floor.visit(look)
    assert found is not None
    return found


def listed(floor: Floor) -> dict[str, str]:
    keys = json.loads(floor.command("keys", "--json").stdout)["keys"]
    return {key["role"]: key["public"] for key in keys}


def test_the_first_start_makes_a_key_for_everybody(floor: Floor) -> None:
    roles = listed(floor)
    names = {
        "supervisor",
        "gate",
        "reconciler",
        "market_data.BINANCE",
        "execution.BINANCE",
        "book.BINANCE",
        "quota.BINANCE",
    }
    assert roles.keys() == {f"actor:{name}" for name in names} | {"strategy:maker_binance", "monitor", "operator"}


def test_b04_a_monitor_that_halts_is_refused_counted_and_alerted(floor: Floor) -> None:
    async def halt(visitor: Visitor) -> Any:
        return await visitor.request("gate", SetTradingState("floor", TradingState.HALTED))

    reply = floor.visit(halt)
    assert (reply.status, reply.code) == (ReplyStatus.DENIED, Code.NOT_ALLOWED)

    async def alerted(visitor: Visitor) -> bool:
        status = await visitor.status()
        assert status is not None
        told = any(alert.code == "REFUSED" and "gate refused monitor" in alert.text for alert in status.alerts)
        return told and actor(status, "gate").counters.get("refused_commands", 0) >= 1

    floor.visit(lambda visitor: until(lambda: alerted(visitor), 20, "the refusal is counted and alerted"))
    assert all(each.trading_state is TradingState.ACTIVE for each in status_of(floor).instances)


def test_rotating_an_actors_key_restarts_it_and_the_floor_trades_on_with_the_new_one(floor: Floor) -> None:
    before, roles = status_of(floor), listed(floor)
    floor.command("keys", "rotate", "actor:gate")

    async def trades_again(visitor: Visitor) -> bool:
        status = await visitor.status()
        assert status is not None
        gate = actor(status, "gate")
        return gate.epoch > actor(before, "gate").epoch and gate.counters.get("passed", 0) > 0

    floor.visit(lambda visitor: until(lambda: trades_again(visitor), 30, "the gate passes orders under its new key"))
    after = listed(floor)
    assert after["actor:gate"] != roles["actor:gate"]
    assert roles["actor:gate"] not in after.values()
    assert {role: key for role, key in after.items() if role != "actor:gate"} == {
        role: key for role, key in roles.items() if role != "actor:gate"
    }


def test_rotating_the_operators_key_shuts_the_old_one_out_at_once(floor: Floor, tmp_path: Path) -> None:
    store = KeyStore.of_floor(floor.run_dir)
    old = store.file_of("operator").read_bytes()
    floor.command("keys", "rotate", "operator")
    assert floor.command("status").returncode == 0

    class Old(Visitor):
        async def _find_key(self, loop: asyncio.AbstractEventLoop) -> Any:
            (tmp_path / "keys").mkdir(exist_ok=True)
            KeyStore.of_floor(tmp_path).file_of("operator").write_bytes(old)
            KeyStore.of_floor(tmp_path).file_of("operator").chmod(0o600)
            identity = KeyStore.of_floor(tmp_path).identity("operator", serves=False)
            supervisor = store.load("operator").supervisor
            return type(identity)(
                type(identity.keys)("operator", identity.keys.public, identity.keys.secret, supervisor)
            )

    async def stop() -> None:
        async with Old(floor.run_dir, "old", "operator") as visitor:
            await visitor.request("supervisor", StopFloor())

    with pytest.raises(FloorUnreachable):
        asyncio.run(stop())
    assert status_of(floor).actors


def test_a_key_for_another_host_is_made_listed_and_revoked(floor: Floor, tmp_path: Path) -> None:
    file = tmp_path / "far.key"
    floor.command("keys", "new", "strategy:far", "--out", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert listed(floor)["strategy:far"] == json.loads(file.read_bytes())["public"]
    again = floor.command("keys", "new", "strategy:far", "--out", str(file), check=False)
    assert again.returncode == 10
    assert "is not overwritten" in again.stderr
    floor.command("keys", "revoke", "strategy:far")
    assert "strategy:far" not in listed(floor)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("rotate",), 2, "expected one or more roles"),
        (("rotate", "nonsense"), 2, "expected operator, monitor, strategy:NAME or actor:NAME"),
        (("rotate", "actor:supervisor"), 10, "stop the floor first"),
        (("rotate", "strategy:nobody"), 10, "there is no such key"),
        (("rotate", "--all"), 10, "stop the floor first"),
        (("revoke", "actor:gate"), 10, "cannot do without"),
        (("revoke", "strategy:nobody"), 10, "no key of this role is let in"),
        (("new", "operator"), 2, "--out FILE"),
    ],
)
def test_what_cannot_be_done_costs_one_clear_error(floor: Floor, words: tuple[str, ...], code: int, said: str) -> None:
    done = floor.command("keys", *words, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (code, 1)
    assert said in done.stderr


def test_the_floor_agrees_after_all_this(floor: Floor) -> None:
    summary = floor.stop()
    assert summary["agrees"], summary
    assert summary["gaps_unmarked"] == 0


def test_all_keys_are_rotated_while_the_floor_is_down(floor: Floor) -> None:
    store = KeyStore.of_floor(floor.state_dir)
    before = store.allowed()
    command = [sys.executable, "-m", "tradefloor", "keys", "rotate", "--all", "--state-dir", str(floor.state_dir)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.count("\n") == len(before)
    after = store.allowed()
    assert sorted(after.values()) == sorted(before.values())
    assert not before.keys() & after.keys()
    assert store.load("operator").supervisor == store.load("actor:supervisor").public


def test_a_floor_without_keys_is_not_joined(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="there is no such key"):
        KeyStore.of_floor(tmp_path).identity("operator")
