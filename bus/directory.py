"""Who is on the floor, at which endpoint, in which epoch.

The directory itself lives in the supervisor, at one well-known endpoint of the run directory. It is asked once at
start (`Register`) and pushes its whole table on each change, so that a stall of the supervisor disturbs nobody who
is already connected.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import msgspec

from bus import topics
from bus.messages import DirectoryEntry, DirectoryTable

__all__ = [
    "DIRECTORY",
    "SOCKET_PATH_LIMIT",
    "Directory",
    "EndpointError",
    "Endpoints",
    "endpoints",
    "from_afar",
    "is_address",
    "is_far",
    "next_epoch",
]

DIRECTORY = "supervisor"
"""The name under which the directory and its supervisor are on the floor."""

SOCKET_PATH_LIMIT = 100
"""A UNIX socket's path over about 107 bytes fails with an error that names nothing, so we check before."""


class EndpointError(ValueError):
    """A socket path that the host cannot hold."""


class Endpoints(NamedTuple):
    """Where one actor is found."""

    publisher: str
    server: str
    private: str


def endpoints(run_dir: Path | str, name: str) -> Endpoints:
    """Return the endpoints of the actor `name` in this run directory.

    Raises EndpointError naming the path when it is too long for a socket.
    """
    base = os.path.join(os.fspath(run_dir), name)
    if len(base.encode()) + 2 > SOCKET_PATH_LIMIT:
        raise EndpointError(
            f"socket path {base} has {len(base.encode()) + 2} bytes, at most {SOCKET_PATH_LIMIT} work; "
            "choose a shorter --run-dir"
        )
    return Endpoints(f"ipc://{base}.p", f"ipc://{base}.s", f"ipc://{base}.x")


def is_far(floor: str) -> bool:
    """True where a floor is named by the address that it listens on, and not by its run directory."""
    return floor.startswith("tcp://")


def is_address(text: str) -> bool:
    """True for ``tcp://HOST:PORT``."""
    host, _, port = text.removeprefix("tcp://").rpartition(":")
    return is_far(text) and bool(host) and port.isdecimal() and 0 < int(port) < 65536


def from_afar(entry: DirectoryEntry, floor: str) -> DirectoryEntry:
    """Return an entry as a host elsewhere has to read it that reaches the floor at this address.

    Actors know the ports that they got, and not by which name their host is reached: that is the floor's.
    """
    host = floor.removeprefix("tcp://").rpartition(":")[0]

    def seen(endpoint: str) -> str:
        return f"tcp://{host}:{endpoint.rpartition(':')[2]}" if endpoint else ""

    return msgspec.structs.replace(
        entry,
        publishes_at=seen(entry.remote_publishes_at),
        private_at=seen(entry.remote_private_at),
        serves_at=seen(entry.remote_serves_at),
    )


def next_epoch(last: int, wall_ns: int) -> int:
    """Return an epoch that was never used: even a lost state repeats none, as the wall clock's seconds go on."""
    return max(last + 1, wall_ns // 1_000_000_000)


class Directory:
    """The table as one actor knows it."""

    def __init__(self) -> None:
        self.floor = ""
        self.entries: dict[str, DirectoryEntry] = {}

    def update(self, table: DirectoryTable) -> list[DirectoryEntry]:
        """Take a pushed table; return the entries that are new or changed, the ones that are gone as not live."""
        self.floor = table.floor
        fresh = {entry.name: entry for entry in table.entries}
        changed = [entry for name, entry in fresh.items() if self.entries.get(name) != entry]
        for name, entry in self.entries.items():
            if name not in fresh and entry.live:
                changed.append(_dead(entry))
        self.entries = fresh
        return changed

    def owners(self, topic: str) -> list[DirectoryEntry]:
        """Return who publishes `topic`, or, for a broader prefix, everybody who publishes something below it."""
        return [entry for entry in self.entries.values() if entry.publishes_at and _owns(entry, topic)]

    def service(self, name: str) -> DirectoryEntry | None:
        """Return the entry of a serving actor."""
        entry = self.entries.get(name)
        return entry if entry is not None and entry.serves_at else None


def _owns(entry: DirectoryEntry, topic: str) -> bool:
    if not any(topic.startswith(prefix) or prefix.startswith(topic) for prefix in entry.prefixes):
        return False
    return topics.is_in_share(topic, entry.share)


def _dead(entry: DirectoryEntry) -> DirectoryEntry:
    return msgspec.structs.replace(entry, live=False)
