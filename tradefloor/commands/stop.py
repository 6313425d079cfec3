"""Stop a floor in order, and wait until it is gone."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from actors.runtime import ExitCode
from bus.directory import DIRECTORY
from bus.messages import StopFloor
from tradefloor import places
from tradefloor.commands.common import add_floor, add_json, ask_floor

__all__ = ["add_arguments", "run"]

WAIT_S = 30.0
LOOK_S = 0.05


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    add_floor(parser, far=False)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Ask the supervisor, then watch its process go."""
    run_dir = places.find_floor(options.floor)
    pid = int(Path(run_dir, "lock").read_text())
    code = ask_floor(options, DIRECTORY, StopFloor("tradefloor stop"))
    deadline = time.monotonic() + WAIT_S
    while code == ExitCode.DONE and Path(f"/proc/{pid}").exists():
        if time.monotonic() > deadline:
            sys.stderr.write(f"the floor's supervisor (pid {pid}) is still there after {WAIT_S:g} s\n")
            return ExitCode.FAILED
        time.sleep(LOOK_S)
    return code
