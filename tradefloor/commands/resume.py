"""Take new orders again for a scope: floor, instance/NAME or strategy/NAME."""

from __future__ import annotations

import argparse

from bus.messages import TradingState
from tradefloor.commands import halt

__all__ = ["add_arguments", "run"]

add_arguments = halt.add_arguments


def run(options: argparse.Namespace) -> int:
    """Ask the gate."""
    return halt.run(options, TradingState.ACTIVE)
