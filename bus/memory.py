"""The bus in one process.

`MemoryHub` joins the four sockets of `bus.transport` without a socket: frames go from loop turn to loop turn, in order
per pair, and a test may drop some of them on the way from a publisher to a reader, as a full queue would, or keep some
on their way for a while: what another pair says may then come first, a publisher's last words after its successor's.
On a loop of `bus.virtual_time` the same program always runs the same way.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import TypeVar

from bus.transport import Asked, Frames, Link, PrivateLink

__all__ = ["MemoryHub", "MemoryTransport"]


class MemoryHub:
    """What endpoints there are.

    `lose` is asked of each message from a publisher to a reader; True drops it. `delay_s` says how long a message
    between the two is on its way, a subscription too; what the same peer sends later never overtakes it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.lose: Callable[[str, Frames], bool] = lambda endpoint, frames: False
        self.delay_s: Callable[[str, Frames], float] = lambda endpoint, frames: 0.0
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

    def remote_publisher(self, endpoint: str, on_message: Callable[[Frames], None]) -> PrivateLink:
        return _Publisher(self._hub, endpoint, on_message)

    def private_publisher(self, endpoint: str, grants: Callable[[bytes, str], bool], remote: str = "") -> PrivateLink:
        link = _PrivatePublisher(self._hub, endpoint, grants)
        self._links.append(link)
        return link

    def reader(self, endpoint: str, on_message: Callable[[Frames], None], server_key: str = "") -> Link:
        return self._add(_Reader(self._hub, endpoint, on_message, self._key))

    def server(self, endpoint: str, on_message: Asked, remote: str = "") -> Link:
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
        self._on_drained: Callable[[], None] = lambda: None
        self._arrived = 0

    def deliver(self, frames: Frames) -> None:
        """Hand a message over in a later turn, as a socket would."""
        self._arrived += 1
        self.hub.loop.call_soon(self._take, frames)

    def _take(self, frames: Frames) -> None:
        self._arrived -= 1
        if not self.closed:
            self._on_message(frames)
            if not self._arrived:
                self._on_drained()

    def on_drained(self, callback: Callable[[], None]) -> None:
        self._on_drained = callback

    def send(self, *frames: bytes) -> bool:
        raise NotImplementedError(f"{type(self).__name__} does not send")

    def subscribe(self, topic: bytes) -> None:
        raise NotImplementedError(f"{type(self).__name__} does not subscribe")

    def unsubscribe(self, topic: bytes) -> None:
        raise NotImplementedError(f"{type(self).__name__} does not subscribe")

    def close(self) -> None:
        self.closed = True


class _Pipe:
    """The way from one link to another: messages arrive in the order in which they were sent."""

    def __init__(self, source: _Link, target: _Link) -> None:
        self._source, self._target = source, target
        self._under_way: deque[Frames] = deque()
        self._free_s = 0.0

    def put(self, frames: Frames) -> None:
        loop = self._source.hub.loop
        now = loop.time()
        self._free_s = max(self._free_s, now + self._source.hub.delay_s(self._source.endpoint, frames))
        if self._free_s <= now and not self._under_way:
            self._target.deliver(frames)
        else:
            self._under_way.append(frames)
            loop.call_later(self._free_s - now, self._arrive)

    def _arrive(self) -> None:
        self._target.deliver(self._under_way.popleft())


class _Publisher(_Link):
    def __init__(self, hub: MemoryHub, endpoint: str, on_message: Callable[[Frames], None]) -> None:
        super().__init__(hub, endpoint, on_message)
        self._pipes: dict[_Reader, _Pipe] = {}
        _claim(hub.publishers, endpoint, self)
        for reader in hub.readers.get(endpoint, ()):
            for topic in reader.topics:
                reader.tell(b"\1" + topic)

    def word(self, reader: _Reader, frame: bytes) -> Frames:
        """Return what a reader's subscription is on its way here."""
        return [frame]

    def topics_of(self, reader: _Reader) -> Iterable[bytes]:
        """Return what a reader is sent."""
        return reader.topics

    def send(self, *frames: bytes) -> bool:
        if self.closed:
            return False
        message = list(frames)
        for reader in self.hub.readers.get(self.endpoint, ()):
            wanted = any(frames[0].startswith(topic) for topic in self.topics_of(reader))
            if wanted and not self.hub.lose(self.endpoint, message):
                self._pipe_to(reader).put(list(message))
        return True

    def _pipe_to(self, reader: _Reader) -> _Pipe:
        pipe = self._pipes.get(reader)
        if pipe is None:
            pipe = self._pipes[reader] = _Pipe(self, reader)
        return pipe

    def renew(self) -> None:
        """Cut every reader off: each joins again."""
        for reader in self.hub.readers.get(self.endpoint, ()):
            for topic in reader.topics:
                reader.tell(b"\1" + topic)

    def close(self) -> None:
        super().close()
        if self.hub.publishers.get(self.endpoint) is self:
            del self.hub.publishers[self.endpoint]


class _PrivatePublisher(_Publisher):
    def __init__(self, hub: MemoryHub, endpoint: str, grants: Callable[[bytes, str], bool]) -> None:
        self._grants = grants
        self._granted: dict[_Reader, set[bytes]] = {}
        self._asking: list[_Reader] = []
        super().__init__(hub, endpoint, self._judge)

    def word(self, reader: _Reader, frame: bytes) -> Frames:
        if reader not in self._asking:
            self._asking.append(reader)
        return [frame, self._asking.index(reader).to_bytes(4, "big")]

    def topics_of(self, reader: _Reader) -> Iterable[bytes]:
        return self._granted.get(reader, set()) & reader.topics.keys()

    def renew(self) -> None:
        """Cut every reader off, so that each is asked for its key anew."""
        self._granted.clear()
        super().renew()

    def _judge(self, frames: Frames) -> None:
        word, reader = frames[0], self._asking[int.from_bytes(frames[1], "big")]
        if word[:1] == b"\1" and self._grants(word[1:], reader.key):
            self._granted.setdefault(reader, set()).add(word[1:])


class _Reader(_Link):
    def __init__(self, hub: MemoryHub, endpoint: str, on_message: Callable[[Frames], None], key: str) -> None:
        super().__init__(hub, endpoint, on_message)
        self.key = key
        self.topics: Counter[bytes] = Counter()
        self._publisher: _Publisher | None = None
        self._pipe: _Pipe
        hub.readers.setdefault(endpoint, []).append(self)

    def subscribe(self, topic: bytes) -> None:
        self.topics[topic] += 1
        self.tell(b"\1" + topic)

    def unsubscribe(self, topic: bytes) -> None:
        self.topics[topic] -= 1
        if self.topics[topic] <= 0:
            del self.topics[topic]
            if not any(topic in other.topics for other in self.hub.readers[self.endpoint]):
                self.tell(b"\0" + topic)

    def close(self) -> None:
        if not self.closed:
            for topic in list(self.topics):
                self.topics[topic] = 1
                self.unsubscribe(topic)
            self.hub.readers[self.endpoint].remove(self)
        super().close()

    def tell(self, frame: bytes) -> None:
        """Send a subscription to whoever publishes here now."""
        publisher = self.hub.publishers.get(self.endpoint)
        if publisher is not None:
            if publisher is not self._publisher:
                self._publisher, self._pipe = publisher, _Pipe(self, publisher)
            self._pipe.put(publisher.word(self, frame))


class _Server(_Link):
    def __init__(self, hub: MemoryHub, endpoint: str, on_message: Asked) -> None:
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
