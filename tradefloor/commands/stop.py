"""Stop a floor in order, and wait until it is gone."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path

from actors.monitor.visitor import Visitor
from actors.runtime import ExitCode
from bus.codec import ReplyStatus
from bus.directory import DIRECTORY, is_far
from bus.messages import GetStatus, StopFloor
from bus.security import OPERATOR
from tradefloor import places
from tradefloor.commands.common import add_floor, add_json, as_json, ask_floor, print_json, refused, visit

__all__ = ["add_arguments", "run"]

WAIT_S = 30.0
LOOK_S = 0.05
STOP = StopFloor("tradefloor stop")
AWAY_S = 2.0
"""From another host a floor is gone when it cannot be connected to for so long: a cut line is back before."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    add_floor(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Ask the supervisor, then watch it go: its process, or from another host its answers."""
    if is_far(options.floor or ""):
        return visit(options, lambda floor: _stop_from_afar(floor, options.json), OPERATOR)
    run_dir = places.find_floor(options.floor)
    pid = int(Path(run_dir, "lock").read_text())
    code = ask_floor(options, DIRECTORY, STOP)
    deadline = time.monotonic() + WAIT_S
    while code == ExitCode.DONE and Path(f"/proc/{pid}").exists():
        if time.monotonic() > deadline:
            return _still_there(f"pid {pid}")
        time.sleep(LOOK_S)
    return code


async def _stop_from_afar(floor: Visitor, json: bool) -> int:
    deadline = time.monotonic() + WAIT_S
    asked = reply = await floor.request(DIRECTORY, STOP)
    if not asked.ok:
        return refused(asked, json)
    while reply.status is not ReplyStatus.NOT_SENT:
        if time.monotonic() > deadline:
            return _still_there("it answers")
        await asyncio.sleep(LOOK_S)
        reply = await floor.request(DIRECTORY, GetStatus(), AWAY_S)
    if json:
        print_json({"ok": True, "body": as_json(asked.body)})
    else:
        sys.stdout.write("done\n")
    return ExitCode.DONE


def _still_there(how: str) -> int:
    sys.stderr.write(f"the floor's supervisor ({how}) is still there after {WAIT_S:g} s\n")
    return ExitCode.FAILED
