"""Positions by strategy, and balances by venue instance."""

from __future__ import annotations

import argparse

from rich.table import Table

from actors.monitor.visitor import Visitor
from actors.runtime import ExitCode
from bus.messages import GetPositions, PositionsAnswer, exact
from tradefloor.commands.common import add_floor, add_json, as_json, console, print_json, refused, visit

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("--strategy", default="", help="of this strategy alone")
    parser.add_argument("--instance", default="", help="of this instance alone")
    add_floor(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Ask the reconciler."""

    async def work(floor: Visitor) -> int:
        reply = await floor.request("reconciler", GetPositions(options.strategy, options.instance))
        answer = reply.body
        if not isinstance(answer, PositionsAnswer):
            return refused(reply, options.json)
        if options.json:
            print_json({"positions": as_json(answer.positions), "balances": as_json(answer.balances)})
            return ExitCode.DONE
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in ("strategy", "instance", "instrument", "size", "average", "realized", "fees", "fills"):
            table.add_column(name, justify="left" if name in ("strategy", "instance", "instrument") else "right")
        for position in answer.positions:
            names = (position.strategy, position.instance, position.instrument)
            fees = ", ".join(f"{exact(fee)} {currency}" for currency, fee in position.fees.items())
            row = (
                exact(position.size),
                f"{position.average_price:.8g}",
                f"{position.realized:.8g}",
                fees,
                str(position.fills),
            )
            table.add_row(*names, *row)
        balances = Table(box=None, pad_edge=False, header_style="dim")
        for name in ("instance", "asset", "free", "locked"):
            balances.add_column(name, justify="right" if name in ("free", "locked") else "left")
        for balance in answer.balances:
            balances.add_row(balance.instance, balance.asset, exact(balance.free), exact(balance.locked))
        screen = console()
        screen.print(table)
        screen.print(balances)
        return ExitCode.DONE

    return visit(options, work)
