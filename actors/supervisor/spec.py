"""Child specs: what runs on the floor, as data."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated, get_args, get_origin

import msgspec
from msgspec import Meta

from actors.runtime import Context
from actors.runtime.actor import MEMORY_LIMIT_MB

__all__ = ["START_ORDER", "ChildSpec", "FloorSpec", "InstanceSpec", "Restart", "Setting", "settings"]

START_ORDER = ("twin", "reconciler", "gate", "quota", "market_data", "execution", "book", "strategy")
"""The order in which kinds are started; they are stopped in reverse."""


class Restart(StrEnum):
    """When an ended child is started again."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    TEMPORARY = "temporary"


class ChildSpec(msgspec.Struct, frozen=True):
    """One child process: an actor by import path, or a `command` that is no actor of ours.

    A field with a description is a setting: configured in ``[supervisor]``, and documented by that description.

    A command's first line of standard output goes to the run directory's ``<name>.json``; it is ready once that line
    is whole. After more than `intensity` restarts within `period_s` the supervisor gives up on the child.
    """

    context: Context
    actor: str = ""
    command: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    restart: Restart = Restart.PERMANENT
    intensity: Annotated[
        int,
        Meta(ge=0, description="exits within `period_s` after which it is restarted; after one more it is given up"),
    ] = 10
    period_s: Annotated[
        float, Meta(gt=0, description="how long an exit counts; healthy for so long, all is forgiven")
    ] = 60.0
    backoff_min_s: Annotated[
        float,
        Meta(gt=0, description="the longest pause before the second restart of a period; it doubles with each more"),
    ] = 0.2
    backoff_max_s: Annotated[
        float, Meta(gt=0, description="the longest pause of all; each is drawn between 0 and its limit")
    ] = 15.0
    start_timeout_s: Annotated[
        float, Meta(gt=0, description="until it has registered (reconciler: 600, for its journal may be long)")
    ] = 30.0
    stop_timeout_s: Annotated[float, Meta(gt=0, description="from SIGTERM until SIGKILL")] = 5.0
    heartbeat_timeout_s: Annotated[
        float,
        Meta(gt=0, description="silent for longer it is hung: SIGKILL, restart (a strategy: its `busy_limit_s`, 10)"),
    ] = 3.0
    memory_limit_mb: Annotated[
        int,
        Meta(
            ge=0,
            description="heap, thread stacks and private mappings of one process (0: no limit); at 0.8 of it "
            "resident: alert MEMORY, ended in order, restarted",
        ),
    ] = MEMORY_LIMIT_MB

    @property
    def name(self) -> str:
        """The child's name on the floor."""
        return self.context.name

    @property
    def kind(self) -> str:
        """What the child is: one of `START_ORDER`."""
        return self.context.kind

    @property
    def is_strategy(self) -> bool:
        """True for a user's strategy: it shows BUSY before it is given up, and its exit policy goes first."""
        return self.context.kind == "strategy"


class Setting(msgspec.Struct, frozen=True):
    """What can be set for a child. Above `least`, or that much at least where `inclusive`."""

    kind: type
    default: float
    least: float
    inclusive: bool
    description: str

    @property
    def expected(self) -> str:
        """What is expected of a value, in words."""
        noun = "a whole number" if self.kind is int else "a number"
        return f"{noun}, {self.least:g} or more" if self.inclusive else f"{noun} above {self.least:g}"

    def allows(self, value: float) -> bool:
        """True for a finite value that is large enough."""
        return math.isfinite(value) and (value >= self.least if self.inclusive else value > self.least)


def settings() -> dict[str, Setting]:
    """Return the settings of `ChildSpec` by name: its fields with a description."""
    found = {}
    for field in msgspec.structs.fields(ChildSpec):
        kind, *metas = get_args(field.type) if get_origin(field.type) is Annotated else (field.type,)
        for meta in metas:
            if isinstance(meta, Meta) and meta.description:
                inclusive = meta.ge is not None
                least = meta.ge if meta.ge is not None else meta.gt
                found[field.name] = Setting(kind, field.default, least or 0, inclusive, meta.description)
    return found


class InstanceSpec(msgspec.Struct, frozen=True):
    """A venue instance, as the supervisor and attaching processes need to know it."""

    name: str
    adapter: str
    account_type: str
    environment: str
    venue_id: str


class FloorSpec(msgspec.Struct, frozen=True):
    """A whole floor. `listen`, ``tcp://HOST:PORT``, is where other hosts reach its supervisor; empty: they do not."""

    name: str
    currency: str
    run_dir: str
    state_dir: str
    instances: tuple[InstanceSpec, ...] = ()
    children: tuple[ChildSpec, ...] = ()
    listen: str = ""
    on_alert: tuple[str, ...] = ()
    """A program and its arguments, run for each alert; see `actors.supervisor.alert_command`."""
    alone: dict[str, str] = {}
    """What the floor must have to itself, in words, and the lock file of each: accounts, the state directory."""
