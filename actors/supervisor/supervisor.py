"""The supervisor: it holds the directory, starts and stops children in order, and restarts what fails."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable
from pathlib import Path

import msgspec

from actors.runtime import Actor, ActorExit, Context, ExitCode
from actors.runtime.locks import FileLock
from actors.supervisor.alert_command import AlertCommand
from actors.supervisor.attached import AttachedStrategies
from actors.supervisor.board import Board, child_state, own_state
from actors.supervisor.children import Children
from actors.supervisor.health import HEALTH_S, Health
from actors.supervisor.inquest import Inquest
from actors.supervisor.lease import LEASE_S, Lease
from actors.supervisor.leavers import Leavers
from actors.supervisor.registry import Registry
from actors.supervisor.shutdown import STOP_LIMIT_S, end_orphans, stop_in_order, wait_for
from actors.supervisor.spec import FloorSpec
from actors.supervisor.systemd import Notifier
from actors.supervisor.takeover import take_alone, take_run_dir
from bus import topics
from bus.codec import RequestHeader
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
from bus.security import MONITOR, OPERATOR, KeyRing, KeyStore, role_of_actor
from bus.transport import bind_problem
from bus.version import VERSION, majors_differ

__all__ = ["Supervisor"]

ALERTS_S = 3.0
"""How long an ending floor waits for the last runs of the alert command, for they may matter most; less than the lease,
which nobody renews any more."""
KEYS_S = 0.5
"""Between looks at the list of keys: an attached strategy whose key was taken off it is cut off within this."""


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
        context = Context("supervisor", "supervisor", floor.run_dir, floor.state_dir, floor.name)
        context = msgspec.structs.replace(context, log_level=log_level, listen=floor.listen)
        super().__init__(context)
        self.floor = floor
        self.children = Children(self, floor.children)
        self.health = Health(self, self.children)
        self.attached = AttachedStrategies(self)
        self.board = Board(floor)
        self.inquest = Inquest(self)
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
        problem = bind_problem(self.floor.listen) if self.floor.listen else ""
        if problem:
            reason = f"floor.listen: {self.floor.listen} {problem}; expected a free port of this host"
            raise ActorExit(ExitCode.CONFIGURATION, reason)

    async def prepare(self) -> None:
        state_dir = self.state_path()
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.registry = Registry(self.floor.name, state_dir / "epoch")
        self.leavers = Leavers(self, self.registry)
        self._make_keys(Path(self.floor.run_dir))

    def _make_keys(self, run_dir: Path) -> None:
        """Make what keys are missing, and let everybody find them by the run directory alone."""
        store, link = KeyStore.of_floor(self.state_path()), KeyStore.of_floor(run_dir).folder
        children = (spec.context for spec in self.floor.children if not spec.command)
        roles = (role_of_actor(context.name, context.kind) for context in children)
        store.ensure(MONITOR, OPERATOR, *roles)
        if not link.exists() or not link.samefile(store.folder):  # they are one where run and state directory are
            link.unlink(missing_ok=True)
            link.symlink_to(store.folder.resolve())

    async def join_floor(self) -> None:
        own = Register(self.name, "supervisor", os.getpid(), VERSION, prefixes=self.prefixes)
        own = msgspec.structs.replace(own, **self.member.doors())
        entry = self.registry.add(own, self.clock.time_ns(), VERSION.partition(".")[0])
        assert isinstance(entry, DirectoryEntry)
        self.member.epoch = self.publisher.epoch = entry.epoch
        self._started_ns = self.clock.time_ns()
        self.member.follow_directory(self.floor.name)

    async def begin(self) -> None:
        self.lease.begin()
        self.push_directory()
        self.board.follow(self.member)
        self.every(HEALTH_S, self._look_after)
        self.every(KEYS_S, self._refresh_keys)
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

    def listen_at(self) -> tuple[str, str]:
        return super().listen_at()[0], self.floor.listen

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
        role = role_of_actor(message.name, message.kind)
        if self.ring.role_of(message.key) != role:
            return Refused(Code.NOT_ALLOWED, f"{message.name} names a key that is not its own")
        if child is not None and (message.kind, message.instance) != (child.spec.kind, child.spec.context.instance):
            return Refused(
                Code.NOT_ALLOWED, f"{message.name} is no {message.kind} of {message.instance or 'the floor'}"
            )
        entry = self.registry.add(message, self.clock.time_ns(), VERSION.partition(".")[0])
        if isinstance(entry, Refused):
            self.log.warning("registration refused", actor=message.name, reason=entry.reason)
            return entry
        if child is not None:
            child.epoch, child.last_beat_s = entry.epoch, self.loop.time()
            child.state = "STARTING"
            self.children.publish(child)
            KeyStore.of_floor(self.state_path()).retire(role, keep=message.key)
        else:
            self.attached.add(message, entry)
        self.push_directory()
        return Registered(entry.epoch, self.floor.name, self.publisher.remote)

    def on_deregister(self, message: Deregister, header: RequestHeader) -> Message:
        child = self.children.get(message.name)
        if child is not None:
            self.children.revoke(child, message.epoch)
        else:
            self.attached.leave(message.name, message.epoch, message.reason)
        return Empty()

    def on_actor_heartbeat(self, message: ActorHeartbeat, header: RequestHeader) -> Message:
        if not self.registry.is_current(message.name, message.epoch):
            return Refused(Code.FENCED, "another life has taken over, or this one was given up for dead")
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
        if message.version and majors_differ(message.version, VERSION):
            reason = f"{header.caller} speaks version {message.version}, the floor version {VERSION}"
            return Refused(Code.BAD_VERSION, reason)
        instances = tuple(
            InstanceInfo(spec.name, spec.adapter, spec.account_type, spec.environment, spec.venue_id)
            for spec in self.floor.instances
        )
        return FloorInfo(
            self.floor.name, self.floor.currency, VERSION, instances, self.floor.state_dir, self.publisher.remote
        )

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
        self._raise(Alert(self.name, code, text, self.clock.time_ns(), instance))

    def call_person(self, code: str, text: str) -> None:
        self.alert(code, text)

    def on_alert(self, message: Alert, header: RequestHeader) -> None:
        """An actor calls a person."""
        self._raise(message)

    def _raise(self, alert: Alert) -> None:
        self.publisher.publish(topics.topic("alert", self.name), alert)
        self.board.alerts.append(alert)
        self.log.error(f"ALERT {alert.code}: {alert.text}")
        self.alert_command.tell(alert)

    def publish_actor(self, state: ActorState) -> None:
        self.publisher.publish(topics.topic("state", "actor", state.name), state)

    def _beat(self) -> None:
        """The supervisor has no supervisor to tell."""

    @property
    def ring(self) -> KeyRing:
        """Who is let in."""
        assert self.member.guard is not None, "a supervisor has keys"
        return self.member.guard.ring

    def _refresh_keys(self) -> None:
        before = self.ring.problem
        self.member.refresh_keys()
        if self.ring.problem != before and self.ring.problem:
            self.alert("KEYS_UNREADABLE", self.ring.problem)
        self.attached.drop_strangers(self.ring)
