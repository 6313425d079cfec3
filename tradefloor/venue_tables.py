"""The venues' tables of a configuration, as far as they say where a venue is: no key is looked for."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from actors.runtime import ActorExit, ExitCode
from tradefloor import configuration, places
from tradefloor.tables import ConfigurationError, Table, read_toml
from venues.addresses import address_problem
from venues.capabilities import AdapterInfo

__all__ = ["adapter_of", "venue_settings"]


def adapter_of(name: str) -> AdapterInfo:
    """Return an adapter. Raises ActorExit (exit code 10) naming those that are there."""
    if name not in configuration.ADAPTERS:
        known = ", ".join(configuration.ADAPTERS)
        raise ActorExit(ExitCode.CONFIGURATION, f"no adapter {name!r}; expected one of {known}")
    adapter: AdapterInfo = importlib.import_module(configuration.ADAPTERS[name]).ADAPTER
    return adapter


def venue_settings(file: Path, venue_id: str, instance: str = "") -> tuple[str, dict[str, Any]]:
    """Return (name, settings) of the instance that trades a venue id, or of the one that is named.

    Raises ConfigurationError where there is none, or more than one.
    """
    root = Table(file, "", read_toml(file))
    floor = root.table("floor").name("name")
    found = {name: _settings(floor, name, table) for name, table in root.tables("venues").items()}
    names = [name for name, one in found.items() if (name == instance if instance else one["venue_id"] == venue_id)]
    if len(names) != 1:
        known = ", ".join(f"{name} ({one['venue_id']})" for name, one in found.items()) or "none"
        if instance:
            raise ConfigurationError(file, "venues", f"no instance {instance!r}; there are: {known}")
        problem = "more than one instance has" if names else "no instance has"
        raise ConfigurationError(file, "venues", f"{problem} venue id {venue_id!r}; give --instance, of: {known}")
    return names[0], found[names[0]]


def _settings(floor: str, name: str, table: Table) -> dict[str, Any]:
    adapter_name = table.choice("adapter", tuple(configuration.ADAPTERS))
    adapter = adapter_of(adapter_name)
    settings: dict[str, Any] = {
        "adapter": adapter_name,
        "account_type": table.choice("account_type", adapter.account_types),
        "environment": table.choice("environment", adapter.environments),
        "venue_id": table.name("venue_id", "a venue id such as BINANCE_US", adapter_name.upper()),
    }
    if settings["environment"] == "twin":
        settings["announcement"] = str(places.run_dir(floor) / f"twin.{name}.json")
    for key, scheme in adapter.addresses.items():
        if table.has(key):
            settings[key] = table.take(key, str, f"an address such as {scheme}://HOST")
            problem = address_problem(settings[key], scheme)
            if problem:
                raise table.error(key, f"{problem}; found {settings[key]!r}")
    return settings
