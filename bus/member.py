"""One process's place on the bus: its publisher and server, its readers and callers, and the directory's table.

An actor says what it wants by name (`subscribe` a topic, `request` of an actor); where that is, and that it moved or
died, is looked after here. What is subscribed before its owner has come is joined when the owner comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import msgspec

from bus import topics
from bus.clock import Clock
from bus.codec import Header, ReplyStatus, RequestHeader
from bus.directory import DIRECTORY, Directory, endpoints, from_afar, is_far
from bus.messages import Code, DirectoryEntry, DirectoryTable, Empty, Message, Register, Registered
from bus.noter import Noter
from bus.requests import DEFAULT_TIMEOUT_S, Answer, Client, Reply, RequestFailed, Server, allow_all
from bus.security import Guard
from bus.streams import Handler, Publisher, Reader, Subscription
from bus.transport import Transport

__all__ = ["Member", "RegistrationError"]

_NOBODY = Reply(ReplyStatus.NOT_SENT, Code.NO_SUCH_ACTOR, Empty())


class RegistrationError(Exception):
    """The directory refused this actor; the reply says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.reason)
        self.reply = reply


class Member:
    """An actor's connection to the floor.

    `run_dir` is the floor's run directory or, from another host, the address that it listens on. `floor_key` is the
    supervisor's public key; the other actors' stand in its directory. `guard` judges who may ask and read. Without
    both, nothing is encrypted and everybody may: the bus alone, and tests. `listen` has addresses for other hosts:
    where our publishers are bound too, and where our server is.
    """

    def __init__(
        self,
        name: str,
        run_dir: str,
        transport: Transport,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        floor_key: str = "",
        guard: Guard | None = None,
        listen: tuple[str, str] = ("", ""),
    ) -> None:
        self.name = name
        self.listen = listen
        self.run_dir = run_dir
        self.guard = guard
        self.epoch = 0
        self.directory = Directory()
        self.publisher: Publisher | None = None
        self.server: Server | None = None
        self.noter: Noter | None = None
        """Hears of each message before its handler, where it is set before anything is served or read."""
        self.on_directory: list[Callable[[DirectoryEntry], None]] = []
        self._transport, self._loop, self._clock = transport, loop, clock
        self._floor_key = floor_key
        self._readers: dict[tuple[str, bool], Reader] = {}
        self._clients: dict[str, Client] = {}
        self._doors: dict[str, tuple[str, ...]] = {}
        self._subscriptions: dict[Subscription, set[str]] = {}
        self._ended: dict[str, int] = {}

    # what this actor offers

    def publish_under(
        self,
        prefixes: tuple[str, ...],
        state: Callable[[str], Message | None] = lambda topic: Empty(),
        opened: Callable[[str], None] = lambda topic: None,
        closed: Callable[[str], None] = lambda topic: None,
        share: tuple[int, int] = (0, 1),
    ) -> Publisher:
        """Bind the publisher that owns these prefixes, or a share of them."""
        own = endpoints(self.run_dir, self.name)
        private, may_read = ("", _anybody) if self.guard is None else (own.private, self.guard.may_read)
        self.publisher = Publisher(
            self._transport,
            self._loop,
            self._clock,
            own.publisher,
            self.name,
            prefixes,
            state,
            opened,
            closed,
            private,
            may_read,
            self.listen[0],
            share,
        )
        self.publisher.epoch = self.epoch
        return self.publisher

    def serve(
        self,
        handle: Callable[[Message, RequestHeader], Answer | Awaitable[Answer]],
        spawn: Callable[[Awaitable[None]], object],
        failed: Callable[[BaseException], None],
    ) -> Server:
        """Bind the server."""
        endpoint, remote = endpoints(self.run_dir, self.name).server, self.listen[1]
        refusal = self.guard.refusal if self.guard is not None else allow_all
        self.server = Server(self._transport, self._clock, endpoint, handle, spawn, failed, refusal, remote, self.noter)
        return self.server

    def doors(self) -> dict[str, str]:
        """Return where and by which key we are found, as fields of `Register`."""
        if self._is_far:
            return {"key": self._transport.key}  # who comes from another host asks and reads, and serves nobody
        own = endpoints(self.run_dir, self.name)
        publisher = self.publisher
        return {
            "publishes_at": own.publisher if publisher is not None else "",
            "private_at": own.private if publisher is not None and publisher.is_private else "",
            "serves_at": own.server if self.server is not None else "",
            "key": self._transport.key,
            "remote_publishes_at": publisher.remote if publisher is not None else "",
            "remote_private_at": publisher.remote_private if publisher is not None else "",
            "remote_serves_at": self.server.remote if self.server is not None else "",
        }

    async def open_doors(self) -> list[str]:
        """Knock at our own closed sockets with a stranger's key; return the endpoints that let it in."""
        doors = self.doors()
        closed = ("private_at", "serves_at", "remote_publishes_at", "remote_private_at", "remote_serves_at")
        asked = [(doors.get(door, ""), "serves" not in door) for door in closed]
        return [at for at, publishes in asked if at and await self._transport.lets_strangers_in(at, publishes)]

    def refresh_keys(self) -> None:
        """Look whether the floor's list of keys has changed; who was taken off it is sent nothing more."""
        if self.guard is not None and self.guard.ring.has_lost() and self.publisher is not None:
            self.publisher.admit_anew()

    # joining the floor

    async def register(self, registration: Register, timeout_s: float) -> Registered:
        """Tell the directory that this actor is there, and follow its table from then on.

        Raises RegistrationError when the directory refuses, or does not answer in time.
        """
        directory = self._client(DIRECTORY)
        assert directory is not None
        reply = await directory.request(registration, timeout_s)
        if not isinstance(reply.body, Registered):
            raise RegistrationError(reply)
        self.epoch = reply.body.epoch
        for client in self._clients.values():
            client.epoch = self.epoch
        if self.publisher is not None:
            self.publisher.epoch = self.epoch
        self.follow_directory(reply.body.floor, reply.body.remote_publishes_at)
        return reply.body

    def follow_directory(self, floor: str, remote: str = "") -> None:
        """Read the directory's table, now and on each change; from another host at the `remote` that the floor told."""
        subscription = Subscription(topics.topic("directory", floor), self._on_table, None)
        self._subscriptions[subscription] = {DIRECTORY}
        entry = DirectoryEntry(DIRECTORY, DIRECTORY, 0, key=self._floor_key, remote_publishes_at=remote)
        if not self._is_far:
            entry = msgspec.structs.replace(entry, publishes_at=endpoints(self.run_dir, DIRECTORY).publisher)
        self._open_reader(self._as_seen(entry)).subscribe(subscription)

    # what this actor wants

    def subscribe(
        self,
        topic: str,
        handler: Handler,
        on_stale: Callable[[str, str], None] | None = None,
        conflate: bool = False,
    ) -> Subscription:
        """Join a topic, or listen under a prefix, at whoever owns it, now and whenever an owner comes.

        With `conflate` only the newest whole message is handed on. Raises ValueError where a topic cannot be conflated.
        """
        subscription = Subscription(topic, handler, on_stale, conflate)
        self._subscriptions[subscription] = set()
        for entry in self.directory.owners(topic):
            self._attach(subscription, entry)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Leave."""
        for name in self._subscriptions.pop(subscription, ()):
            for reader in self._readers_of(name):
                reader.unsubscribe(subscription)

    def send(self, name: str, message: Message, timeout_s: float = DEFAULT_TIMEOUT_S) -> asyncio.Future[Reply]:
        """Ask the actor `name`, now or not at all."""
        client = self._client(name)
        if client is None:
            future: asyncio.Future[Reply] = self._loop.create_future()
            future.set_result(_NOBODY)
            return future
        return client.send(message, timeout_s)

    async def request(self, name: str, message: Message, timeout_s: float = DEFAULT_TIMEOUT_S) -> Reply:
        """Ask the actor `name`; one that is on the floor but not connected yet is waited for."""
        client = self._client(name)
        return await client.request(message, timeout_s) if client is not None else _NOBODY

    def chunks(
        self, name: str, message: Message, timeout_s: float = DEFAULT_TIMEOUT_S
    ) -> AsyncGenerator[Message, None]:
        """Ask the actor `name` a question whose answer comes in parts, as `Client.chunks` does.

        Raises RequestFailed, here for an actor that is not on the floor, else from the iterator.
        """
        client = self._client(name)
        if client is None:
            raise RequestFailed(_NOBODY)
        return client.chunks(message, timeout_s)

    def warm(self, name: str) -> None:
        """Connect to the actor `name` ahead of the first request, so that it need not wait."""
        self._client(name)

    def is_live(self, name: str) -> bool:
        """True when the directory holds the actor for alive."""
        entry = self.directory.entries.get(name)
        return entry is not None and entry.live

    def counters(self) -> dict[str, int]:
        """Return what was published, read, lost and refused."""
        total = dict(self._ended)
        sources = [reader.counters for reader in self._readers.values()]
        if self.publisher is not None:
            sources.append(self.publisher.counters)
        if self.server is not None:
            sources.append(self.server.counters)
        if self.guard is not None:
            sources.append(self.guard.counters)
        for source in sources:
            _add(total, source)
        return total

    def hush(self) -> None:
        """Hear no stream and ask nobody any more; what was answered and published can still go out."""
        for reader in self._readers.values():
            reader.close()
        for client in self._clients.values():
            client.close()

    def close(self) -> None:
        """Close all sockets."""
        self.hush()
        if self.publisher is not None:
            self.publisher.close()
        self._transport.close()

    def _client(self, name: str) -> Client | None:
        if name == DIRECTORY:
            endpoint = self.run_dir if self._is_far else endpoints(self.run_dir, name).server
            return self._client_at(name, endpoint, self._floor_key)
        entry = self.directory.service(name)
        if entry is None or not entry.live:
            return None
        self._doors.setdefault(name, _doors(entry))
        return self._client_at(name, entry.serves_at, entry.key)

    def _client_at(self, name: str, endpoint: str, key: str) -> Client:
        client = self._clients.get(name)
        if client is None:
            client = Client(self._transport, self._loop, self._clock, endpoint, self.name, key)
            self._clients[name] = client
            client.epoch = self.epoch
        return client

    @property
    def _is_far(self) -> bool:
        return is_far(self.run_dir)

    def _as_seen(self, entry: DirectoryEntry) -> DirectoryEntry:
        return from_afar(entry, self.run_dir) if self._is_far else entry

    def _open_reader(self, entry: DirectoryEntry) -> Reader:
        """Return the reader of what everybody on the floor may read; from another host, that too is by key."""
        return self._reader_at(entry.name, entry.publishes_at, entry.key if self._is_far else "")

    def _reader_at(self, name: str, endpoint: str, key: str = "", private: bool = False) -> Reader:
        reader = self._readers.get((name, private))
        if reader is None:
            reader = Reader(self._transport, self._loop, endpoint, name, key, self.noter)
            self._readers[(name, private)] = reader
        return reader

    def _readers_of(self, name: str) -> list[Reader]:
        return [reader for (owner, _), reader in self._readers.items() if owner == name]

    def _forget_old_doors(self, entry: DirectoryEntry) -> None:
        """Connect anew to an actor that is found elsewhere, or by another key; those sockets would wait for ever."""
        doors = _doors(entry)
        if self._doors.get(entry.name, doors) == doors:
            return
        del self._doors[entry.name]
        client = self._clients.pop(entry.name, None)
        if client is not None:
            client.close()
        for reader in self._readers_of(entry.name):
            reader.close()
            _add(self._ended, reader.counters)
        self._readers = {key: reader for key, reader in self._readers.items() if key[0] != entry.name}
        for joined in self._subscriptions.values():
            joined.discard(entry.name)

    def _attach(self, subscription: Subscription, entry: DirectoryEntry) -> None:
        joined = self._subscriptions[subscription]
        if entry.name not in joined:
            joined.add(entry.name)
            if entry.name != DIRECTORY:  # by which alone we would hear that it has moved
                self._doors.setdefault(entry.name, _doors(entry))
            if subscription.exact:
                subscription.lose("its publisher is another", entry.epoch if entry.live else entry.epoch + 1)
            private = _reads_privately(subscription.topic, entry)
            if private:
                self._reader_at(entry.name, entry.private_at, entry.key, private=True).subscribe(subscription)
            if not (private and subscription.exact):
                self._open_reader(entry).subscribe(subscription)

    def _on_table(self, message: Message, header: Header, topic: str) -> None:
        if not isinstance(message, DirectoryTable):
            return
        before = dict(self.directory.entries)
        if self._is_far:
            seen = tuple(map(self._as_seen, message.entries))
            message = DirectoryTable(message.floor, seen)
        for entry in self.directory.update(message):
            known = before.get(entry.name)
            moved = known is not None and known.epoch != entry.epoch
            if entry.live:
                self._forget_old_doors(entry)
            if moved or not entry.live:
                # a newer life may have spoken before the table came: what it said stands
                if entry.live:
                    self._lost(entry.name, "its publisher restarted", entry.epoch)
                else:
                    self._lost(entry.name, "its publisher is gone", entry.epoch + 1)
            if entry.live and entry.publishes_at:
                for subscription in list(self._subscriptions):
                    if entry in self.directory.owners(subscription.topic):
                        self._attach(subscription, entry)
            for listener in list(self.on_directory):
                listener(entry)

    def _lost(self, name: str, reason: str, before: int) -> None:
        if name in self._clients:
            self._clients[name].lose()
        for reader in self._readers_of(name):
            reader.lose(reason, before)


def _anybody(key: str, topic: str) -> bool:
    return True


def _add(total: dict[str, int], counters: dict[str, int]) -> None:
    for key, value in counters.items():
        total[key] = total.get(key, 0) + value


def _doors(entry: DirectoryEntry) -> tuple[str, ...]:
    return entry.key, entry.publishes_at, entry.private_at, entry.serves_at


def _reads_privately(topic: str, entry: DirectoryEntry) -> bool:
    """True where some of what is asked for is published by this actor by key alone."""
    return bool(entry.private_at) and any(
        topics.is_private(prefix) and (topic.startswith(prefix) or prefix.startswith(topic))
        for prefix in entry.prefixes
    )
