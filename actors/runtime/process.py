"""One process, one actor: from a spec file to an exit code.

``python -m actors.runtime SPEC.json`` is what the supervisor starts. The actor runs in the main thread, so
signals work and there is one Python thread.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec

from actors.runtime.actor import Actor, Context
from actors.runtime.exit_codes import ActorExit, ExitCode
from actors.runtime.log import Log, configure
from actors.runtime.note import Note

__all__ = [
    "ActorSpec",
    "allow_descriptors",
    "bind_to_parent",
    "limit_memory",
    "main",
    "make_actor",
    "run_actor",
]

SUPERVISOR_PID = "TRADEFLOOR_SUPERVISOR_PID"
"""The environment variable by which a child knows its supervisor."""
_PR_SET_PDEATHSIG = 1


class ActorSpec(msgspec.Struct, frozen=True):
    """What a process runs: an actor class by import path, where it lives, and the file of its note (empty: none)."""

    actor: str
    context: Context
    log_file: str = ""
    note_file: str = ""


def make_actor(spec: ActorSpec) -> Actor:
    """Make the actor that ``package.module:name`` names: an actor class, or a function that makes one from a context.

    Raises ActorExit (exit code 10) where there is none.
    """
    module, colon, name = spec.actor.partition(":")
    try:
        factory: Any = getattr(importlib.import_module(module), name) if colon else None
    except (ImportError, AttributeError) as error:
        raise ActorExit(ExitCode.CONFIGURATION, f"actor {spec.actor!r}: {error}") from error
    actor = factory(spec.context) if callable(factory) else None
    if not isinstance(actor, Actor):
        raise ActorExit(ExitCode.CONFIGURATION, f"actor {spec.actor!r}: expected package.module:ActorClass")
    return actor


def bind_to_parent() -> bool:
    """Ask the kernel for SIGTERM when the supervisor dies; False when it is dead already. Linux; elsewhere nothing."""
    expected = os.environ.get(SUPERVISOR_PID)
    if not expected:
        return True
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    return os.getppid() == int(expected)


def limit_memory(megabytes: int) -> None:
    """Bound this process's heap, thread stacks and private mappings (Linux, RLIMIT_DATA); 0 bounds nothing.

    What is over it cannot be allocated: in Python that is a MemoryError, by which the actor ends with exit code 1; in
    libzmq's thread an abort (SIGABRT). The soft limit alone is set, so a child process may ask for more.
    """
    if sys.platform == "linux":
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = megabytes << 20 if megabytes > 0 else hard  # what the supervisor's own limit is does not count here
        resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard < 0 else min(wanted, hard), hard))


def allow_descriptors() -> None:
    """Let this process open as many files and connections as the host allows: a flood of them must not be ours."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def run_actor(actor: Actor) -> int:
    """Run an actor in this thread until it ends; return the process's exit code."""
    return exit_code(actor.run_here())


def exit_code(actor: Actor) -> int:
    """Map how an actor ended to an exit code."""
    failure = actor.failure
    if failure is None:
        return ExitCode.DONE
    return failure.code if isinstance(failure, ActorExit) else ExitCode.FAILED


def main(arguments: list[str]) -> int:
    """Run the actor that the spec file describes."""
    spec = msgspec.json.decode(Path(arguments[0]).read_bytes(), type=ActorSpec)
    configure(Path(spec.log_file) if spec.log_file else None, spec.context.log_level)
    log = Log(spec.context.name)
    if not bind_to_parent():
        log.error("the supervisor is gone; not starting")
        return ExitCode.FAILED
    limit_memory(spec.context.memory_limit_mb)
    allow_descriptors()
    try:
        actor = make_actor(spec)
    except ActorExit as error:
        log.error("cannot start", reason=error.reason)
        return error.code
    if spec.note_file:
        actor.note = Note(Path(spec.note_file), spec.context.poison)
    code = run_actor(actor)
    if isinstance(actor.failure, ActorExit):
        if actor.note is not None and actor.failure.until_ns:
            actor.note.note_ban(actor.failure.until_ns)
        log.error("ended", code=code, reason=actor.failure.reason)
    else:
        log.info("ended", code=code)
    return code
