"""The actor: a Pykka actor whose loop is asyncio and whose mailbox is ZeroMQ."""

from actors.runtime.actor import Actor, Context
from actors.runtime.exit_codes import ActorExit, ExitCode
from actors.runtime.log import Log, Secret
from actors.runtime.loop_actor import LoopActor
from actors.runtime.process import ActorSpec, run_actor
from actors.runtime.store import SqliteStore, Store, StoreError

__all__ = [
    "Actor",
    "ActorExit",
    "ActorSpec",
    "Context",
    "ExitCode",
    "Log",
    "LoopActor",
    "Secret",
    "SqliteStore",
    "Store",
    "StoreError",
    "run_actor",
]
