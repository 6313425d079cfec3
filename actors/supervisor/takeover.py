"""Taking a run directory: from nobody, from a floor that died, or from a supervisor that hangs.

Who holds the directory's lock and renews its lease is alive, and is left alone. A holder whose lease has lapsed is
ended, once the kernel has confirmed that it is the one. Then the actors of the floor that was are waited for, by the
locks of their names: they carry out their exit policies and go by themselves, and what does not go is ended too.
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from actors.runtime import ActorExit, ExitCode, Log
from actors.runtime.locks import FileLock, LockHeld, holder, lock_path, signature
from actors.supervisor.lease import LEASE_S, Lease, age_s
from actors.supervisor.shutdown import LOOK_S, wait_for
from bus.clock import Clock

__all__ = ["take_alone", "take_run_dir"]

KILLED_S = 5.0
"""How long the kernel may take to end a process that was sent SIGKILL."""
ACTORS_S = 10.0
"""How long the last floor's actors may take to go: 5 s until they find their supervisor lost, and their own end."""


async def take_run_dir(run_dir: Path, clock: Clock, log: Log) -> tuple[FileLock, Lease]:
    """Return the directory's lock and a fresh lease. Raises ActorExit (exit code 10) where a floor lives there."""
    path = run_dir / "lock"
    try:
        lock = FileLock.take(path)
    except LockHeld as held:
        _end_hanging(run_dir, held, clock, log)
        lock = await _once_free(path)
    lease = Lease(
        run_dir / "lease", clock
    )  # before the signature: who is confirmed as the holder has a lease of its own
    lock.sign(str(os.getpid()))
    try:
        await _actors_gone(run_dir, lease, log)
    except ActorExit:
        lease.close()
        lock.release()
        raise
    return lock, lease


def take_alone(floor: str, alone: dict[str, str]) -> list[FileLock]:
    """Return the locks of what a floor must have to itself. Raises ActorExit (exit code 10) naming who has one."""
    locks: list[FileLock] = []
    for what, path in alone.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            lock = FileLock.take(Path(path))
        except LockHeld as held:
            for taken in locks:
                taken.release()
            other = held.signed.partition(" ")[2] or "unknown"
            reason = (
                f"the {what} belongs to floor {other!r}, which runs ({held}); stop that floor, or give this one another"
            )
            raise ActorExit(ExitCode.CONFIGURATION, reason) from None
        lock.sign(f"{os.getpid()} {floor}")
        locks.append(lock)
    return locks


def _end_hanging(run_dir: Path, held: LockHeld, clock: Clock, log: Log) -> None:
    silent_s = age_s(run_dir / "lease", clock)
    who = held.pid or "unknown"
    if silent_s is None or silent_s <= LEASE_S:
        reason = f"a floor is running in {run_dir} already (pid {who}); stop it, or choose another --run-dir"
        raise ActorExit(ExitCode.CONFIGURATION, reason)
    pid = holder(held.path)
    if not pid or held.signed != str(pid):
        reason = f"the supervisor in {run_dir} (pid {who}) has been silent for {silent_s:.0f} s, and it is not certain "
        raise ActorExit(ExitCode.CONFIGURATION, reason + "that this is its process id; end it, then start again")
    log.warning(
        "the supervisor that was here hangs; taking over", pid=pid, silent_s=round(silent_s, 1), lease_s=LEASE_S
    )
    _end(pid)


def _end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it ended by itself


async def _once_free(path: Path) -> FileLock:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + KILLED_S
    while True:
        try:
            return FileLock.take(path)
        except LockHeld as held:
            if loop.time() > deadline:
                reason = f"{path} is still held ({held}); it was sent SIGKILL, so look at it, then start again"
                raise ActorExit(ExitCode.CONFIGURATION, reason) from None
        await asyncio.sleep(LOOK_S)


async def _actors_gone(run_dir: Path, lease: Lease, log: Log) -> None:
    def all_gone() -> bool:
        lease.renew()
        return not _left(run_dir)

    left = _left(run_dir)
    if not left:
        return
    log.warning("waiting for the last floor's actors to end", actors=", ".join(left), limit_s=ACTORS_S)
    if await wait_for(all_gone, ACTORS_S):
        return
    for name in _left(run_dir):
        path = lock_path(run_dir, name)
        pid = holder(path)
        if pid and signature(path) == str(pid):
            log.error("an actor of the last floor does not end; killing it", actor=name, pid=pid)
            _end(pid)
    if not await wait_for(all_gone, KILLED_S):
        names = ", ".join(_left(run_dir))
        raise ActorExit(ExitCode.CONFIGURATION, f"actors of an earlier floor in {run_dir} do not end: {names}")


def _left(run_dir: Path) -> list[str]:
    """Return the actors whose locks are held."""
    found = []
    for path in sorted(run_dir.glob("*.lock")):
        try:
            FileLock.take(path).release()
        except LockHeld:
            found.append(path.stem)
    return found
