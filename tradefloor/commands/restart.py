"""End an actor and start it again. Its strategies and venues go on; what it missed is fetched."""

from __future__ import annotations

import argparse

from bus.directory import DIRECTORY
from bus.messages import RestartActor
from tradefloor.commands.common import add_floor, add_json, ask_floor

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("actor", metavar="ACTOR", help="its name, as `tradefloor status` lists it")
    add_floor(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Ask the supervisor."""
    return ask_floor(options, DIRECTORY, RestartActor(options.actor))
