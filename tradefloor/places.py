"""Where a floor's sockets and files are, and which floor is meant."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path

from actors.runtime import ActorExit, ExitCode
from bus.directory import is_far

__all__ = [
    "account_lock",
    "find_floor",
    "fresh_state_dir",
    "remove_old_runs",
    "run_dir",
    "running_floors",
    "state_dir",
]

RUNS_KEPT = 5
"""State directories of floors on twins that are kept: enough to look into what happened lately."""


def _run_root() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and Path(runtime).is_dir():
        return Path(runtime, "tradefloor")
    return Path(tempfile.gettempdir(), f"tradefloor-{os.getuid()}")


def run_dir(floor: str) -> Path:
    """Return where a floor's sockets are by default: short, for socket paths have a limit."""
    return _run_root() / floor


def account_lock(*names: str) -> Path:
    """Return where the lock of an account is, the same for all floors of this user. A hash names it, for one of the
    names is the account's key; no floor's name begins with a dot."""
    digest = hashlib.sha256("\0".join(names).encode()).hexdigest()
    return _run_root() / ".accounts" / f"{digest[:32]}.lock"


def state_dir(floor: str) -> Path:
    """Return where a floor's journals, epochs, keys and logs are by default."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state, "tradefloor", floor)


def fresh_state_dir(floor: str) -> Path:
    """Return a directory that is not there yet, for a floor that starts its own twin: the twin remembers nothing, so
    neither may the floor. The process id keeps two that start in one second apart."""
    return state_dir(floor) / "runs" / f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{os.getpid()}"


def remove_old_runs(floor: str) -> None:
    """Keep the newest `RUNS_KEPT` of the directories that `fresh_state_dir` named."""
    runs = sorted(path for path in (state_dir(floor) / "runs").iterdir() if path.is_dir())
    for old in runs[:-RUNS_KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def running_floors() -> list[Path]:
    """Return the run directories in which a supervisor's socket is."""
    root = _run_root()
    if not root.is_dir():
        return []
    return sorted(path for path in root.iterdir() if _is_running(path))


def _is_running(path: Path) -> bool:
    try:
        pid = int((path / "lock").read_text())
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return (path / "supervisor.s").exists()


def find_floor(name: str | None) -> Path:
    """Return the run directory that `name` means: a floor's name, a run directory, or None for the one that runs.

    Raises ActorExit (exit code 10) where none or more than one runs, and for an address: what lies in a floor's
    directories is found on its own host.
    """
    if name and is_far(name):
        raise ActorExit(ExitCode.CONFIGURATION, f"--floor {name}: this is done on the floor's own host only")
    if name:
        path = Path(name) if os.sep in name else run_dir(name)
        if not _is_running(path):
            raise ActorExit(ExitCode.CONFIGURATION, f"--floor {name}: no floor runs in {path}{_running_text()}")
        return path
    floors = running_floors()
    if len(floors) != 1:
        problem = "no floor runs" if not floors else "more than one floor runs; name it with --floor"
        hint = "; start one with: tradefloor up CONFIG" if not floors else _running_text()
        raise ActorExit(ExitCode.CONFIGURATION, problem + hint)
    return floors[0]


def _running_text() -> str:
    floors = ", ".join(path.name for path in running_floors())
    return f"; running: {floors}" if floors else "; none is running under its default place"
