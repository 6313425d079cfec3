"""``[supervisor]``: how children are restarted and watched, for all of them and for single ones.

A value in ``[supervisor]`` stands for every child, but for what a child has for a reason of its own: the reconciler's
time to start, and a strategy's silence, which is its ``busy_limit_s``. ``[supervisor.actors."execution.BINANCE"]`` has
the last word about one.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from actors.supervisor.spec import ChildSpec, settings
from tradefloor.tables import Table

__all__ = ["supervise"]

SETTINGS = settings()
SILENCE = "heartbeat_timeout_s"


def supervise(children: list[ChildSpec], table: Table) -> list[ChildSpec]:
    """Return the children as the table wants them. Raises ConfigurationError."""
    own = table.tables("actors")
    everybody = _take(table, ("actors",))
    _check_pauses(table, everybody, everybody)
    names = [spec.name for spec in children]
    for name in own:
        if name not in names:
            raise table.error(f"actors.{name}", f"unknown actor; expected one of {', '.join(names)}")
    return [_supervised(spec, everybody, own.get(spec.name)) for spec in children]


def _supervised(spec: ChildSpec, everybody: dict[str, Any], own: Table | None) -> ChildSpec:
    changes = {name: value for name, value in everybody.items() if getattr(spec, name) == SETTINGS[name].default}
    if spec.is_strategy:
        changes.pop(SILENCE, None)
    if own is not None:
        if spec.is_strategy and own.has(SILENCE):
            raise own.error(SILENCE, f"is busy_limit_s for a strategy; expected that, in strategies.{spec.name}")
        single = _take(own)
        changes |= single
        _check_pauses(own, changes, single)
    return replace(spec, **changes)


def _take(table: Table, others: tuple[str, ...] = ()) -> dict[str, Any]:
    found = {}
    for name, setting in SETTINGS.items():
        if not table.has(name):
            continue
        value = table.take(name, int if setting.kind is int else (int, float), setting.expected)
        if not setting.allows(value):
            raise table.error(name, f"expected {setting.expected}, found {value!r}")
        found[name] = setting.kind(value)
    table.finish((*SETTINGS, *others))
    return found


def _check_pauses(table: Table, values: dict[str, Any], said: dict[str, Any]) -> None:
    least, most = (values.get(name, SETTINGS[name].default) for name in ("backoff_min_s", "backoff_max_s"))
    if least > most:
        name, bound = ("backoff_min_s", f"at most backoff_max_s, {most:g}")
        if name not in said:
            name, bound = ("backoff_max_s", f"at least backoff_min_s, {least:g}")
        raise table.error(name, f"expected {bound}, found {said[name]:g}")
