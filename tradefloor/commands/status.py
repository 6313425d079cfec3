"""Who lives on the floor, which venues are synced, and what a person should know."""

from __future__ import annotations

import argparse
import sys
import time

from rich.table import Table

from actors.monitor.visitor import Visitor
from actors.runtime import ExitCode
from bus.messages import ActorState, Status
from tradefloor.commands.common import add_floor, add_json, as_json, console, print_json, visit

__all__ = ["actor_table", "add_arguments", "as_document", "instance_table", "run"]

_COLOURS = {"READY": "green", "SYNCED": "green", "ACTIVE": "green", "FAILED": "red", "HALTED": "red"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    add_floor(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Ask the supervisor."""

    async def work(floor: Visitor) -> int:
        status = await floor.status()
        if status is None:
            sys.stderr.write("the supervisor does not answer\n")
            return ExitCode.FAILED
        if options.json:
            print_json(as_document(status))
            return ExitCode.DONE
        screen = console()
        screen.print(f"floor [bold]{status.floor}[/]  state {status.state_dir}")
        screen.print(actor_table(status))
        screen.print(instance_table(status))
        for alert in status.alerts:
            screen.print(f"[red]ALERT[/] {alert.code}: {alert.text}")
        return ExitCode.DONE

    return visit(options, work)


def as_document(status: Status) -> dict[str, object]:
    """Return the status as JSON data: `actors`, `instances`, `alerts`."""
    return {
        "floor": status.floor,
        "epoch": status.epoch,
        "state_dir": status.state_dir,
        "run_dir": status.run_dir,
        "actors": [
            {
                "name": actor.name,
                "kind": actor.kind,
                "instance": actor.instance,
                "pid": actor.pid,
                "state": actor.state,
                "reason": actor.reason,
                "restarts": actor.restarts,
                "epoch": actor.epoch,
                "uptime_s": round(_uptime_s(actor), 3),
                "rss_bytes": actor.rss_bytes,
                "counters": actor.counters,
            }
            for actor in status.actors
        ],
        "instances": as_json(status.instances),
        "alerts": as_json(status.alerts),
    }


def _uptime_s(actor: ActorState) -> float:
    return max(0.0, (time.time_ns() - actor.started_ns) / 1e9) if actor.pid and actor.started_ns else 0.0


def actor_table(status: Status) -> Table:
    """Return the actors as a table."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("actor", "pid", "state", "up", "restarts", "memory", "figures"):
        table.add_column(name, justify="right" if name in ("pid", "up", "restarts", "memory") else "left")
    for actor in status.actors:
        colour = _COLOURS.get(actor.state, "yellow")
        told = f" [dim]{actor.reason}[/]" if actor.reason else ""
        table.add_row(
            actor.name,
            str(actor.pid or "-"),
            f"[{colour}]{actor.state}[/]{told}",
            f"{_uptime_s(actor):.0f} s",
            str(actor.restarts or "-"),
            f"{actor.rss_bytes / 1e6:.0f} MB" if actor.rss_bytes else "-",
            f"[dim]{_figures(actor)}[/]",
        )
    return table


_SHOWN = (
    "ticks",
    "trades",
    "deltas",
    "passed",
    "denied",
    "orders",
    "fills",
    "open_orders",
    "gaps",
    "missed",
    "mute",
    "conflated",
    "dropped",
    "foreign_subscriptions",
    "weight_used",
    "weight_limit",
)


def _figures(actor: ActorState) -> str:
    return "  ".join(f"{name} {actor.counters[name]}" for name in _SHOWN if actor.counters.get(name))


def instance_table(status: Status) -> Table:
    """Return the venue instances as a table."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("venue", "synced", "trading"):
        table.add_column(name)
    for instance in status.instances:
        word = "[green]SYNCED[/]" if instance.synced else f"[yellow]NOT SYNCED[/] [dim]{instance.reason}[/]"
        colour = _COLOURS.get(str(instance.trading_state), "yellow")
        table.add_row(instance.instance, word, f"[{colour}]{instance.trading_state}[/]")
    return table
