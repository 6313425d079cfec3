"""What the commands share: which floor, asking it, printing."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from actors.monitor.visitor import FloorRefused, FloorUnreachable, Visitor
from actors.runtime import ActorExit, ExitCode
from bus.directory import is_address, is_far
from bus.requests import Reply
from bus.security import MONITOR, OPERATOR
from tradefloor import places

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "SCHEMA_VERSION",
    "add_floor",
    "add_json",
    "as_json",
    "ask_floor",
    "console",
    "print_json",
    "refused",
    "visit",
    "where",
]

SCHEMA_VERSION = 1
"""Of the JSON that commands print."""
PLAIN_WIDTH = 180
"""Columns where the output is no terminal: a file or a pipe has room."""


def console(stderr: bool = False) -> Console:
    """Return where tables go: as wide as the terminal, and wide enough for every column where there is none."""
    from rich.console import Console  # here: a supervisor prints no table, and rich takes 4 MB and 16 ms

    found = Console(stderr=stderr, highlight=False)
    return found if found.is_terminal else Console(stderr=stderr, highlight=False, width=PLAIN_WIDTH)


def add_floor(parser: argparse.ArgumentParser, far: bool = True) -> None:
    """Add ``--floor`` and, for what can be done from another host, ``--key``."""
    what = "which floor: its name, its run directory" + (" or the address it listens on" if far else "")
    metavar = "NAME|RUN_DIR|tcp://HOST:PORT" if far else "NAME|RUN_DIR"
    parser.add_argument("--floor", metavar=metavar, help=f"{what}; the one that runs by default")
    if far:
        parser.add_argument("--key", type=Path, metavar="FILE", help="a key of the floor, from `tradefloor keys new`")
    else:
        parser.set_defaults(key=None)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add ``--json``."""
    parser.add_argument("--json", action="store_true", help="print JSON on standard output")


def visit(
    options: argparse.Namespace, work: Callable[[Visitor], Awaitable[int]], role: str = MONITOR, name: str = ""
) -> int:
    """Run `work` with a visitor of the floor that ``--floor`` and ``--key`` mean, and return its exit code."""
    place = where(options)

    async def session() -> int:
        async with Visitor(place, name or "visitor", role, options.key) as visitor:
            return await work(visitor)

    try:
        return asyncio.run(session())
    except FloorUnreachable as error:
        raise ActorExit(ExitCode.FAILED, str(error)) from None
    except FloorRefused as error:
        raise ActorExit(ExitCode.CONFIGURATION, str(error)) from None


def where(options: argparse.Namespace) -> str:
    """Return the run directory of the floor that is meant, or its address.

    Raises ActorExit (exit code 10) where none is meant, for what is no address, and for an address without a key.
    """
    if not is_far(options.floor or ""):
        return str(places.find_floor(options.floor))
    if not is_address(options.floor):
        raise ActorExit(ExitCode.CONFIGURATION, f"--floor {options.floor}: expected tcp://HOST:PORT")
    if options.key is None:
        reason = f"--floor {options.floor}: expected --key FILE; the floor's host makes one: tradefloor keys new"
        raise ActorExit(ExitCode.CONFIGURATION, reason)
    return str(options.floor)


def ask_floor(options: argparse.Namespace, actor: str, message: Any, timeout_s: float = 10.0) -> int:
    """Ask one actor for something to be done; print what came of it."""

    async def work(floor: Visitor) -> int:
        reply = await floor.request(actor, message, timeout_s)
        if not reply.ok:
            return refused(reply, options.json)
        if options.json:
            print_json({"ok": True, "body": as_json(reply.body)})
        else:
            sys.stdout.write("done\n")
        return ExitCode.DONE

    return visit(options, work, OPERATOR)


def refused(reply: Reply, json: bool) -> int:
    """Print why a request was not done."""
    if json:
        print_json({"ok": False, "code": str(reply.code), "reason": reply.reason, "definite": reply.definite})
    else:
        unknown = "" if reply.definite else " (it may have been done all the same)"
        sys.stderr.write(f"{reply.code}: {reply.reason}{unknown}\n")
    return ExitCode.FAILED


def as_json(message: Any) -> Any:
    """Return a message as plain data: field names and values, Decimals as text, bytes left out."""
    if isinstance(message, msgspec.Struct):
        return {
            field: as_json(getattr(message, field))
            for field in message.__struct_fields__
            if not isinstance(getattr(message, field), bytes)
        }
    if isinstance(message, (list, tuple)):
        return [as_json(each) for each in message]
    if isinstance(message, dict):
        return {str(key): as_json(value) for key, value in message.items()}
    return msgspec.to_builtins(message)


def print_json(document: dict[str, Any]) -> None:
    """Print one document on one line."""
    sys.stdout.write(msgspec.json.encode({"schema_version": SCHEMA_VERSION, **document}).decode() + "\n")
    sys.stdout.flush()
