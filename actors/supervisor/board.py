"""The floor at a glance: what instances, trading states and actors are like, and what a person should know."""

from __future__ import annotations

import os
from collections import deque

import msgspec

from actors.supervisor.child import Child, rss_bytes
from actors.supervisor.spec import FloorSpec
from bus import topics
from bus.codec import Header
from bus.member import Member
from bus.messages import (
    ActorState,
    Alert,
    DirectoryEntry,
    InstanceState,
    InstanceStatus,
    Message,
    Register,
    Status,
    TradingState,
    TradingStates,
)

__all__ = ["Board", "attached_state", "child_state", "own_state"]

ALERTS_KEPT = 100


class Board:
    """Follows the reconciler's and the gate's word, for the status that everybody is shown."""

    def __init__(self, floor: FloorSpec) -> None:
        self.alerts: deque[Alert] = deque(maxlen=ALERTS_KEPT)
        self._floor = floor
        self._instances: dict[str, InstanceState] = {}
        self._trading = TradingStates()

    def follow(self, member: Member) -> None:
        """Subscribe."""
        for spec in self._floor.instances:
            member.subscribe(topics.topic("state", "instance", spec.name), self._on_instance, self._on_blind)
        member.subscribe(topics.topic("state", "trading", "floor"), self._on_trading)

    def all_synced(self) -> bool:
        """True while every instance is SYNCED."""
        known = [self._instances.get(spec.name) for spec in self._floor.instances]
        return all(each is not None and each.synced for each in known)

    def status(self, epoch: int, started_ns: int, actors: list[ActorState]) -> Status:
        """Return the whole."""
        return Status(
            self._floor.name,
            epoch,
            started_ns,
            tuple(actors),
            tuple(self._instance(spec.name) for spec in self._floor.instances),
            tuple(self.alerts),
            self._floor.state_dir,
            self._floor.run_dir,
        )

    def _instance(self, name: str) -> InstanceStatus:
        known = self._instances.get(name)
        scopes = [self._trading.states.get(scope) for scope in ("floor", f"instance/{name}")]
        trading = next((state for state in scopes if state), TradingState.ACTIVE)
        if known is None:
            return InstanceStatus(name, False, "no word from the reconciler yet", trading)
        return InstanceStatus(name, known.synced, known.reason, trading)

    def _on_instance(self, message: Message, header: Header, topic: str) -> None:
        if isinstance(message, InstanceState):
            self._instances[message.instance] = message

    def _on_blind(self, topic: str, reason: str) -> None:
        name = topics.segments(topic)[2]
        known = self._instances.get(name)
        if known is not None:
            self._instances[name] = msgspec.structs.replace(known, synced=False, reason=f"reconciler: {reason}")

    def _on_trading(self, message: Message, header: Header, topic: str) -> None:
        if isinstance(message, TradingStates):
            self._trading = message


def child_state(child: Child) -> ActorState:
    """Return a child as it is shown."""
    context = child.spec.context
    return ActorState(
        context.name,
        context.kind,
        context.instance,
        child.pid,
        child.state,
        child.reason,
        child.restarts,
        child.epoch,
        child.started_ns,
        rss_bytes(child.pid) if child.pid else 0,
        child.counters,
    )


def attached_state(
    registration: Register, entry: DirectoryEntry, started_ns: int, state: str, reason: str
) -> ActorState:
    """Return an attached strategy as it is shown."""
    pid = registration.pid
    memory = rss_bytes(pid)
    return ActorState(entry.name, entry.kind, "", pid, state, reason, 0, entry.epoch, started_ns, memory)


def own_state(epoch: int, state: str, started_ns: int, counters: dict[str, int]) -> ActorState:
    """Return the supervisor as it is shown."""
    pid = os.getpid()
    return ActorState("supervisor", "supervisor", "", pid, state, "", 0, epoch, started_ns, rss_bytes(pid), counters)
