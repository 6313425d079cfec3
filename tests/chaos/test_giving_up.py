"""B07: a venue actor that crashes at every start backs off and is given up; its instance is HALTED, a person is called,
and the other instance trades on. Mended, restarted and resumed it trades again."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from floors import Floor, actor, configuration, open_orders, synced, until

from actors.monitor.visitor import Visitor
from bus.messages import InstanceStatus, TradingState

BROKEN = "execution.HURT"
SETTINGS = """
[supervisor.actors."execution.HURT"]
intensity = 3
backoff_min_s = 0.05
backoff_max_s = 0.2
"""
CALL = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read())"


@pytest.fixture
def called(tmp_path: Path) -> Path:
    """What the alert command was given."""
    return tmp_path / "called"


@pytest.fixture
def floor(tmp_path: Path, called: Path) -> Iterator[Floor]:
    config = configuration(tmp_path, ("HURT", "WELL"), name="giving_up")
    words = json.dumps([sys.executable, "-c", CALL, str(called)])
    text = config.read_text().replace('name = "giving_up"\n', f'name = "giving_up"\non_alert = {words}\n')
    config.write_text(text + SETTINGS)
    running = Floor.of_script("broken_actors.py", config, tmp_path, BROKEN)
    yield running
    running.close()


@pytest.mark.chaos
def test_b07_an_actor_that_crashes_at_every_start_halts_its_instance_and_leaves_the_other_alone(
    floor: Floor, called: Path
) -> None:
    async def instance(visitor: Visitor, name: str) -> InstanceStatus:
        status = await visitor.status()
        assert status is not None
        return next(each for each in status.instances if each.instance == name)

    async def rests(visitor: Visitor, name: str, limit_s: float) -> None:
        async def look() -> Any:
            return [state for state in await open_orders(visitor, name) if state.label == "ACCEPTED"]

        await until(look, limit_s, f"an order rests on {name}")

    async def given_up(visitor: Visitor) -> None:
        async def failed() -> bool:
            status = await visitor.status()
            return status is not None and actor(status, BROKEN).state == "FAILED"

        await until(failed, 30, "it is given up")
        status = await visitor.status()
        assert status is not None
        broken = actor(status, BROKEN)
        assert broken.restarts == 3
        assert "gave up after 4 exits" in broken.reason
        mine = [alert for alert in status.alerts if alert.instance == "HURT"]
        assert [alert.code for alert in mine] == ["ACTOR_FAILED"]
        assert mine[0].text.startswith(f"{BROKEN}: ")

        async def halted() -> bool:
            return (await instance(visitor, "HURT")).trading_state is TradingState.HALTED

        await until(halted, 10, "its instance is halted")
        await synced(visitor, "WELL")
        assert (await instance(visitor, "WELL")).trading_state is TradingState.ACTIVE
        await rests(visitor, "WELL", 12)  # nobody waits for who was given up
        assert not (await instance(visitor, "HURT")).synced

    async def mended(visitor: Visitor) -> None:
        await synced(visitor, "HURT")
        assert (await instance(visitor, "HURT")).trading_state is TradingState.HALTED  # that is for a person to say
        floor.command("resume", "instance/HURT")
        await rests(visitor, "HURT", 30)

    floor.visit(given_up)
    told = [json.loads(line) for line in called.read_text().splitlines()]
    assert [(one["code"], one["instance"], one["floor"]) for one in told] == [("ACTOR_FAILED", "HURT", "giving_up")]
    waits = [line for line in (floor.state_dir / "logs" / "supervisor.log").read_text().splitlines() if BROKEN in line]
    assert sum("restart_in_s=" in line for line in waits) == 3
    (floor.state_dir / "broken").unlink()
    floor.command("restart", BROKEN)
    floor.visit(mended)
