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
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from bus.transport import Frames, Link, PrivateLink

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
    """One process's sockets on a hub: the `Transport` of `bus.transport`. `key` is what its connections prove."""

    def __init__(self, hub: MemoryHub, key: str = "") -> None:
        self._hub, self._key = hub, key
        self._links: list[_Link] = []

    def publisher(self, endpoint: str, on_message: Callable[[Frames], None]) -> Link:
        return self._add(_Publisher(self._hub, endpoint, on_message))

    def private_publisher(self, endpoint: str, grants: Callable[[bytes, str], bool], remote: str = "") -> PrivateLink:
        link = _PrivatePublisher(self._hub, endpoint, grants)
        self._links.append(link)
        return link

    def reader(self, endpoint: str, on_message: Callable[[Frames], None], server_key: str = "") -> Link:
        return self._add(_Reader(self._hub, endpoint, on_message, self._key))

    def server(self, endpoint: str, on_message: Callable[[Frames, str], None], remote: str = "") -> Link:
        return self._add(_Server(self._hub, endpoint, on_message))

    def caller(self, endpoint: str, on_message: Callable[[Frames], None], server_key: str = "") -> Link:
        return self._add(_Caller(self._hub, endpoint, on_message, self._key))

    @property
    def key(self) -> str:
        return self._key

    async def lets_strangers_in(self, endpoint: str, publishes: bool) -> bool:
        return False

    def close(self) -> None:
        for link in self._links:
            link.close()
        self._links.clear()

    def _add(self, link: _Link) -> _Link:
        self._links.append(link)
        return link


class _Link:
    remote = ""

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
                self.hear(reader, b"\1" + topic)

    def hear(self, reader: _Reader, word: bytes) -> None:
        """A reader subscribes or unsubscribes."""
        self.deliver([word])

    def topics_of(self, reader: _Reader) -> Iterable[bytes]:
        """Return what a reader is sent."""
        return reader.topics

    def send(self, *frames: bytes) -> bool:
        message = list(frames)
        for reader in self.hub.readers.get(self.endpoint, ()):
            wanted = any(frames[0].startswith(topic) for topic in self.topics_of(reader))
            if wanted and not self.hub.lose(self.endpoint, message):
                reader.deliver(list(message))
        return True

    def close(self) -> None:
        super().close()
        if self.hub.publishers.get(self.endpoint) is self:
            del self.hub.publishers[self.endpoint]


class _PrivatePublisher(_Publisher):
    def __init__(self, hub: MemoryHub, endpoint: str, grants: Callable[[bytes, str], bool]) -> None:
        self._grants = grants
        self._granted: dict[_Reader, set[bytes]] = {}
        super().__init__(hub, endpoint, lambda frames: None)

    def hear(self, reader: _Reader, word: bytes) -> None:
        self.hub.loop.call_soon(self._judge, reader, word)

    def topics_of(self, reader: _Reader) -> Iterable[bytes]:
        return self._granted.get(reader, set()) & reader.topics.keys()

    def renew(self) -> None:
        """Cut every reader off, so that each is asked for its key anew."""
        self._granted.clear()
        for reader in self.hub.readers.get(self.endpoint, ()):
            for topic in reader.topics:
                self.hear(reader, b"\1" + topic)

    def _judge(self, reader: _Reader, word: bytes) -> None:
        if word[:1] == b"\1" and not self.closed and self._grants(word[1:], reader.key):
            self._granted.setdefault(reader, set()).add(word[1:])


class _Reader(_Link):
    def __init__(self, hub: MemoryHub, endpoint: str, on_message: Callable[[Frames], None], key: str) -> None:
        super().__init__(hub, endpoint, on_message)
        self.key = key
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
            publisher.hear(self, frame)


class _Server(_Link):
    def __init__(self, hub: MemoryHub, endpoint: str, on_message: Callable[[Frames, str], None]) -> None:
        super().__init__(hub, endpoint, self._on_request)
        self._on_asked = on_message
        self.callers: dict[bytes, _Caller] = {}
        _claim(hub.servers, endpoint, self)

    def _on_request(self, frames: Frames) -> None:
        self._on_asked(frames, self.callers[frames[0]].key)

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
    def __init__(self, hub: MemoryHub, endpoint: str, on_message: Callable[[Frames], None], key: str) -> None:
        super().__init__(hub, endpoint, on_message)
        self.key = key
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
