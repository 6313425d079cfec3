"""What actors, directory and supervisor say to keep the floor running."""

from __future__ import annotations

from bus.messages.base import Message, Query
from bus.messages.words import Code, ExitPolicy, TradingState

__all__ = [
    "ActorHeartbeat",
    "ActorState",
    "Alert",
    "DirectoryEntry",
    "DirectoryTable",
    "Deregister",
    "FloorInfo",
    "GetFloor",
    "GetSchema",
    "GetStatus",
    "InstanceInfo",
    "InstanceState",
    "InstanceStatus",
    "LogLocation",
    "Refused",
    "Register",
    "Registered",
    "RestartActor",
    "Schema",
    "Status",
    "StopFloor",
    "StreamHeartbeat",
    "StreamStale",
    "TopicStatus",
]


class Register(Message, frozen=True):
    """To the directory: an actor is there. `prefixes` are the topics that it owns; empty endpoints serve nothing.

    `private_at` is where its private topics are published, `key` the public key by which its server and its private
    publisher are known. `share` (number from 0, of how many) says that its prefixes are shared out by instrument:
    `topics.is_in_share` tells which of their topics are its own.
    """

    name: str
    kind: str
    pid: int
    version: str
    instance: str = ""
    publishes_at: str = ""
    serves_at: str = ""
    prefixes: tuple[str, ...] = ()
    exit_policy: ExitPolicy = ExitPolicy.CANCEL
    attached: bool = False
    private_at: str = ""
    key: str = ""
    remote_publishes_at: str = ""
    remote_private_at: str = ""
    remote_serves_at: str = ""
    share: tuple[int, int] = (0, 1)


class Registered(Message, frozen=True):
    """The directory's answer: the epoch of this life, never used before."""

    epoch: int
    floor: str
    remote_publishes_at: str = ""


class Deregister(Message, frozen=True):
    """To the directory: an actor ends by itself; a strategy's exit policy is to be carried out."""

    name: str
    epoch: int
    reason: str = ""


class DirectoryEntry(Message, frozen=True):
    """Where an actor is found, and by which public key. One with `live` false is being restarted or is gone."""

    name: str
    kind: str
    epoch: int
    instance: str = ""
    publishes_at: str = ""
    serves_at: str = ""
    prefixes: tuple[str, ...] = ()
    live: bool = True
    exit_policy: ExitPolicy = ExitPolicy.CANCEL
    private_at: str = ""
    key: str = ""
    remote_publishes_at: str = ""
    remote_private_at: str = ""
    remote_serves_at: str = ""
    share: tuple[int, int] = (0, 1)


class DirectoryTable(Message, frozen=True):
    """Everybody on the floor."""

    floor: str
    entries: tuple[DirectoryEntry, ...]


class ActorHeartbeat(Message, frozen=True):
    """From an actor's own loop to the supervisor, so that a blocked loop is seen.

    `counters` are the actor's figures (messages, drops, gaps); `lag_ms` how late the beat itself was.
    """

    name: str
    epoch: int
    state: str
    reason: str = ""
    lag_ms: float = 0.0
    counters: dict[str, int] = {}


class ActorState(Message, frozen=True):
    """An actor as its supervisor sees it: STARTING, READY, BUSY, STOPPING, BACKING_OFF, FAILED, STOPPED."""

    name: str
    kind: str
    instance: str
    pid: int
    state: str
    reason: str
    restarts: int
    epoch: int
    started_ns: int
    rss_bytes: int = 0
    counters: dict[str, int] = {}


class InstanceState(Message, frozen=True):
    """Whether we are one with a venue. From the reconciler; `reason` says what is missing."""

    instance: str
    synced: bool
    reason: str
    ts_init: int
    adjustments: int = 0
    fills_while_down: int = 0


class InstanceStatus(Message, frozen=True):
    """An instance with the gate's word about it."""

    instance: str
    synced: bool
    reason: str
    trading_state: TradingState


class Alert(Message, frozen=True):
    """Something that a person should know now."""

    component: str
    code: str
    text: str
    ts_init: int
    instance: str = ""


class GetStatus(Query, frozen=True):
    """To the supervisor."""


class Status(Message, frozen=True):
    """The floor at a glance."""

    floor: str
    epoch: int
    started_ns: int
    actors: tuple[ActorState, ...] = ()
    instances: tuple[InstanceStatus, ...] = ()
    alerts: tuple[Alert, ...] = ()
    state_dir: str = ""
    run_dir: str = ""
    counters: dict[str, int] = {}


class RestartActor(Message, frozen=True):
    """To the supervisor: end an actor and start it again."""

    name: str


class StopFloor(Message, frozen=True):
    """To the supervisor: stop everything in order."""

    reason: str = ""


class GetSchema(Query, frozen=True):
    """To the directory: the published vocabulary."""


class Schema(Message, frozen=True):
    """The vocabulary as JSON: tags, field names and types, in wire order."""

    json: bytes


class StreamHeartbeat(Message, frozen=True):
    """The last number of each topic that changed, so that a lost last message is seen too."""

    last: dict[str, int]


class StreamStale(Message, frozen=True):
    """In a stream, in order: what follows is not to be trusted until the next STATE. The loss is hereby marked.

    `closed`: the publisher saw the last reader leave and forgets the topic; one that still wants it joins again.
    """

    reason: str
    ts_init: int
    closed: bool = False


class TopicStatus(Message, frozen=True):
    """OPEN, CLOSED or REFUSED with a code: what the owner did about the demand for a topic."""

    topic: str
    status: str
    code: Code = Code.NONE
    reason: str = ""


class Refused(Message, frozen=True):
    """The body of an answer that says no: a code, a sentence for people, and the numbers behind it."""

    code: Code
    reason: str = ""
    venue_code: str = ""


class LogLocation(Message, frozen=True):
    """Where an actor's log file is."""

    name: str
    path: str


class GetFloor(Query, frozen=True):
    """To the supervisor: what an attaching process needs to know. A `version` of another major number is refused."""

    version: str = ""


class InstanceInfo(Message, frozen=True):
    """An instance as configured, without its secrets."""

    name: str
    adapter: str
    account_type: str
    environment: str
    venue_id: str


class FloorInfo(Message, frozen=True):
    """The floor as configured."""

    floor: str
    currency: str
    version: str
    instances: tuple[InstanceInfo, ...] = ()
    state_dir: str = ""
    remote_publishes_at: str = ""
