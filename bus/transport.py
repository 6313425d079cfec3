"""Sockets inside an asyncio loop, without a thread hop.

The loop watches libzmq's descriptor as a reader. That descriptor is edge-triggered and every operation that lets
libzmq process its commands (a send, a connect, a look at its events) may eat the edge, so three rules hold here:

1. After every such operation one read-to-EAGAIN is scheduled: once per loop turn for request sockets, at most every
   20 ms for a publisher, whose only input are subscriptions (a re-check per publish cost 10.6 us, by timer 4.2 us).
2. A drain has a budget, so that a flooded socket leaves turns to timers and other sockets (loop delay under flood:
   4 ms with 64, 236 ms without).
3. A scheduled drain is guarded against the socket's close.

Sends never block. `send` says False where nothing was sent: no peer, a full queue, or a peer that is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import zmq

from bus.codec import MAX_MESSAGE_BYTES

__all__ = ["Frames", "Link", "Transport", "ZmqTransport"]

Frames = list[bytes]

PUBLISH_HWM = 100_000
"""Messages a publisher keeps for one slow reader before it drops (and the reader sees the gap)."""
REQUEST_HWM = 10_000
"""Requests waiting in one pipe; beyond it a sender is told that nothing was sent."""
DRAIN_BUDGET = 64
"""Messages read from one socket before other work gets its turn."""
PUBLISHER_RECHECK_S = 0.02
"""How long a new subscription may wait for its publisher's look, where a send has eaten the edge."""
RECONNECT_MS, RECONNECT_MAX_MS = 20, 500
"""A restarted peer is back within this; the maximum keeps a lost one cheap."""
HANDSHAKE_MS = 2_000
"""A peer that does not finish its greeting within this is cut (libzmq's own default is 30 s)."""
ZMTP_HEARTBEAT_MS, ZMTP_TIMEOUT_MS = 2_000, 10_000
"""A frozen peer's pipe is closed after the timeout; it must exceed the longest stop that is forgiven."""
LINGER_MS = 200
"""How long a closing socket may take to hand its last messages over."""


class Link(Protocol):
    """One socket of a transport."""

    def send(self, *frames: bytes) -> bool:
        """Send one message; False where nothing was sent. Never blocks."""

    def subscribe(self, topic: bytes) -> None:
        """Ask for a topic (reader sockets only). A closed link asks for nothing."""

    def unsubscribe(self, topic: bytes) -> None:
        """Take one `subscribe` back (reader sockets only)."""

    def on_drained(self, callback: Callable[[], None]) -> None:
        """Call `callback` from now on whenever everything that waited in the socket was read."""

    def close(self) -> None:
        """Close the socket. May be called twice."""


class Transport(Protocol):
    """Makes the four sockets of the bus. `on_message` is called in the loop with the frames of each message."""

    def publisher(self, endpoint: str, on_message: Callable[[Frames], None]) -> Link:
        """Bind a publisher; messages are subscription frames (first byte 1 or 0, then the topic)."""

    def reader(self, endpoint: str, on_message: Callable[[Frames], None]) -> Link:
        """Connect a reader."""

    def server(self, endpoint: str, on_message: Callable[[Frames], None]) -> Link:
        """Bind a server; the first frame of each message names the peer and goes first in the answer."""

    def caller(self, endpoint: str, on_message: Callable[[Frames], None]) -> Link:
        """Connect a caller."""

    def close(self) -> None:
        """Close what is still open."""


class _Port:
    """A ZeroMQ socket in an asyncio loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        socket: zmq.Socket[bytes],
        on_message: Callable[[Frames], None],
        recheck_s: float = 0.0,
    ) -> None:
        self._loop = loop
        self._socket = socket
        self._on_message = on_message
        self._recheck_s = recheck_s
        self._on_drained: Callable[[], None] | None = None
        self._armed = False
        self._closed = False
        self._fd = int(socket.getsockopt(zmq.FD))
        loop.add_reader(self._fd, self._drain)
        self._arm()

    def send(self, *frames: bytes) -> bool:
        last = len(frames) - 1
        send = self._socket.send
        try:
            for index, frame in enumerate(frames):
                send(frame, zmq.NOBLOCK | zmq.SNDMORE if index < last else zmq.NOBLOCK)
        except zmq.Again:
            return False
        except zmq.ZMQError as error:
            if error.errno in (zmq.EHOSTUNREACH, zmq.ENOTSOCK, zmq.ETERM):
                return False
            raise
        finally:
            if not self._armed:
                self._arm()
        return True

    def subscribe(self, topic: bytes) -> None:
        if not self._closed:
            self._socket.setsockopt(zmq.SUBSCRIBE, topic)
            self._arm()

    def unsubscribe(self, topic: bytes) -> None:
        if not self._closed:
            self._socket.setsockopt(zmq.UNSUBSCRIBE, topic)
            self._arm()

    def on_drained(self, callback: Callable[[], None]) -> None:
        self._on_drained = callback

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._fd)
            self._socket.close(LINGER_MS)

    def _arm(self) -> None:
        if self._closed or self._armed:
            return
        self._armed = True
        if self._recheck_s:
            self._loop.call_later(self._recheck_s, self._drain)
        else:
            self._loop.call_soon(self._drain)

    def _drain(self) -> None:
        if self._closed:
            return
        self._armed = True  # sends from handlers need no extra turn: this drain reads to EAGAIN
        receive, handle = self._socket.recv_multipart, self._on_message
        for _ in range(DRAIN_BUDGET):
            try:
                frames = receive(zmq.NOBLOCK)
            except zmq.Again:
                self._armed = False
                if self._on_drained is not None:
                    self._on_drained()
                return
            handle(frames)
            if self._socket.closed:
                return
        self._loop.call_soon(self._drain)


class ZmqTransport:
    """ZeroMQ over ``ipc://`` and ``tcp://``, its descriptors in the running loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context(io_threads=1)
        self._ports: list[_Port] = []

    def publisher(self, endpoint: str, on_message: Callable[[Frames], None]) -> Link:
        options = ((zmq.XPUB_VERBOSE, 1), (zmq.SNDHWM, PUBLISH_HWM), (zmq.XPUB_NODROP, 0))
        return self._port(zmq.XPUB, endpoint, True, on_message, options, PUBLISHER_RECHECK_S)

    def reader(self, endpoint: str, on_message: Callable[[Frames], None]) -> Link:
        # SNDHWM 0: a SUB sends nothing but subscriptions, and loses those over its mark without a word
        return self._port(zmq.SUB, endpoint, False, on_message, ((zmq.SNDHWM, 0), (zmq.RCVHWM, PUBLISH_HWM)))

    def server(self, endpoint: str, on_message: Callable[[Frames], None]) -> Link:
        options = ((zmq.ROUTER_MANDATORY, 1), (zmq.SNDHWM, REQUEST_HWM), (zmq.RCVHWM, REQUEST_HWM))
        return self._port(zmq.ROUTER, endpoint, True, on_message, options)

    def caller(self, endpoint: str, on_message: Callable[[Frames], None]) -> Link:
        options = ((zmq.IMMEDIATE, 1), (zmq.SNDHWM, REQUEST_HWM), (zmq.RCVHWM, REQUEST_HWM))
        return self._port(zmq.DEALER, endpoint, False, on_message, options)

    def close(self) -> None:
        for port in self._ports:
            port.close()
        self._ports.clear()
        self._context.term()

    def _port(
        self,
        kind: int,
        endpoint: str,
        bind: bool,
        on_message: Callable[[Frames], None],
        options: Sequence[tuple[int, int]],
        recheck_s: float = 0.0,
    ) -> Link:
        socket = self._context.socket(kind)
        common = (
            (zmq.LINGER, LINGER_MS),
            (zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES),
            (zmq.RECONNECT_IVL, RECONNECT_MS),
            (zmq.RECONNECT_IVL_MAX, RECONNECT_MAX_MS),
            (zmq.HANDSHAKE_IVL, HANDSHAKE_MS),
            (zmq.HEARTBEAT_IVL, ZMTP_HEARTBEAT_MS),
            (zmq.HEARTBEAT_TIMEOUT, ZMTP_TIMEOUT_MS),
        )
        for option, value in (*common, *options):
            socket.setsockopt(option, value)
        try:
            socket.bind(endpoint) if bind else socket.connect(endpoint)
        except zmq.ZMQError as error:
            socket.close(0)
            raise OSError(error.errno, f"cannot {'bind' if bind else 'connect'} {endpoint}: {error}") from error
        port = _Port(self._loop, socket, on_message, recheck_s)
        self._ports.append(port)
        return port
