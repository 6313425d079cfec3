"""An actor of the floor: a `LoopActor` with a place on the bus, a name in the directory and a heartbeat.

A subclass says what it owns (`prefixes`), answers requests in methods named after them (`on_submit_order` handles
`SubmitOrder`, plain or async; a `Refused` that it returns is a denial), and follows its life in three hooks:
`setup` (open what it needs; nobody knows it yet), `begin` (it is on the floor), `end` (it leaves).
"""

from __future__ import annotations

import asyncio
import gc
import os
import re
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec

from actors.runtime.exit_codes import ActorExit, ExitCode
from actors.runtime.locks import FileLock, LockHeld, lock_path
from actors.runtime.log import Log
from actors.runtime.loop_actor import LoopActor, maybe
from actors.runtime.note import Note
from actors.runtime.noted_steps import NotedSteps
from actors.runtime.refusals import Refusals
from bus.clock import Clock, SystemClock
from bus.codec import RequestHeader
from bus.directory import DIRECTORY, EndpointError, endpoints, is_far
from bus.member import Member, RegistrationError
from bus.messages import (
    ActorHeartbeat,
    Alert,
    Code,
    Deregister,
    Empty,
    ExitPolicy,
    Message,
    Refused,
    Register,
)
from bus.requests import Answer, Reply
from bus.security import Guard, Identity, KeyFileError, KeyStore, read_keys, role_of_actor
from bus.streams import Publisher
from bus.transport import Transport, ZmqTransport
from bus.version import VERSION

__all__ = ["Actor", "Context"]

HEARTBEAT_S = 0.5
"""Between heartbeats; the supervisor kills an actor that misses several in a row."""
ORPHAN_S = 5.0
"""Without an answer from the directory for this long an actor stops: it never trades on as an orphan."""
LAST_ANSWERS_S = 0.05
"""Between the last answer and the sockets' end: a caller that sees the end first never reads the answer (libzmq drops
what is unread when a connection of an IMMEDIATE socket goes)."""
REGISTER_TIMEOUT_S = 15.0
"""How long a starting actor waits for the directory."""
MEMORY_LIMIT_MB = 1024
"""Of heap and private mappings that one process may have: twenty times what an actor of ours needs, and little enough
that one which is fed without end costs a restart and not the host."""

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


class Context(msgspec.Struct, frozen=True):
    """Where an actor lives and how it was configured. Data only, so that a process can be started with it."""

    name: str
    kind: str
    run_dir: str
    state_dir: str
    floor: str
    instance: str = ""
    settings: dict[str, Any] = {}
    durability: str = "process"
    attached: bool = False
    exit_policy: ExitPolicy = ExitPolicy.CANCEL
    log_level: str = "INFO"
    key_file: str = ""
    listen: str = ""
    poison: tuple[str, ...] = ()
    memory_limit_mb: int = MEMORY_LIMIT_MB


class Actor(LoopActor):
    """Base of every actor on the floor.

    It proves itself with its key of the floor's key directory and lets in whom that allows; on a `transport` of the
    caller's own (a bus in memory) there are no keys.
    """

    prefixes: tuple[str, ...] = ()
    """The topics that this actor owns."""
    share: tuple[int, int] = (0, 1)
    """Which share of them, (number from 0, of how many), where several actors share them out by instrument."""
    serves = True
    """False for an actor that answers no requests."""

    def __init__(
        self,
        context: Context,
        clock: Clock | None = None,
        transport: Callable[[Any], Transport] | None = None,
    ) -> None:
        super().__init__()
        self.context = context
        self.name = context.name
        self.clock: Clock = clock or SystemClock()
        self.log = Log(context.name)
        self.state = "STARTING"
        self.state_reason = ""
        self.heard_ns = 0
        """When (`Clock.boottime_ns`) the last heartbeat that was answered had been sent: a lease counts from there."""
        self.member: Member
        self.note: Note | None = None
        self._transport = transport
        self._handlers: dict[type, Callable[[Any, RequestHeader], Any] | None] = {}
        self._last_answer_s = 0.0
        self._last_beat_s = 0.0
        self._place: FileLock | None = None
        self._refusals = Refusals()

    # hooks

    async def prepare(self) -> None:
        """Hook: see to what must be there before there are sockets."""

    async def setup(self) -> None:
        """Hook: open what the actor needs. Nobody knows it yet."""

    async def begin(self) -> None:
        """Hook: the actor is on the floor and has its epoch."""

    def started(self) -> None:
        """Hook: `on_start` is done."""

    async def end(self) -> None:
        """Hook: the actor was asked to stop; it can still speak, and is still spoken to."""

    def release(self) -> None:
        """Hook: the sockets are closed, after a stop and after a failure; close files."""

    def topic_state(self, topic: str) -> Message | None:
        """Hook: the whole state of a topic of ours; `Empty()` where it has none, None while it is not known."""
        return Empty()

    def topic_opened(self, topic: str) -> None:
        """Hook: a topic of ours has its first reader."""

    def topic_closed(self, topic: str) -> None:
        """Hook: a topic of ours lost its last reader a while ago."""

    def counters(self) -> dict[str, int]:
        """Hook: figures of this actor, shown by the supervisor and the monitor."""
        return self.member.counters()

    # speaking

    @property
    def epoch(self) -> int:
        """The number of this life; never used before."""
        return self.member.epoch

    @property
    def publisher(self) -> Publisher:
        """The publisher of our topics."""
        assert self.member.publisher is not None, f"{type(self).__name__} owns no prefixes, so it publishes nothing"
        return self.member.publisher

    def ready(self, state: str = "READY", reason: str = "") -> None:
        """Say how the actor is; the next heartbeat tells the supervisor at once."""
        if (state, reason) != (self.state, self.state_reason):
            self.state, self.state_reason = state, reason
            self._beat()

    # life

    async def _enter(self) -> None:
        try:
            if not is_far(self.context.run_dir):
                endpoints(self.context.run_dir, self.name)
        except EndpointError as error:
            raise ActorExit(ExitCode.CONFIGURATION, str(error)) from None
        await self.take_place()
        await self.prepare()
        self.member = self._make_member()
        self.member.noter = self.note
        await self.setup()
        if self.prefixes:
            doors = self.topic_state, self.topic_opened, self.topic_closed
            self.member.publish_under(self.prefixes, *doors, self.share)
        if self.serves:
            self.member.serve(self._dispatch, self._spawn_request, self.fail)
        await self._test_doors()
        await self.join_floor()
        await self.begin()
        await maybe(self.on_start())  # type: ignore[func-returns-value]
        self.started()
        if self.state == "STARTING":
            self.ready()
        gc.collect()
        gc.freeze()  # what lives now lives for ever: the collector need not look at it again

    async def take_place(self) -> None:
        """Hold the lock of our name in the run directory: who binds a socket takes it from whoever had it before.

        Raises ActorExit (exit code 12) where another copy holds it. An attached strategy that binds nothing has none.
        """
        if self.context.attached and not (self.prefixes or self.serves):
            return
        try:
            self._place = FileLock.take(lock_path(self.context.run_dir, self.name))
        except LockHeld as held:
            reason = f"another copy of {self.name!r} is there ({held}); this one has touched nothing"
            raise ActorExit(ExitCode.FENCED, reason) from None
        self._place.sign(str(os.getpid()))

    def _make_member(self) -> Member:
        name, run_dir = self.name, self.context.run_dir
        if self._transport is not None:
            return Member(name, run_dir, self._transport(self.loop), self.loop, self.clock)
        try:
            identity = self._identity()
        except KeyFileError as error:
            raise ActorExit(ExitCode.CONFIGURATION, f"{name}: {error}") from None
        floor_key = identity.keys.supervisor
        if identity.ring is None:
            return Member(name, run_dir, ZmqTransport(self.loop, identity), self.loop, self.clock, floor_key)
        guard = Guard(identity.ring, self._on_refused)
        transport = ZmqTransport(self.loop, identity, guard.on_stranger)
        return Member(name, run_dir, transport, self.loop, self.clock, floor_key, guard, self.listen_at())

    def _identity(self) -> Identity:
        context = self.context
        if context.key_file:
            return Identity(read_keys(Path(context.key_file)))
        role = role_of_actor(self.name, context.kind)
        return KeyStore.of_floor(context.run_dir).identity(role, serves=self.serves or bool(self.prefixes))

    def listen_at(self) -> tuple[str, str]:
        """Return where our publishers and our server are bound for other hosts, at ports that the host chooses."""
        host = self.context.listen.rpartition(":")[0]
        return (f"{host}:*", f"{host}:*") if host else ("", "")

    async def _test_doors(self) -> None:
        """Knock at our own sockets with a stranger's key: libzmq is known to let in anybody where it is set up wrong.

        Raises ActorExit where it is let in.
        """
        if self.member.guard is None:
            return
        for what in await self.member.open_doors():
            raise ActorExit(ExitCode.FAILED, f"{self.name}: a stranger's key was let in at {what}; nothing is served")

    def _on_refused(self, who: str, what: str) -> None:
        """Somebody asked for what its key does not allow: say so, now and then."""
        if not self._refusals.is_news(who, what, self.loop.time()):
            return
        self.log.warning("refused", who=who, why=what)
        self.call_person("REFUSED", f"{self.name} refused {who}: {what}")

    def call_person(self, code: str, text: str) -> None:
        """Raise an alert: the supervisor shows it and hands it on."""
        self.member.send(DIRECTORY, Alert(self.name, code, text, self.clock.time_ns(), self.context.instance))

    async def join_floor(self) -> None:
        """Register with the directory. Raises ActorExit when it refuses."""
        registration = Register(
            name=self.name,
            kind=self.context.kind,
            pid=os.getpid(),
            version=VERSION,
            instance=self.context.instance,
            prefixes=self.prefixes,
            exit_policy=self.context.exit_policy,
            attached=self.context.attached,
            share=self.share,
        )
        registration = msgspec.structs.replace(registration, **self.member.doors())
        asked_ns = self.clock.boottime_ns()
        try:
            registered = await self.member.register(registration, REGISTER_TIMEOUT_S)
        except RegistrationError as error:
            code = ExitCode.FAILED if error.reply.status >= 5 else ExitCode.CONFIGURATION
            raise ActorExit(code, f"the floor refused {self.name!r}: {error.reply.reason}") from None
        self._last_answer_s = self._last_beat_s = self.loop.time()
        self.heard_ns = asked_ns
        self.every(HEARTBEAT_S, self._beat)
        self.log.info("joined the floor", floor=registered.floor, epoch=registered.epoch, pid=os.getpid())

    async def _leave(self) -> None:
        self.state = "STOPPING"
        await maybe(self.on_stop())  # type: ignore[func-returns-value]
        await self.end()
        await self.member.send(DIRECTORY, Deregister(self.name, self.epoch, "stopped"), 1.0)

    def hush(self) -> None:
        if hasattr(self, "member"):
            self.member.hush()

    async def _say_last(self) -> None:
        if hasattr(self, "member") and self.member.server is not None:
            await asyncio.sleep(LAST_ANSWERS_S)

    def on_closed(self) -> None:
        if hasattr(self, "member"):
            self.member.close()
        self.release()
        if self._place is not None:
            self._place.release()

    def _beat(self) -> None:
        if not self.epoch or self.state == "STOPPING":
            return
        self.member.refresh_keys()
        now, sent_ns = self.loop.time(), self.clock.boottime_ns()
        late_s = max(0.0, now - self._last_beat_s - HEARTBEAT_S)
        self._last_beat_s = now
        self._last_answer_s += late_s  # what we slept through was not the supervisor's silence
        beat = ActorHeartbeat(self.name, self.epoch, self.state, self.state_reason, late_s * 1000, self.counters())
        future = self.member.send(DIRECTORY, beat, ORPHAN_S)
        future.add_done_callback(lambda done: self._on_beat_answer(done.result(), sent_ns))
        if now - self._last_answer_s > ORPHAN_S:
            self._last_answer_s = now
            self.on_orphaned()

    def _on_beat_answer(self, reply: Reply, sent_ns: int) -> None:
        if reply.ok:
            self._last_answer_s = self.loop.time()
            self.heard_ns = max(self.heard_ns, sent_ns)
        elif reply.code is Code.LEASE_LAPSED:  # another may have taken its place, and it touches nothing any more
            self.log.error("the supervisor was silent for longer than its lease")
            self.on_orphaned()
        elif reply.code is Code.SHUTTING_DOWN:
            self.log.info("the floor stops")
            self.stop()
        elif reply.code is Code.FENCED or (reply.code is Code.NOT_ALLOWED and self.context.attached):
            # a child's key is not revoked: where it is not allowed, the list may be read better in a moment
            self.fail(ActorExit(ExitCode.FENCED, f"the floor hears {self.name!r} no more: {reply.reason}"))

    def on_orphaned(self) -> None:
        """The supervisor is gone: stop, by way of `end`."""
        self.log.error("the supervisor does not answer; stopping", seconds=ORPHAN_S)
        self.stop()

    # requests

    def _dispatch(self, message: Message, header: RequestHeader) -> Answer | Awaitable[Answer]:
        if self.failure is not None:  # a drain may hold more requests than the one that ended us
            return Refused(Code.SHUTTING_DOWN, f"{self.name} failed and is ending")
        kind = type(message)
        if kind not in self._handlers:
            self._handlers[kind] = getattr(self, "on_" + _WORD.sub("_", kind.__name__).lower(), None)
        handler = self._handlers[kind]
        if handler is None:
            return Refused(Code.UNSUPPORTED, f"{self.name} does not answer {kind.__name__}")
        result: Answer | Awaitable[Answer] = handler(message, header)
        return result

    def _spawn_request(self, awaitable: Awaitable[None]) -> object:
        return self.spawn(_as_coroutine(awaitable))

    # the note

    def spawn(self, coroutine: Coroutine[Any, Any, Any], reply_to: Any = None) -> asyncio.Task[Any]:
        """As in `LoopActor`; what a handler begins is noted as the handler itself."""
        frames = self.note.in_hand if self.note is not None else None
        if self.note is not None and frames is not None:
            coroutine = NotedSteps(coroutine, self.note, frames)
        return super().spawn(coroutine, reply_to)

    def fail(self, error: BaseException) -> None:
        if self.note is not None:
            self.note.seal()
        super().fail(error)

    def _on_task_done(self, task: asyncio.Task[Any], reply_to: Any) -> None:
        began = task.get_coro()
        if self.note is not None and isinstance(began, NotedSteps) and not task.cancelled() and task.exception():
            self.note.begin(*began.frames)
        super()._on_task_done(task, reply_to)

    def state_path(self, *parts: str) -> Path:
        """Return a path below the floor's state directory."""
        return Path(self.context.state_dir, *parts)


async def _as_coroutine(awaitable: Awaitable[None]) -> None:
    await awaitable
