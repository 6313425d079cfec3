"""Where history comes from: the market-data actor of a running floor, or a client of our own and nothing else."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from actors.monitor.visitor import FloorRefused, FloorUnreachable, Visitor
from actors.runtime import ActorExit, ExitCode
from actors.strategy.past import Ask, asking
from bus.messages import InstanceInfo, split_instrument_id
from tradefloor import places
from tradefloor.commands.common import add_floor, where
from tradefloor.venue_tables import adapter_of, venue_settings
from venues.history import OpenPast

__all__ = ["Source", "add_source", "open_source"]

HINT = "without a floor: --config FILE, or --adapter NAME --environment live"


class Source(msgspec.Struct, frozen=True):
    """Who is asked: the instance's name, what kind of connection it is, and how a page is asked for."""

    instance: str
    told: str
    """Adapter, account type and environment."""
    ask: Ask


def add_source(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where history comes from."""
    add_floor(parser)
    parser.add_argument("--instance", default="", metavar="NAME", help="which instance, where several trade the venue")
    alone = parser.add_argument_group("without a floor (a client is started, and nothing else; no key is needed)")
    alone.add_argument("--config", type=Path, metavar="FILE", help="where the venue is, by a floor's TOML file")
    alone.add_argument("--adapter", metavar="NAME", help="or by an adapter, such as binance")
    alone.add_argument("--environment", metavar="NAME", help="with --adapter: live, testnet, demo or twin")
    alone.add_argument("--account-type", metavar="NAME", help="with --adapter: its first, such as spot, by default")
    alone.add_argument("--announcement", metavar="FILE", help="with --environment twin: what it printed first")


@asynccontextmanager
async def open_source(options: argparse.Namespace) -> AsyncIterator[Source]:
    """Open what the options mean. Raises ActorExit on entry."""
    if options.config is None and options.adapter is None:
        for name in ("environment", "account_type", "announcement"):
            if getattr(options, name):
                raise ActorExit(ExitCode.USAGE, f"--{name.replace('_', '-')}: expected with --adapter alone")
        async with _floor(options) as source:
            yield source
        return
    instance, settings = _settings(options)
    if places.running_floors():
        sys.stderr.write("a floor runs here too: both spend the venue's limit of requests for this address\n")
    adapter = adapter_of(settings["adapter"])
    if not adapter.history:
        raise ActorExit(ExitCode.CONFIGURATION, f"{adapter.name} has no history without a floor")
    module, _, name = adapter.history.partition(":")
    try:
        open_past: OpenPast = getattr(importlib.import_module(module), name)
    except ImportError as error:
        text = f"{adapter.name} needs {error.name}; install it with: pip install 'tradefloor[{adapter.name}]'"
        raise ActorExit(ExitCode.CONFIGURATION, text) from None
    told = f"{settings['adapter']} {settings['account_type']} {settings['environment']}"
    async with open_past(settings) as past:
        yield Source(instance, told, past.ask)


def _venue_of(instrument: str) -> str:
    try:
        return split_instrument_id(instrument)[1]
    except ValueError as error:
        raise ActorExit(ExitCode.USAGE, str(error)) from None


def _settings(options: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    venue_id = _venue_of(options.instrument)
    if options.config is not None:
        if options.adapter is not None:
            raise ActorExit(ExitCode.USAGE, "--adapter: expected without --config, which names it")
        return venue_settings(options.config, venue_id, options.instance)
    adapter = adapter_of(options.adapter)
    account_type = options.account_type or adapter.account_types[0]
    chosen = (
        ("account-type", account_type, adapter.account_types),
        ("environment", options.environment, adapter.environments),
    )
    for name, value, choices in chosen:
        if value not in choices:
            found = f", found {value!r}" if value else ""
            raise ActorExit(ExitCode.USAGE, f"--{name}: expected one of {', '.join(choices)}{found}")
    settings = {
        "adapter": options.adapter,
        "account_type": account_type,
        "environment": options.environment,
        "venue_id": venue_id,
    }
    if options.announcement:
        settings["announcement"] = options.announcement
    return options.instance or venue_id, settings


@asynccontextmanager
async def _floor(options: argparse.Namespace) -> AsyncIterator[Source]:
    venue_id = _venue_of(options.instrument)
    try:
        place = where(options)
    except ActorExit as error:
        raise ActorExit(error.code, error.reason if options.floor else f"{error.reason}; {HINT}") from None
    try:
        async with Visitor(place, "history", key_file=options.key) as floor:
            info = _instance(floor.info.instances, venue_id, options.instance)
            told = f"{info.adapter} {info.account_type} {info.environment}"
            yield Source(info.name, told, asking(floor.member, info.name))
    except FloorUnreachable as error:
        raise ActorExit(ExitCode.FAILED, str(error)) from None
    except FloorRefused as error:
        raise ActorExit(ExitCode.CONFIGURATION, str(error)) from None


def _instance(instances: tuple[InstanceInfo, ...], venue_id: str, name: str) -> InstanceInfo:
    found = [one for one in instances if (one.name == name if name else one.venue_id == venue_id)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{one.name} ({one.venue_id})" for one in instances) or "none"
    if name:
        raise ActorExit(ExitCode.USAGE, f"--instance {name}: the floor has no such instance; it has: {known}")
    problem = "more than one instance of the floor has" if found else "no instance of the floor has"
    raise ActorExit(ExitCode.USAGE, f"{problem} venue id {venue_id!r}; give --instance, of: {known}")
