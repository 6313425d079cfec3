"""Locks on files: taken at once or not at all, signed by their holder, and freed by the kernel when it dies.

`flock`, because it holds whatever else of the process reads the file (a POSIX lock is lost at the first close of any
descriptor of it). Its one trap is that a forked child shares the lock, so forks of ours let go of it.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Self

__all__ = ["FileLock", "LockHeld", "holder", "lock_path", "signature"]

_held: set[int] = set()


class LockHeld(Exception):
    """Somebody holds the lock: `signed` is what they wrote into it, `pid` who they are, 0 where that is not known."""

    def __init__(self, path: Path, signed: str, pid: int) -> None:
        super().__init__(f"pid {pid}" if pid else "pid unknown")
        self.path, self.signed, self.pid = path, signed, pid


class FileLock:
    """A lock that this process holds. The file stays when it is released: removing it would let two hold one name."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        _held.add(descriptor)

    @classmethod
    def take(cls, path: Path) -> Self:
        """Take the lock. Raises LockHeld where another has it, OSError where the file cannot be made."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise LockHeld(path, signature(path), holder(path) or _first_number(signature(path))) from None
        return cls(descriptor)

    def sign(self, text: str) -> None:
        """Write down who holds it: the process id first."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)

    def release(self) -> None:
        """Let go. May be called twice."""
        if self._descriptor in _held:
            _held.remove(self._descriptor)
            os.close(self._descriptor)


def lock_path(run_dir: Path | str, name: str) -> Path:
    """Return where the lock of an actor's name is."""
    return Path(run_dir, f"{name}.lock")


def signature(path: Path) -> str:
    """Return what the last holder wrote, which need not be the present one; empty where nothing can be read."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def holder(path: Path) -> int:
    """Return the process that holds the lock by the kernel's own word (Linux); 0 where there is none, or no word."""
    try:
        inode = str(path.stat().st_ino)
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return 0
    for line in lines:
        words = line.split()
        if len(words) >= 6 and words[1] == "FLOCK" and words[5].rpartition(":")[2] == inode:
            return _first_number(words[4])
    return 0


def _first_number(text: str) -> int:
    word = text.split()[0] if text.split() else ""
    return int(word) if word.isdecimal() else 0


def _let_go_in_child() -> None:
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_let_go_in_child)
