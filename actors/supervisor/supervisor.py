"""The supervisor: it holds the directory, starts and stops children in order, and restarts what fails."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from functools import partial
from pathlib import Path

import msgspec

from actors.runtime import Actor, ActorExit, Context, ExitCode
from actors.runtime.actor import VERSION
from actors.runtime.exit_codes import how_it_ended
from actors.supervisor.board import Board, attached_state, child_state, own_state
from actors.supervisor.child import Child
from actors.supervisor.leavers import Leavers
from actors.supervisor.registry import Registry
from actors.supervisor.restarts import Decision
from actors.supervisor.shutdown import STOP_LIMIT_S, stop_in_order, wait_for
from actors.supervisor.spec import START_ORDER, FloorSpec
from bus import topics
from bus.codec import RequestHeader
from bus.messages import (
    ActorHeartbeat,
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
    SetTradingState,
    StopFloor,
    TradingState,
)
from bus.schema import schema_json
from bus.security import MONITOR, OPERATOR, KeyStore, role_of_actor

__all__ = ["Supervisor"]

HEALTH_S = 0.25
"""Between looks at everybody's health."""
DEPENDENCY_S = 15.0
"""How long a child's start waits for what it depends on; then it starts all the same and waits by itself."""
GATE_S = 0.5
"""Between tries of what the gate must be told."""
ATTACHED_LIMIT_S = 10.0
"""How long an attached strategy may be silent before its epoch is revoked (its `busy_limit_s`)."""


class _Attached:
    """A strategy from a process that is nobody's child."""

    def __init__(self, registration: Register, entry: DirectoryEntry, since_ns: int, now_s: float) -> None:
        self.registration, self.entry = registration, entry
        self.since_ns, self.last_beat_s = since_ns, now_s


class Supervisor(Actor):
    """
    Owns: the directory, the epochs, the children's lives, ``state/actor/`` and ``alert/``.
    Listens: registrations and heartbeats; ``state/instance/``, ``state/trading/`` and alerts for its status.
    Sends: the directory's table on each change; cancels by exit policy; HALT for an instance it gave up on.
    Fails when: its run directory is taken or cannot be written (exit 10).
    Restart means: children notice its end and stop; the next start recovers from journals and venues.
    """

    prefixes = ("directory/", "state/actor/", "alert/")

    def __init__(self, floor: FloorSpec, log_level: str = "INFO") -> None:
        context = Context("supervisor", "supervisor", floor.run_dir, floor.state_dir, floor.name)
        context = msgspec.structs.replace(context, log_level=log_level, listen=floor.listen)
        super().__init__(context)
        self.floor = floor
        self.children = {spec.name: Child(spec, self._on_child_exit) for spec in floor.children}
        self.board = Board(floor)
        self.stopping = False
        self._signals = 0
        self._attached: dict[str, _Attached] = {}
        self._started_ns = 0
        self._lock = -1
        self.registry: Registry
        self.leavers: Leavers

    # life

    async def prepare(self) -> None:
        run_dir = Path(self.floor.run_dir)
        run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(run_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.read(self._lock, 32).decode() or "unknown"
            reason = f"a floor is running in {run_dir} already (pid {owner}); stop it, or choose another --run-dir"
            raise ActorExit(ExitCode.CONFIGURATION, reason) from None
        os.ftruncate(self._lock, 0)
        os.write(self._lock, str(os.getpid()).encode())
        state_dir = self.state_path()
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.registry = Registry(self.floor.name, state_dir / "epoch")
        self.leavers = Leavers(self, self.registry)
        self._make_keys(run_dir)

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
        self._push_directory()
        self.board.follow(self.member)
        self.every(HEALTH_S, self._look_after)
        self.log.info("floor starts", floor=self.floor.name, children=len(self.children), run_dir=self.floor.run_dir)
        self.spawn(self._start_children())

    async def _leave(self) -> None:
        for child in self.children.values():
            child.kill()
        self.log.info("floor stopped", floor=self.floor.name)

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
        if kind == "state" and rest[1] in self.children:
            return child_state(self.children[rest[1]])
        return Empty()

    def listen_at(self) -> tuple[str, str]:
        return super().listen_at()[0], self.floor.listen

    # children

    async def _start_children(self) -> None:
        for kind in START_ORDER:
            for child in [child for child in self.children.values() if child.spec.kind == kind]:
                await wait_for(partial(self._dependencies_met, child), DEPENDENCY_S)
                if self.stopping:
                    return
                self._start(child)
        await self.leavers.look_for_owners_gone(self.board.all_synced)

    def _dependencies_met(self, child: Child) -> bool:
        return self.stopping or all(self._is_up(name) for name in child.spec.depends_on)

    def _is_up(self, name: str) -> bool:
        child = self.children.get(name)
        if child is None:
            return True
        if child.spec.command:
            return child.alive and child.announced()
        return self.member.is_live(name) or self.registry.is_current(name, child.epoch)

    def _start(self, child: Child) -> None:
        child.timer = None
        if self.stopping or child.alive or not child.wanted:
            return
        child.start(self.loop, self.log_file(child.spec.name))
        child.started_ns = self.clock.time_ns()
        self.log.info("started", actor=child.spec.name, pid=child.pid)
        self._publish_actor(child)

    def log_file(self, name: str) -> Path:
        """Return where an actor's log is."""
        return self.state_path("logs", f"{name}.log")

    def _on_child_exit(self, child: Child, code: int) -> None:
        name = child.spec.name
        gone = self.registry.revoke(name)
        if gone is not None:
            self._push_directory()
        if child.spec.kind == "strategy" and gone is not None:
            self.leavers.end(name, child.spec.context.exit_policy, gone.epoch)
        if self.stopping:
            child.state, child.reason = "STOPPED", ""
            self._publish_actor(child)
            return
        asked = child.state == "RESTARTING"
        decision = Decision(0.0, "restarted by request") if asked else child.policy.on_exit(code, self.loop.time())
        words = how_it_ended(code)
        if decision.delay_s is None:
            child.state, child.reason = "FAILED" if decision.alert else "STOPPED", f"{words}; {decision.reason}"
            child.wanted = False
            self.log.error("ended, not restarted", actor=name, code=code, reason=child.reason)
            self._give_up(child)
        else:
            if decision.alert:
                self.alert("ACTOR_WAITS", f"{name}: {decision.reason}", child.spec.context.instance)
            child.restarts += 1
            child.state, child.reason = "BACKING_OFF", f"{words}; {decision.reason}"
            self.log.warning("ended", actor=name, how=words, restart_in_s=round(decision.delay_s, 2))
            child.timer = self.loop.call_later(decision.delay_s, self._restart, child)
        self._publish_actor(child)

    def _restart(self, child: Child) -> None:
        self.leavers.when_done(child.spec.name, lambda: self._start(child))  # first its orders, then its next life

    def _give_up(self, child: Child) -> None:
        if child.state != "FAILED":
            return
        self.alert("ACTOR_FAILED", f"{child.spec.name}: {child.reason}", child.spec.context.instance)
        if child.spec.kind in ("market_data", "execution", "book"):
            scope = f"instance/{child.spec.context.instance}"
            halt = SetTradingState(scope, TradingState.HALTED, f"{child.spec.name} failed for good")
            self.spawn(self._tell_gate(halt))

    async def _tell_gate(self, message: Message) -> None:
        """Tell the gate until it has it: it may be restarting."""
        while not self.stopping:
            if (await self.member.request("gate", message, GATE_S)).ok:
                return
            await asyncio.sleep(GATE_S)

    def _look_after(self) -> None:
        now = self.loop.time()
        for child in self.children.values():
            if not child.alive:
                continue
            if child.spec.command:
                if child.state == "STARTING" and child.announced():
                    child.state = "READY"
                    self._publish_actor(child)
                continue
            starting = child.epoch == 0
            limit = child.spec.start_timeout_s if starting else child.spec.heartbeat_timeout_s
            if now - child.last_beat_s > limit and child.state != "KILLED":
                what = "did not register" if starting else "sent no heartbeat"
                self.log.error("killing a hung actor", actor=child.spec.name, what=what, limit_s=limit)
                child.state, child.reason = "KILLED", f"{what} for {limit:g} s"
                child.kill()
        for attached in list(self._attached.values()):
            if now - attached.last_beat_s > ATTACHED_LIMIT_S:
                self._drop_attached(attached, "fell silent")

    # directory

    def on_register(self, message: Register, header: RequestHeader) -> Message:
        child = self.children.get(message.name)
        if self.stopping:
            return Refused(Code.SHUTTING_DOWN)
        if child is not None and child.pid != message.pid:
            owner = f"{message.name!r} is a child of this floor (pid {child.pid})"
            return Refused(Code.DUPLICATE_NAME, owner)
        store, role = KeyStore.of_floor(self.state_path()), role_of_actor(message.name, message.kind)
        if store.allowed().get(message.key) != role:
            return Refused(Code.NOT_ALLOWED, f"{message.name} names a key that is not its own")
        entry = self.registry.add(message, self.clock.time_ns(), VERSION.partition(".")[0])
        if isinstance(entry, Refused):
            self.log.warning("registration refused", actor=message.name, reason=entry.reason)
            return entry
        if child is not None:
            child.epoch, child.last_beat_s = entry.epoch, self.loop.time()
            child.state = "STARTING"
            self._publish_actor(child)
            store.retire(role, keep=message.key)
        else:
            self.registry.remember_policy(message.name, message.exit_policy)
            self._attached[message.name] = _Attached(message, entry, self.clock.time_ns(), self.loop.time())
            self.log.info("attached", actor=message.name, pid=message.pid, epoch=entry.epoch)
        self._push_directory()
        return Registered(entry.epoch, self.floor.name, self.publisher.remote)

    def on_deregister(self, message: Deregister, header: RequestHeader) -> Message:
        attached = self._attached.get(message.name)
        if attached is not None and attached.entry.epoch == message.epoch:
            self._drop_attached(attached, message.reason)
        elif self.registry.revoke(message.name, message.epoch):
            self._push_directory()
            child = self.children.get(message.name)
            if child is not None and child.spec.kind == "strategy":
                self.leavers.end(message.name, child.spec.context.exit_policy, message.epoch)
        return Empty()

    def on_actor_heartbeat(self, message: ActorHeartbeat, header: RequestHeader) -> Message:
        if not self.registry.is_current(message.name, message.epoch):
            return Refused(Code.NOT_ALLOWED, "another life has taken over, or this one was given up for dead")
        child = self.children.get(message.name)
        if child is None:
            self._attached[message.name].last_beat_s = self.loop.time()
            return Refused(Code.SHUTTING_DOWN) if self.stopping else Empty()
        child.last_beat_s = self.loop.time()
        child.counters = message.counters
        if child.state not in ("RESTARTING", "KILLED") and (child.state, child.reason) != (
            message.state,
            message.reason,
        ):
            child.state, child.reason = message.state, message.reason
            self._publish_actor(child)
        return Empty()

    def _drop_attached(self, attached: _Attached, reason: str) -> None:
        name, entry = attached.entry.name, attached.entry
        self._attached.pop(name, None)
        self.registry.revoke(name, entry.epoch)
        self._push_directory()
        self.log.info("detached", actor=name, reason=reason)
        if entry.kind == "strategy":
            self.leavers.end(name, attached.registration.exit_policy, entry.epoch)

    def _push_directory(self) -> None:
        table = self.registry.table()
        self.publisher.publish(topics.topic("directory", self.floor.name), table)

    # commands

    def on_get_status(self, message: GetStatus, header: RequestHeader) -> Message:
        own = own_state(self.epoch, self.state, self._started_ns)
        children = [child_state(child) for child in self.children.values()]
        attached = [attached_state(each.registration, each.entry, each.since_ns) for each in self._attached.values()]
        return self.board.status(self.epoch, self._started_ns, [own, *children, *attached])

    def on_get_floor(self, message: GetFloor, header: RequestHeader) -> Message:
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
            names = ", ".join(self.children)
            return Refused(Code.NO_SUCH_ACTOR, f"no child is named {message.name!r}; there are {names}")
        child.policy.forget()
        child.wanted = True
        if child.alive:
            child.state, child.reason = "RESTARTING", "restarted by request"
            child.signal(signal.SIGTERM)
            self.loop.call_later(child.spec.stop_timeout_s, self._kill_if_same, child, child.pid)
        else:
            if child.timer is not None:
                child.timer.cancel()
            self._restart(child)
        return None

    def on_stop_floor(self, message: StopFloor, header: RequestHeader) -> None:
        self.begin_stop(message.reason or "asked to")

    def begin_stop(self, reason: str) -> None:
        """Stop the floor in order; a second call changes nothing."""
        if not self.stopping:
            self.stopping = True
            self.state = "STOPPING"
            self.log.info("floor stops", reason=reason, limit_s=STOP_LIMIT_S)
            self.spawn(self._stop_children())

    async def _stop_children(self) -> None:
        for child in self.children.values():
            if child.timer is not None:
                child.timer.cancel()
        await stop_in_order(self.children.values(), self._detach_all, self.leavers.all_done, self.log)
        self.stop()

    def _detach_all(self) -> None:
        for attached in list(self._attached.values()):
            self._drop_attached(attached, "the floor stops")

    def _kill_if_same(self, child: Child, pid: int) -> None:
        if child.pid == pid:
            child.kill()

    # what is told

    def alert(self, code: str, text: str, instance: str = "") -> None:
        """Call a person: the log, the alerts topic, the status."""
        self._raise(Alert(self.name, code, text, self.clock.time_ns(), instance))

    def call_person(self, code: str, text: str) -> None:
        self.alert(code, text)

    def on_alert(self, message: Alert, header: RequestHeader) -> None:
        """An actor calls a person."""
        self._raise(message)

    def _raise(self, alert: Alert) -> None:
        self.board.alerts.append(alert)
        self.log.error(f"ALERT {alert.code}: {alert.text}")
        self.publisher.publish(topics.topic("alert", self.name), alert)

    def _publish_actor(self, child: Child) -> None:
        self.publisher.publish(topics.topic("state", "actor", child.spec.name), child_state(child))

    def _beat(self) -> None:
        """The supervisor has no supervisor to tell."""
        self.member.refresh_keys()
