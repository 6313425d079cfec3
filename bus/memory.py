"""The bus in one process, on a clock that moves only when nothing else can.

`MemoryHub` joins the four sockets of `bus.transport` without a socket: frames go from loop turn to loop turn, in order
per pair, and a test may drop some of them on the way from a publisher to a reader, as a full queue would.
`VirtualLoop` is an asyncio loop whose time jumps to the next timer whenever no callback is ready, so an hour of
heartbeats runs in milliseconds and the same program always runs the same way.
"""

from __future__ import annotations

import asyncio
import selectors
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from bus.transport import Frames, Link

__all__ = ["MemoryHub", "MemoryTransport", "VirtualClock", "VirtualLoop", "run_virtual"]

R = TypeVar("R")
_EPOCH_NS = 1_700_000_000 * 10**9
"""Where a virtual wall clock starts: any date will do, and this one looks like a date."""


class _Selector(selectors.SelectSelector):
    """Never waits: the time that it was given to wait passes at once on the loop's clock."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if not found and timeout is None:
            raise RuntimeError("nothing is ready and no timer is set: the program would wait for ever")
        if not found and timeout:
            self.passed += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop on virtual time."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Return the virtual seconds that have passed."""
        return self._virtual.passed


class VirtualClock:
    """The `Clock` of a virtual loop; `offset_ns` steps the wall clock and leaves the monotonic one alone."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.offset_ns = 0

    def time_ns(self) -> int:
        """Return UNIX nanoseconds."""
        return _EPOCH_NS + self.monotonic_ns() + self.offset_ns

    def monotonic_ns(self) -> int:
        """Return nanoseconds since the loop began."""
        return round(self._loop.time() * 1e9)

    def boottime_ns(self) -> int:
        """Return the same: a virtual host never sleeps."""
        return self.monotonic_ns()


def run_virtual(program: Coroutine[Any, Any, R]) -> R:
    """Run a coroutine on a virtual loop and return what it returns."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(program)


class MemoryHub:
    """What endpoints there are. `lose` is asked of each frame from a publisher to a reader; True drops it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.lose: Callable[[str, Frames], bool] = lambda endpoint, frames: False
        self.publishers: dict[str, _Publisher] = {}
        self.readers: dict[str, list[_Reader]] = {}
        self.servers: dict[str, _Server] = {}
        self.peers = 0


class MemoryTransport:
    """One process's sockets on a hub: the `Transport` of `bus.transport`."""

    def __init__(self, hub: MemoryHub) -> None:
        self._hub = hub
        self._links: list[_Link] = []

    def publisher(self, endpoint: str, on_message: Callable[[Frames], None]) -> Link:
        return self._add(_Publisher(self._hub, endpoint, on_message))

    def reader(self, endpoint: str, on_message: Callable[[Frames], None]) -> Link:
        return self._add(_Reader(self._hub, endpoint, on_message))

    def server(self, endpoint: str, on_message: Callable[[Frames], None]) -> Link:
        return self._add(_Server(self._hub, endpoint, on_message))

    def caller(self, endpoint: str, on_message: Callable[[Frames], None]) -> Link:
        return self._add(_Caller(self._hub, endpoint, on_message))

    def close(self) -> None:
        for link in self._links:
            link.close()
        self._links.clear()

    def _add(self, link: _Link) -> _Link:
        self._links.append(link)
        return link


class _Link:
    def __init__(self, hub: MemoryHub, endpoint: str, on_message: Callable[[Frames], None]) -> None:
        self.hub, self.endpoint, self.closed = hub, endpoint, False
        self._on_message = on_message

    def deliver(self, frames: Frames) -> None:
        """Hand a message over in a later turn, as a socket would."""
        self.hub.loop.call_soon(self._take, frames)

    def _take(self, frames: Frames) -> None:
        if not self.closed:
            self._on_message(frames)

    def send(self, *frames: bytes) -> bool:
        raise NotImplementedError(f"{type(self).__name__} does not send")

    def subscribe(self, topic: bytes) -> None:
        raise NotImplementedError(f"{type(self).__name__} does not subscribe")

    def unsubscribe(self, topic: bytes) -> None:
        raise NotImplementedError(f"{type(self).__name__} does not subscribe")

    def close(self) -> None:
        self.closed = True


class _Publisher(_Link):
    def __init__(self, hub: MemoryHub, endpoint: str, on_message: Callable[[Frames], None]) -> None:
        super().__init__(hub, endpoint, on_message)
        _claim(hub.publishers, endpoint, self)
        for reader in hub.readers.get(endpoint, ()):
            for topic in reader.topics:
                self.deliver([b"\1" + topic])

    def send(self, *frames: bytes) -> bool:
        message = list(frames)
        for reader in self.hub.readers.get(self.endpoint, ()):
            wanted = any(frames[0].startswith(topic) for topic in reader.topics)
            if wanted and not self.hub.lose(self.endpoint, message):
                reader.deliver(list(message))
        return True

    def close(self) -> None:
        super().close()
        if self.hub.publishers.get(self.endpoint) is self:
            del self.hub.publishers[self.endpoint]


class _Reader(_Link):
    def __init__(self, hub: MemoryHub, endpoint: str, on_message: Callable[[Frames], None]) -> None:
        super().__init__(hub, endpoint, on_message)
        self.topics: Counter[bytes] = Counter()
        hub.readers.setdefault(endpoint, []).append(self)

    def subscribe(self, topic: bytes) -> None:
        self.topics[topic] += 1
        self._tell(b"\1" + topic)

    def unsubscribe(self, topic: bytes) -> None:
        self.topics[topic] -= 1
        if self.topics[topic] <= 0:
            del self.topics[topic]
            if not any(topic in other.topics for other in self.hub.readers[self.endpoint]):
                self._tell(b"\0" + topic)

    def close(self) -> None:
        if not self.closed:
            for topic in list(self.topics):
                self.topics[topic] = 1
                self.unsubscribe(topic)
            self.hub.readers[self.endpoint].remove(self)
        super().close()

    def _tell(self, frame: bytes) -> None:
        publisher = self.hub.publishers.get(self.endpoint)
        if publisher is not None:
            publisher.deliver([frame])


class _Server(_Link):
    def __init__(self, hub: MemoryHub, endpoint: str, on_message: Callable[[Frames], None]) -> None:
        super().__init__(hub, endpoint, on_message)
        self.callers: dict[bytes, _Caller] = {}
        _claim(hub.servers, endpoint, self)

    def send(self, *frames: bytes) -> bool:
        caller = self.callers.get(frames[0])
        if caller is None or caller.closed:
            return False
        caller.deliver(list(frames[1:]))
        return True

    def close(self) -> None:
        super().close()
        if self.hub.servers.get(self.endpoint) is self:
            del self.hub.servers[self.endpoint]


class _Caller(_Link):
    def __init__(self, hub: MemoryHub, endpoint: str, on_message: Callable[[Frames], None]) -> None:
        super().__init__(hub, endpoint, on_message)
        hub.peers += 1
        self._name = hub.peers.to_bytes(5, "big")

    def send(self, *frames: bytes) -> bool:
        server = self.hub.servers.get(self.endpoint)
        if server is None:
            return False
        server.callers[self._name] = self
        server.deliver([self._name, *frames])
        return True


L = TypeVar("L", bound=_Link)


def _claim(endpoints: dict[str, L], endpoint: str, link: L) -> None:
    if endpoint in endpoints:
        raise OSError(f"cannot bind {endpoint}: address already in use")
    endpoints[endpoint] = link
