"""A child process: spawned, watched by its pidfd, stopped or killed.

Spawned only from the supervisor's main thread: a child's parent-death signal fires when the spawning *thread* ends. A
child leads a session of its own, so that a terminal's Ctrl-C reaches the supervisor alone, which then stops the floor
in order.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec

from actors.runtime import ActorSpec
from actors.runtime.note import Noted, read_note, reset_note
from actors.runtime.process import SUPERVISOR_PID
from actors.supervisor.poison import PoisonWatch
from actors.supervisor.restarts import RestartPolicy
from actors.supervisor.spec import ChildSpec

__all__ = ["Child"]

POLL_S = 0.02
"""Between looks at a child where there is no pidfd to be had."""


class Child:
    """One child of the supervisor over all its lives."""

    def __init__(self, spec: ChildSpec, on_exit: Callable[[Child, int], None]) -> None:
        self.spec = spec
        self.policy = RestartPolicy(spec)
        self.poison = PoisonWatch(spec.period_s)
        self.outgrown = False
        self.state = "STOPPED"
        self.reason = "not started yet"
        self.restarts = 0
        self.epoch = 0
        self.started_ns = 0
        self.started_s = 0.0
        self.last_beat_s = 0.0
        self.counters: dict[str, int] = {}
        self.wanted = True
        self.timer: asyncio.TimerHandle | None = None
        self._on_exit = on_exit
        self._process: subprocess.Popen[bytes] | None = None
        self._pidfd = -1
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def pid(self) -> int:
        """The process id, 0 while there is none."""
        return self._process.pid if self._process is not None else 0

    @property
    def alive(self) -> bool:
        """True while the process is there."""
        return self._process is not None

    @property
    def announcement(self) -> Path:
        """Where a command's first line of output is found."""
        return Path(self.spec.context.run_dir, f"{self.spec.name}.json")

    @property
    def note_file(self) -> Path:
        """Where the actor notes what it is about to handle."""
        return Path(self.spec.context.run_dir, f"{self.spec.name}.note")

    def note(self) -> Noted:
        """Return what the last life noted last; nothing for a command."""
        return Noted() if self.spec.command else read_note(self.note_file)

    def start(self, loop: asyncio.AbstractEventLoop, log_file: Path) -> None:
        """Start the process. Raises OSError where it cannot be started: there is none then."""
        self._loop = loop
        spec = self.spec
        environment = {**os.environ, SUPERVISOR_PID: str(os.getpid())}
        log_file.parent.mkdir(parents=True, exist_ok=True)
        with open(log_file, "ab") as log:
            if spec.command:
                self.announcement.unlink(missing_ok=True)
                with open(self.announcement, "wb") as out:
                    self._process = _spawn(list(spec.command), out, log, environment)
            else:
                path = Path(spec.context.run_dir, f"{spec.name}.spec")
                reset_note(self.note_file)
                context = msgspec.structs.replace(
                    spec.context, poison=self.poison.known, memory_limit_mb=spec.memory_limit_mb
                )
                whole = ActorSpec(spec.actor, context, str(log_file), str(self.note_file))
                path.write_bytes(msgspec.json.encode(whole))
                command = [sys.executable, "-m", "actors.runtime", str(path)]
                self._process = _spawn(command, log, log, environment)
        self.state, self.reason, self.outgrown = "STARTING", "", False
        self.epoch = 0
        self.started_s = self.last_beat_s = loop.time()
        self._watch(loop)

    def announced(self) -> bool:
        """True once a command has said its first line."""
        try:
            return self.announcement.read_bytes().endswith(b"\n")
        except OSError:
            return False

    def signal(self, number: int) -> None:
        """Send a signal; a process that is gone gets none."""
        if self._process is not None:
            try:
                os.kill(self._process.pid, number)
            except ProcessLookupError:
                pass

    def kill(self) -> None:
        """End it now: a stopped or hung process ignores SIGTERM, not this."""
        self.signal(signal.SIGKILL)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            self._pidfd = os.pidfd_open(self.pid)
        except (AttributeError, OSError):  # there is no such call here, or no descriptor left
            loop.call_later(POLL_S, self._poll)
        else:
            loop.add_reader(self._pidfd, self._reap)

    def _poll(self) -> None:
        if self._process is not None and self._process.poll() is None and self._loop is not None:
            self._loop.call_later(POLL_S, self._poll)
        else:
            self._reap()

    def _reap(self) -> None:
        if self._process is None or self._process.poll() is None:
            return
        code = self._process.returncode
        self._process = None
        if self._pidfd >= 0 and self._loop is not None:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        self._on_exit(self, code)


def _spawn(command: list[str], out: IO[bytes], log: IO[bytes], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=out, stderr=log, env=environment, start_new_session=True
    )


def rss_bytes(pid: int) -> int:
    """Return a process's resident memory, 0 where it cannot be read."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0
