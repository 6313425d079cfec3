"""Run a strategy in this process, attached to a running floor. Ctrl-C detaches it; its exit policy is carried out.

The name defaults to that of the key, or else to the class's in lower case; one that lives already is refused."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from actors.monitor.visitor import Visitor
from actors.runtime import ActorExit, Context, ExitCode, run_actor
from actors.runtime.log import configure
from actors.strategy import Strategy
from bus.directory import is_far
from bus.messages import ExitPolicy, FloorInfo, check_name
from bus.security import KeyFileError, KeyStore, read_keys, role_of_actor
from tradefloor import places, strategies
from tradefloor.commands.common import add_floor, visit, where

__all__ = ["add_arguments", "run", "run_class"]


def add_arguments(parser: argparse.ArgumentParser, with_path: bool = True) -> None:
    """Add this command's options."""
    if with_path:
        parser.add_argument("path", metavar="FILE.py:Class", help="the strategy")
    parser.add_argument("--name", help="its name on the floor; the key's, or the class's in lower case")
    add_floor(parser)
    parser.add_argument(
        "--exit-policy", choices=("cancel", "leave"), default="cancel", help="what becomes of its orders at its end"
    )
    parser.add_argument(
        "--set", metavar="name=value", action="append", default=[], help="a parameter; may be given several times"
    )
    parser.add_argument("--log-level", choices=("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO")


def run(options: argparse.Namespace) -> int:
    """Load the file, then attach."""
    return _attach(strategies.load_class(options.path), options)


def run_class(kind: type[Strategy], arguments: list[str] | None = None) -> int:
    """Attach a class from its own file: what ``MyStrategy.run()`` calls."""
    parser = argparse.ArgumentParser(description=kind.__doc__, allow_abbrev=False)
    add_arguments(parser, with_path=False)
    try:
        return _attach(kind, parser.parse_args(arguments))
    except ActorExit as error:
        sys.stderr.write(f"{error.reason}\n")
        return error.code


def _attach(kind: type[Strategy], options: argparse.Namespace) -> int:
    name = options.name or _name_of(options.key) or kind.__name__.lower()
    try:
        check_name(name, "--name")
    except ValueError as error:
        raise ActorExit(ExitCode.CONFIGURATION, str(error)) from None
    parameters = strategies.check_parameters(kind, dict(_parameter(text) for text in options.set))
    info: list[FloorInfo] = []

    async def ask(floor: Visitor) -> int:
        info.append(floor.info)
        return ExitCode.DONE

    place, role = where(options), role_of_actor(name, "strategy")
    if options.key is None:
        KeyStore.of_floor(place).ensure(role)
    visit(options, ask, role)
    state_dir = str(places.state_dir(info[0].floor)) if is_far(place) else info[0].state_dir
    configure(None, options.log_level)
    context = Context(
        name,
        "strategy",
        place,
        state_dir,
        info[0].floor,
        settings={"parameters": parameters},
        attached=True,
        exit_policy=ExitPolicy(options.exit_policy),
        key_file=str(options.key or ""),
    )
    actor = kind(context)
    code = run_actor(actor)
    if isinstance(actor.failure, ActorExit):
        sys.stderr.write(f"{actor.failure.reason}\n")
    return code


def _name_of(key: Path | None) -> str:
    """Return the name of the strategy for which a key was made, if it is one and can be read."""
    try:
        role = read_keys(key).role if key is not None else ""
    except KeyFileError:
        return ""
    kind, _, name = role.partition(":")
    return name if kind == "strategy" else ""


def _parameter(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ActorExit(ExitCode.USAGE, f"--set {text}: expected name=value")
    return name, value
