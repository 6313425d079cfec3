"""One process's place on the bus: its publisher and server, its readers and callers, and the directory's table.

An actor says what it wants by name (`subscribe` a topic, `request` of an actor); where that is, and that it moved or
died, is looked after here. What is subscribed before its owner has come is joined when the owner comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bus import topics
from bus.clock import Clock
from bus.codec import Header, ReplyStatus, RequestHeader
from bus.directory import DIRECTORY, Directory, endpoints
from bus.messages import Code, DirectoryEntry, DirectoryTable, Empty, Message, Register, Registered
from bus.requests import DEFAULT_TIMEOUT_S, Answer, Client, Reply, Server
from bus.streams import Handler, Publisher, Reader, Subscription
from bus.transport import Transport

__all__ = ["Member", "RegistrationError"]


class RegistrationError(Exception):
    """The directory refused this actor; the reply says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.reason)
        self.reply = reply


class Member:
    """An actor's connection to the floor."""

    def __init__(
        self, name: str, run_dir: str, transport: Transport, loop: asyncio.AbstractEventLoop, clock: Clock
    ) -> None:
        self.name = name
        self.run_dir = run_dir
        self.epoch = 0
        self.directory = Directory()
        self.publisher: Publisher | None = None
        self.server: Server | None = None
        self.on_directory: list[Callable[[DirectoryEntry], None]] = []
        self._transport, self._loop, self._clock = transport, loop, clock
        self._readers: dict[str, Reader] = {}
        self._clients: dict[str, Client] = {}
        self._subscriptions: dict[Subscription, set[str]] = {}

    # what this actor offers

    def publish_under(
        self,
        prefixes: tuple[str, ...],
        state: Callable[[str], Message | None] = lambda topic: Empty(),
        opened: Callable[[str], None] = lambda topic: None,
        closed: Callable[[str], None] = lambda topic: None,
    ) -> Publisher:
        """Bind the publisher that owns these prefixes."""
        endpoint = endpoints(self.run_dir, self.name)[0]
        self.publisher = Publisher(
            self._transport, self._loop, self._clock, endpoint, self.name, prefixes, state, opened, closed
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
        endpoint = endpoints(self.run_dir, self.name)[1]
        self.server = Server(self._transport, self._clock, endpoint, handle, spawn, failed)
        return self.server

    # joining the floor

    async def register(self, registration: Register, timeout_s: float) -> Registered:
        """Tell the directory that this actor is there, and follow its table from then on.

        Raises RegistrationError when the directory refuses, or does not answer in time.
        """
        reply = await self._client_at(DIRECTORY, endpoints(self.run_dir, DIRECTORY)[1]).request(registration, timeout_s)
        if not isinstance(reply.body, Registered):
            raise RegistrationError(reply)
        self.epoch = reply.body.epoch
        for client in self._clients.values():
            client.epoch = self.epoch
        if self.publisher is not None:
            self.publisher.epoch = self.epoch
        self.follow_directory(reply.body.floor)
        return reply.body

    def follow_directory(self, floor: str) -> None:
        """Read the directory's table, now and on each change."""
        subscription = Subscription(topics.topic("directory", floor), self._on_table, None)
        self._subscriptions[subscription] = {DIRECTORY}
        self._reader_at(DIRECTORY, endpoints(self.run_dir, DIRECTORY)[0]).subscribe(subscription)

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
            if name in self._readers:
                self._readers[name].unsubscribe(subscription)

    def send(self, name: str, message: Message, timeout_s: float = DEFAULT_TIMEOUT_S) -> asyncio.Future[Reply]:
        """Ask the actor `name`, now or not at all."""
        client = self._client(name)
        if client is None:
            future: asyncio.Future[Reply] = self._loop.create_future()
            future.set_result(Reply(ReplyStatus.NOT_SENT, Code.NOT_CONNECTED, Empty()))
            return future
        return client.send(message, timeout_s)

    async def request(self, name: str, message: Message, timeout_s: float = DEFAULT_TIMEOUT_S) -> Reply:
        """Ask the actor `name`; one that is on the floor but not connected yet is waited for."""
        client = self._client(name)
        if client is None:
            return Reply(ReplyStatus.NOT_SENT, Code.NO_SUCH_ACTOR, Empty())
        return await client.request(message, timeout_s)

    def warm(self, name: str) -> None:
        """Connect to the actor `name` ahead of the first request, so that it need not wait."""
        self._client(name)

    def is_live(self, name: str) -> bool:
        """True when the directory holds the actor for alive."""
        entry = self.directory.entries.get(name)
        return entry is not None and entry.live

    def counters(self) -> dict[str, int]:
        """Return what was published, read, lost and refused."""
        total: dict[str, int] = {}
        sources = [reader.counters for reader in self._readers.values()]
        if self.publisher is not None:
            sources.append(self.publisher.counters)
        if self.server is not None:
            sources.append(self.server.counters)
        for source in sources:
            for key, value in source.items():
                total[key] = total.get(key, 0) + value
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
            return self._client_at(name, endpoints(self.run_dir, name)[1])
        entry = self.directory.service(name)
        if entry is None or not entry.live:
            return None
        return self._client_at(name, entry.serves_at)

    def _client_at(self, name: str, endpoint: str) -> Client:
        client = self._clients.get(name)
        if client is None:
            client = self._clients[name] = Client(self._transport, self._loop, self._clock, endpoint, self.name)
            client.epoch = self.epoch
        return client

    def _reader_at(self, name: str, endpoint: str) -> Reader:
        reader = self._readers.get(name)
        if reader is None:
            reader = self._readers[name] = Reader(self._transport, self._loop, endpoint, name)
        return reader

    def _attach(self, subscription: Subscription, entry: DirectoryEntry) -> None:
        joined = self._subscriptions[subscription]
        if entry.name not in joined:
            joined.add(entry.name)
            if subscription.exact:
                subscription.lose("its publisher is another", entry.epoch if entry.live else entry.epoch + 1)
            self._reader_at(entry.name, entry.publishes_at).subscribe(subscription)

    def _on_table(self, message: Message, header: Header, topic: str) -> None:
        if not isinstance(message, DirectoryTable):
            return
        before = dict(self.directory.entries)
        for entry in self.directory.update(message):
            known = before.get(entry.name)
            moved = known is not None and known.epoch != entry.epoch
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
        if name in self._readers:
            self._readers[name].lose(reason, before)
