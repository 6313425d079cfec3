"""Cancel an order by its id, or every open order. Works while HALTED."""

from __future__ import annotations

import argparse
import sys

from actors.monitor.visitor import Visitor
from actors.runtime import ExitCode
from bus.messages import CancelAll, GetOrders, OrderList, OrderState
from bus.requests import Reply
from bus.security import OPERATOR
from tradefloor.commands.common import add_floor, add_json, print_json, refused, visit

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("order", metavar="ORDER", nargs="?", help="an order's id, ours or the venue's")
    what.add_argument("--all", action="store_true", help="every open order")
    parser.add_argument("--instance", default="", help="with --all: of this instance alone")
    parser.add_argument("--strategy", default="", help="with --all: of this strategy alone")
    add_floor(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Ask the execution actors."""

    async def work(floor: Visitor) -> int:
        reply = await floor.request("reconciler", GetOrders(options.strategy, options.instance))
        if not isinstance(reply.body, OrderList):
            return refused(reply, options.json)
        orders = [state for state in reply.body.orders if options.all or _is_meant(state, options.order)]
        if not orders and not options.all:
            sys.stderr.write(f"NO_SUCH_ORDER: no open order has the id {options.order!r}\n")
            return ExitCode.FAILED
        failed: list[Reply] = []
        by_instance: dict[str, list[tuple[str, str]]] = {}
        for state in orders:
            names = [(state.order.instrument, name) for name in state.names_at_work]
            by_instance.setdefault(state.order.instance, []).extend(names)
        for instance, names_of in by_instance.items():
            command = CancelAll(instance, strategy="-", client_order_ids=tuple(names_of))
            answer = await floor.request(f"execution.{instance}", command)
            if not answer.ok:
                failed.append(answer)
        if failed:
            return refused(failed[0], options.json)
        if options.json:
            print_json({"ok": True, "cancels": len(orders)})
        else:
            sys.stdout.write(f"{len(orders)} cancels sent\n")
        return ExitCode.DONE

    return visit(options, work, OPERATOR)


def _is_meant(state: OrderState, name: str) -> bool:
    return name in (state.order.order_id, *state.names_at_work, state.venue_order_id)
