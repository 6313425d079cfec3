"""Take no new orders for a scope: floor, instance/NAME or strategy/NAME. Cancels still work; kept over restarts.

When this returns, nothing new is sent any more."""

from __future__ import annotations

import argparse

from bus.messages import SetTradingState, TradingState
from tradefloor.commands.common import add_floor, add_json, ask_floor

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("scope", metavar="SCOPE", help="floor, instance/NAME or strategy/NAME")
    parser.add_argument("--reason", default="by the operator", help="written into the journal")
    add_floor(parser)
    add_json(parser)


def run(options: argparse.Namespace, state: TradingState = TradingState.HALTED) -> int:
    """Ask the gate."""
    return ask_floor(options, "gate", SetTradingState(options.scope, state, options.reason))
