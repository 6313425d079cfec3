"""Orders, as the reconciler knows them: open ones, or with --all closed ones too."""

from __future__ import annotations

import argparse

from rich.table import Table

from actors.monitor.visitor import Visitor
from actors.runtime import ExitCode
from bus.messages import GetOrders, OrderList, exact
from tradefloor.commands.common import add_floor, add_json, as_json, console, print_json, refused, visit

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("--all", action="store_true", help="closed orders too")
    parser.add_argument("--strategy", default="", help="of this strategy alone")
    parser.add_argument("--instance", default="", help="of this instance alone")
    add_floor(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Ask the reconciler."""

    async def work(floor: Visitor) -> int:
        reply = await floor.request("reconciler", GetOrders(options.strategy, options.instance, not options.all))
        if not isinstance(reply.body, OrderList):
            return refused(reply, options.json)
        if options.json:
            print_json({"orders": [{**as_json(state), "label": state.label} for state in reply.body.orders]})
            return ExitCode.DONE
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in ("order", "strategy", "instance", "instrument", "side", "size", "price", "filled", "state"):
            table.add_column(name, justify="right" if name in ("size", "price", "filled") else "left")
        for state in reply.body.orders:
            order = state.order
            told = f" [dim]{state.reason}[/]" if state.reason else ""
            names = (order.order_id, order.strategy, order.instance, order.instrument, str(order.side))
            numbers = (exact(order.size), exact(order.price), exact(state.filled))
            table.add_row(*names, *numbers, state.label + told)
        console().print(table)
        return ExitCode.DONE

    return visit(options, work)
