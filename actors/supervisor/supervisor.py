"""The supervisor: it holds the directory, starts and stops children in order, and restarts what fails."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable
from pathlib import Path

import msgspec

from actors.runtime import Actor, ActorExit, Context, ExitCode
from actors.runtime.actor import VERSION
from actors.runtime.locks import FileLock
from actors.supervisor.alert_command import AlertCommand
from actors.supervisor.attached import AttachedStrategies
from actors.supervisor.board import Board, child_state, own_state
from actors.supervisor.children import Children
from actors.supervisor.health import HEALTH_S, Health
from actors.supervisor.lease import LEASE_S, Lease
from actors.supervisor.leavers import Leavers
from actors.supervisor.registry import Registry
from actors.supervisor.shutdown import STOP_LIMIT_S, end_orphans, stop_in_order, wait_for
from actors.supervisor.spec import FloorSpec
from actors.supervisor.systemd import Notifier
from actors.supervisor.takeover import take_alone, take_run_dir
from bus import topics
from bus.codec import Header, Kind, RequestHeader
from bus.messages import (
    ActorHeartbeat,
    ActorState,
    Alert,
    Code,
    Deregister,
    DirectoryEntry,
    Empty,
    FloorInfo,
    GetFloor,
    GetSchema,
    GetStatus,
    InstanceInfo,
    Message,
    Refused,
    Register,
    Registered,
    RestartActor,
    Schema,
    StopFloor,
)
from bus.requests import Answer
from bus.schema import schema_json

__all__ = ["Supervisor"]

ALERTS_S = 3.0
"""How long an ending floor waits for the last runs of the alert command, for they may matter most; less than the lease,
which nobody renews any more."""


class Supervisor(Actor):
    """
    Owns: the directory, the epochs, the children's lives, ``state/actor/`` and ``alert/``.
    Listens: registrations and heartbeats; ``state/instance/``, ``state/trading/`` and alerts for its status.
    Sends: the directory's table on each change; cancels by exit policy; HALT for an instance it gave up on.
    Fails when: its run directory is taken or cannot be written (exit 10); it was silent for longer than its lease (12).
    Restart means: children notice its end and stop; the next start recovers from journals and venues.
    """

    prefixes = ("directory/", "state/actor/", "alert/")

    def __init__(self, floor: FloorSpec, log_level: str = "INFO") -> None:
        context = Context("supervisor", "supervisor", floor.run_dir, floor.state_dir, floor.name, log_level=log_level)
        super().__init__(context)
        self.floor = floor
        self.children = Children(self, floor.children)
        self.health = Health(self, self.children)
        self.attached = AttachedStrategies(self)
        self.board = Board(floor)
        self.stopping = False
        self._signals = 0
        self._alone: list[FileLock] = []
        self._started_ns = 0
        self.abdicated = False
        self.alert_command = AlertCommand(floor.on_alert, floor.name, self.log, self.spawn)
        self.systemd = Notifier.from_environment()
        self.lease: Lease
        self.registry: Registry
        self.leavers: Leavers

    # life

    async def take_place(self) -> None:
        run_dir = Path(self.floor.run_dir)
        run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._place, self.lease = await take_run_dir(run_dir, self.clock, self.log)
        self._alone = take_alone(self.floor.name, self.floor.alone)

    async def setup(self) -> None:
        state_dir = self.state_path()
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.registry = Registry(self.floor.name, state_dir / "epoch")
        self.leavers = Leavers(self, self.registry)

    async def join_floor(self) -> None:
        own = Register(self.name, "supervisor", os.getpid(), VERSION, "", "", "", self.prefixes)
        endpoints = (self._endpoint(0), self._endpoint(1))
        own = msgspec.structs.replace(own, publishes_at=endpoints[0], serves_at=endpoints[1])
        entry = self.registry.add(own, self.clock.time_ns(), VERSION.partition(".")[0])
        assert isinstance(entry, DirectoryEntry)
        self.member.epoch = self.publisher.epoch = entry.epoch
        self._started_ns = self.clock.time_ns()
        self.member.follow_directory(self.floor.name)

    async def begin(self) -> None:
        self.push_directory()
        self.board.follow(self.member)
        self.member.subscribe("alert/", self._on_alert)
        self.every(HEALTH_S, self._look_after)
        self.log.info("floor starts", floor=self.floor.name, children=len(self.children), run_dir=self.floor.run_dir)
        self.systemd.ready()
        self.spawn(self._start_children())

    async def _leave(self) -> None:
        for child in self.children.all():
            child.kill()
        await wait_for(lambda: self.alert_command.idle, ALERTS_S)
        self.log.info("floor stopped", floor=self.floor.name)

    def release(self) -> None:
        if hasattr(self, "lease"):
            self.lease.close()
        for lock in self._alone:
            lock.release()

    def on_signal(self, number: int) -> None:
        self._signals += 1
        if self._signals == 1:
            self.begin_stop(signal.Signals(number).name)
        elif self._signals >= 3:
            self.log.error("third signal: killing what is left; orders may rest at the venues")
            self.stop()
        else:
            self.log.warning("still stopping; a third signal kills at once", limit_s=STOP_LIMIT_S)

    def topic_state(self, topic: str) -> Message | None:
        kind, *rest = topics.segments(topic)
        if kind == "directory":
            return self.registry.table()
        if kind != "state":
            return Empty()
        child = self.children.get(rest[1])
        return child_state(child) if child is not None else self.attached.state_of(rest[1]) or Empty()

    def log_file(self, name: str) -> Path:
        return self.state_path("logs", f"{name}.log")

    async def _start_children(self) -> None:
        await self.children.start_all()
        if not self.stopping:
            await self.leavers.look_for_owners_gone(self.board.all_synced)

    def _look_after(self) -> None:
        if not self.lease.renew():
            self._abdicate()
            return
        now = self.loop.time()
        late_s = self.health.late_s(now)
        self.health.look(now, late_s)
        self.attached.look(now, late_s)
        self.systemd.alive(now)
        self.systemd.status(self._in_a_word())

    def _in_a_word(self) -> str:
        ready = sum(child.state == "READY" for child in self.children.all())
        words = f"{ready} of {len(self.children)} actors READY, {len(self.board.alerts)} alerts"
        return f"stopping: {words}" if self.stopping else words

    # directory

    def on_register(self, message: Register, header: RequestHeader) -> Message:
        child = self.children.get(message.name)
        if self.stopping:
            return Refused(Code.SHUTTING_DOWN)
        if child is not None and child.pid != message.pid:
            owner = f"{message.name!r} is a child of this floor (pid {child.pid})"
            return Refused(Code.DUPLICATE_NAME, owner)
        entry = self.registry.add(message, self.clock.time_ns(), VERSION.partition(".")[0])
        if isinstance(entry, Refused):
            self.log.warning("registration refused", actor=message.name, reason=entry.reason)
            return entry
        if child is not None:
            child.epoch, child.last_beat_s = entry.epoch, self.loop.time()
            child.state = "STARTING"
            self.children.publish(child)
        else:
            self.attached.add(message, entry)
        self.push_directory()
        return Registered(entry.epoch, self.floor.name)

    def on_deregister(self, message: Deregister, header: RequestHeader) -> Message:
        child = self.children.get(message.name)
        if child is not None:
            self.children.revoke(child, message.epoch)
        else:
            self.attached.leave(message.name, message.epoch, message.reason)
        return Empty()

    def on_actor_heartbeat(self, message: ActorHeartbeat, header: RequestHeader) -> Message:
        if not self.registry.is_current(message.name, message.epoch):
            return Refused(Code.NOT_ALLOWED, "another life has taken over, or this one was given up for dead")
        child = self.children.get(message.name)
        if child is None:
            self.attached.beat(message.name)
            return Refused(Code.SHUTTING_DOWN) if self.stopping else Empty()
        child.last_beat_s = self.loop.time()
        child.counters = message.counters
        if child.state not in ("RESTARTING", "KILLED") and (child.state, child.reason) != (
            message.state,
            message.reason,
        ):
            child.state, child.reason = message.state, message.reason
            self.children.publish(child)
        return Empty()

    def push_directory(self) -> None:
        table = self.registry.table()
        self.publisher.publish(topics.topic("directory", self.floor.name), table)

    # commands

    def on_get_status(self, message: GetStatus, header: RequestHeader) -> Message:
        own = own_state(self.epoch, self.state, self._started_ns, self.alert_command.counters)
        children = [child_state(child) for child in self.children.all()]
        return self.board.status(self.epoch, self._started_ns, [own, *children, *self.attached.states()])

    def on_get_floor(self, message: GetFloor, header: RequestHeader) -> Message:
        instances = tuple(
            InstanceInfo(spec.name, spec.adapter, spec.account_type, spec.environment, spec.venue_id)
            for spec in self.floor.instances
        )
        return FloorInfo(self.floor.name, self.floor.currency, VERSION, instances, self.floor.state_dir)

    def on_get_schema(self, message: GetSchema, header: RequestHeader) -> Message:
        return Schema(schema_json())

    def on_restart_actor(self, message: RestartActor, header: RequestHeader) -> Message | None:
        child = self.children.get(message.name)
        if child is None:
            names = ", ".join(self.children.by_name)
            return Refused(Code.NO_SUCH_ACTOR, f"no child is named {message.name!r}; there are {names}")
        self.children.restart(child)
        return None

    def on_stop_floor(self, message: StopFloor, header: RequestHeader) -> None:
        self.begin_stop(message.reason or "asked to")

    def begin_stop(self, reason: str) -> None:
        """Stop the floor in order; a second call changes nothing."""
        if not self.stopping:
            self.stopping = True
            self.state = "STOPPING"
            self.systemd.stopping()
            self.log.info("floor stops", reason=reason, limit_s=STOP_LIMIT_S)
            self.spawn(self._stop_children())

    async def _stop_children(self) -> None:
        self.children.forget_restarts()
        await stop_in_order(self.children.all(), self.attached.drop_all, self.leavers.all_done, self.log)
        self.stop()

    def _dispatch(self, message: Message, header: RequestHeader) -> Answer | Awaitable[Answer]:
        if self.lease.lapsed:
            self._abdicate()
            return Refused(Code.LEASE_LAPSED, "this supervisor was silent for longer than its lease")
        return super()._dispatch(message, header)

    def _abdicate(self) -> None:
        """The lease has lapsed: end the children, touch nothing else, and go."""
        if not self.abdicated:
            self.abdicated = self.stopping = True
            self.state = "STOPPING"
            self.systemd.stopping()
            self.log.error("silent for longer than the lease: ending the children and nothing else", lease_s=LEASE_S)
            self.leavers.drop_all()
            self.children.forget_restarts()
            self.spawn(self._end_children())

    async def _end_children(self) -> None:
        reason = f"the supervisor was silent for longer than its lease of {LEASE_S:g} s, so its children end"
        reason += " and it ends too; the next start recovers from journals and venues"
        self.alert("SUPERVISOR_FENCED", reason)
        await end_orphans(self.children.all(), self.log)
        await wait_for(lambda: self.alert_command.idle, ALERTS_S)
        self.fail(ActorExit(ExitCode.FENCED, reason))

    # what is told

    def alert(self, code: str, text: str, instance: str = "") -> None:
        """Call a person: on the alerts topic, in the log and the status, by the command that is there for it."""
        alert = Alert(self.name, code, text, self.clock.time_ns(), instance)
        self.publisher.publish(topics.topic("alert", self.name), alert)
        self._take_alert(alert)

    def _on_alert(self, message: Message, header: Header, topic: str) -> None:
        if isinstance(message, Alert) and header.kind is Kind.CHANGE and message.component != self.name:
            self._take_alert(message)

    def _take_alert(self, alert: Alert) -> None:
        self.board.alerts.append(alert)
        self.log.error(f"ALERT {alert.code}: {alert.text}")
        self.alert_command.tell(alert)

    def publish_actor(self, state: ActorState) -> None:
        self.publisher.publish(topics.topic("state", "actor", state.name), state)

    def _beat(self) -> None:
        """The supervisor has no supervisor to tell."""
