"""The directory's own side: who is on the floor, and the epochs that it issues.

Pure but for the epoch file, which is replaced whole. An epoch is never issued twice, not even when that file is lost:
it is at least the wall clock's seconds.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from actors.runtime.policies import remember_policy, remembered_policies
from bus.directory import next_epoch
from bus.messages import Code, DirectoryEntry, DirectoryTable, ExitPolicy, Refused, Register
from bus.version import majors_differ

__all__ = ["Registry"]


class Registry:
    """Everybody who is, or was lately, on the floor."""

    def __init__(self, floor: str, epoch_file: Path) -> None:
        self.floor = floor
        self.entries: dict[str, DirectoryEntry] = {}
        self.registrations: dict[str, Register] = {}
        self._file = epoch_file
        self._last = self._read()

    def issue_epoch(self, wall_ns: int) -> int:
        """Return a new epoch, written down before anybody learns of it."""
        self._last = next_epoch(self._last, wall_ns)
        draft = self._file.with_suffix(".new")
        draft.write_text(str(self._last))
        os.replace(draft, self._file)
        return self._last

    def add(self, registration: Register, wall_ns: int, major: str) -> DirectoryEntry | Refused:
        """Enter an actor under a new epoch, or say why not."""
        if majors_differ(registration.version, major):
            reason = f"{registration.name} speaks version {registration.version}, the floor major version {major}"
            return Refused(Code.BAD_VERSION, reason)
        known = self.entries.get(registration.name)
        if known is not None and known.live:
            reason = f"{registration.name!r} is on the floor already (pid {self.registrations[known.name].pid})"
            return Refused(Code.DUPLICATE_NAME, reason)
        entry = DirectoryEntry(
            name=registration.name,
            kind=registration.kind,
            epoch=self.issue_epoch(wall_ns),
            instance=registration.instance,
            publishes_at=registration.publishes_at,
            serves_at=registration.serves_at,
            prefixes=registration.prefixes,
            exit_policy=registration.exit_policy,
            private_at=registration.private_at,
            key=registration.key,
            remote_publishes_at=registration.remote_publishes_at,
            remote_private_at=registration.remote_private_at,
            remote_serves_at=registration.remote_serves_at,
            share=registration.share,
        )
        self.entries[entry.name] = entry
        self.registrations[entry.name] = registration
        return entry

    def remember_policy(self, strategy: str, policy: ExitPolicy) -> None:
        """Write down what an attached strategy wants done with its orders: the floor may not outlive it."""
        remember_policy(self._file.parent, strategy, policy)

    def remembered_policies(self) -> dict[str, ExitPolicy]:
        """Return the exit policies of strategies that were attached in this or an earlier life of the floor."""
        return remembered_policies(self._file.parent)

    def revoke(self, name: str, epoch: int = 0) -> DirectoryEntry | None:
        """Mark an actor as gone; None when it was not there (in this epoch, where one is given)."""
        entry = self.entries.get(name)
        if entry is None or not entry.live or (epoch and entry.epoch != epoch):
            return None
        gone = msgspec.structs.replace(entry, live=False)
        self.entries[name] = gone
        return gone

    def is_current(self, name: str, epoch: int) -> bool:
        """True when this epoch of the actor is the one that may speak."""
        entry = self.entries.get(name)
        return entry is not None and entry.live and entry.epoch == epoch

    def table(self) -> DirectoryTable:
        """Return the table that is pushed to everybody."""
        return DirectoryTable(self.floor, tuple(self.entries.values()))

    def _read(self) -> int:
        try:
            return int(self._file.read_text())
        except (OSError, ValueError):
            return 0
