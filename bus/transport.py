"""Sockets inside an asyncio loop, without a thread hop.

The loop watches libzmq's descriptor as a reader. That descriptor is edge-triggered and every operation that lets
libzmq process its commands (a send, a connect, a look at its events) may eat the edge, so three rules hold here:

1. After every such operation one read-to-EAGAIN is scheduled: once per loop turn for request sockets, at most every
   20 ms for a publisher, whose only input are subscriptions (a re-check per publish cost 10.6 us, by timer 4.2 us).
2. A drain has a budget, so that a flooded socket leaves turns to timers and other sockets (loop delay under flood:
   4 ms with 64, 236 ms without).
3. A scheduled drain is guarded against the socket's close.

Sends never block. `send` says False where nothing was sent: no peer, a full queue, or a peer that is gone.

With an identity (see `bus.security`), servers and private publishers speak CURVE and let in whom the ring names, and
callers and readers that are given a server's key prove their own. Without one nothing is encrypted and nobody is asked:
for the bus alone, in tests and in tools of one's own.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

import zmq

from bus.codec import MAX_MESSAGE_BYTES
from bus.security import Identity, KeyRing, zap

__all__ = ["Asked", "Frames", "Link", "Transport", "ZmqTransport"]

Frames = list[bytes]
Asked = Callable[[Frames, str], None]
"""What a server hands each message to: its frames, and the key that the connection proved (empty where none is asked).
"""

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
PEERS_KEPT = 4_096
"""Connections whose key a server remembers: to ask libzmq for it costs 2 us a message. A forgotten one is looked up."""
KNOCK_S = 10.0
"""How long a server of ours may take to turn a stranger away: milliseconds, but on a busy machine."""
_ZAP_ENFORCE_DOMAIN = 93
"""A socket option that pyzmq has no name for: without it a CURVE server with no ZAP handler lets anybody in."""


class Link(Protocol):
    """One socket of a transport."""

    def send(self, *frames: bytes) -> bool:
        """Send one message; False where nothing was sent. Never blocks."""

    def subscribe(self, topic: bytes) -> None:
        """Ask for a topic (reader sockets only). A closed link asks for nothing."""

    def unsubscribe(self, topic: bytes) -> None:
        """Take one `subscribe` back (reader sockets only)."""

    def close(self) -> None:
        """Close the socket. May be called twice."""


class Transport(Protocol):
    """Makes the four sockets of the bus. `on_message` is called in the loop with the frames of each message."""

    def publisher(self, endpoint: str, on_message: Callable[[Frames], None]) -> Link:
        """Bind a publisher; messages are subscription frames (first byte 1 or 0, then the topic)."""

    def private_publisher(self, endpoint: str, grants: Callable[[bytes, str], bool]) -> Link:
        """Bind a publisher that asks `grants` about each subscription: (topic, the reader's key)."""

    def reader(self, endpoint: str, on_message: Callable[[Frames], None], server_key: str = "") -> Link:
        """Connect a reader; to a private publisher with its public key."""

    def server(self, endpoint: str, on_message: Asked) -> Link:
        """Bind a server; the first frame of each message names the peer and goes first in the answer."""

    def caller(self, endpoint: str, on_message: Callable[[Frames], None], server_key: str = "") -> Link:
        """Connect a caller; to a server that asks for keys with its public key."""

    @property
    def key(self) -> str:
        """The public key that our connections prove, empty where there are none."""

    async def lets_strangers_in(self, endpoint: str, publishes: bool) -> bool:
        """Knock at a closed endpoint of our own with a key that nobody knows; True where it is let in."""

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
        for _ in range(DRAIN_BUDGET):
            try:
                self._take()
            except zmq.Again:
                self._armed = False
                return
            if self._socket.closed:
                return
        self._loop.call_soon(self._drain)

    def _take(self) -> None:
        """Receive one message and hand it on. Raises zmq.Again where there is none."""
        self._on_message(self._socket.recv_multipart(zmq.NOBLOCK))


class _ServerPort(_Port):
    """A ROUTER: it knows the key that each connection proved."""

    def __init__(self, loop: asyncio.AbstractEventLoop, socket: zmq.Socket[bytes], on_message: Asked) -> None:
        self._on_request = on_message
        self._keys: OrderedDict[bytes, str] = OrderedDict()
        super().__init__(loop, socket, lambda frames: None)

    def _take(self) -> None:
        peer = self._socket.recv(zmq.NOBLOCK)  # libzmq hands out whole messages: the other frames are there
        key = self._keys.get(peer)
        if key is not None:
            self._on_request([peer, *self._socket.recv_multipart(zmq.NOBLOCK)] if self._has_more() else [peer], key)
            return
        frames = self._socket.recv_multipart(zmq.NOBLOCK, copy=False) if self._has_more() else []
        key = _user_id(frames[-1]) if frames else ""
        self._keys[peer] = key
        if len(self._keys) > PEERS_KEPT:
            self._keys.popitem(last=False)
        self._on_request([peer, *(frame.bytes for frame in frames)], key)

    def _has_more(self) -> bool:
        return bool(self._socket.getsockopt(zmq.RCVMORE))


class _PrivatePort(_Port):
    """An XPUB in manual mode: a subscription has no effect until it is granted to its reader."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, socket: zmq.Socket[bytes], grants: Callable[[bytes, str], bool]
    ) -> None:
        self._grants = grants
        super().__init__(loop, socket, lambda frames: None, PUBLISHER_RECHECK_S)

    def _take(self) -> None:
        frames = self._socket.recv_multipart(zmq.NOBLOCK, copy=False)
        word = frames[0].bytes
        if len(frames) != 1 or word[:1] not in (b"\0", b"\1"):
            return
        try:
            if word[:1] == b"\0":
                self._socket.setsockopt(zmq.UNSUBSCRIBE, word[1:])
            elif self._grants(word[1:], _user_id(frames[0])):
                self._socket.setsockopt(zmq.SUBSCRIBE, word[1:])
        except zmq.ZMQError as error:
            if error.errno != zmq.EINVAL:  # the reader is gone: its subscriptions went with it
                raise


def _user_id(frame: zmq.Frame) -> str:
    try:
        return str(frame.get("User-Id"))
    except zmq.ZMQError:  # the connection proved nothing, or is gone
        return ""


class ZmqTransport:
    """ZeroMQ over ``ipc://`` and ``tcp://``, its descriptors in the running loop.

    `refused` is told the key and the address of each peer that was not let in.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        identity: Identity | None = None,
        refused: Callable[[str, str], None] = lambda key, address: None,
    ) -> None:
        self.identity = identity
        self._loop = loop
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context(io_threads=1)
        self._ports: list[_Port] = []
        self._knocking = ""
        if identity is not None and identity.ring is not None:
            self._ports.append(self._zap_handler(identity.ring, refused))

    def publisher(self, endpoint: str, on_message: Callable[[Frames], None]) -> Link:
        socket = self._socket(zmq.XPUB, PUBLISH_HWM, (zmq.XPUB_VERBOSE, 1))
        if endpoint.startswith("tcp://"):
            self._close_to_strangers(socket)
        elif self._has_ring:
            socket.setsockopt(zmq.ZAP_DOMAIN, zap.OPEN_DOMAIN)
            socket.setsockopt(_ZAP_ENFORCE_DOMAIN, 1)
        return self._add(_Port(self._loop, _bound(socket, endpoint), on_message, PUBLISHER_RECHECK_S))

    def private_publisher(self, endpoint: str, grants: Callable[[bytes, str], bool]) -> Link:
        socket = self._socket(zmq.XPUB, PUBLISH_HWM, (zmq.XPUB_MANUAL, 1))
        self._close_to_strangers(socket)
        return self._add(_PrivatePort(self._loop, _bound(socket, endpoint), grants))

    def reader(self, endpoint: str, on_message: Callable[[Frames], None], server_key: str = "") -> Link:
        # SNDHWM 0: a SUB sends nothing but subscriptions, and loses those over its mark without a word
        socket = self._socket(zmq.SUB, PUBLISH_HWM, (zmq.SNDHWM, 0))
        self._prove(socket, server_key)
        return self._add(_Port(self._loop, _connected(socket, endpoint), on_message))

    def server(self, endpoint: str, on_message: Asked) -> Link:
        socket = self._socket(zmq.ROUTER, REQUEST_HWM, (zmq.ROUTER_MANDATORY, 1))
        self._close_to_strangers(socket)
        return self._add(_ServerPort(self._loop, _bound(socket, endpoint), on_message))

    def caller(self, endpoint: str, on_message: Callable[[Frames], None], server_key: str = "") -> Link:
        socket = self._socket(zmq.DEALER, REQUEST_HWM, (zmq.IMMEDIATE, 1))
        self._prove(socket, server_key)
        return self._add(_Port(self._loop, _connected(socket, endpoint), on_message))

    @property
    def key(self) -> str:
        return self.identity.keys.public if self.identity is not None else ""

    async def lets_strangers_in(self, endpoint: str, publishes: bool) -> bool:
        own = self.key.encode()
        if not own:
            return True
        socket = self._socket(zmq.SUB if publishes else zmq.DEALER, 1)
        socket.curve_serverkey = own
        public, secret = zmq.curve_keypair()
        socket.curve_publickey, socket.curve_secretkey = public, secret
        self._knocking = public.decode()
        met: asyncio.Future[bool] = self._loop.create_future()

        def on_event(frames: Frames) -> None:
            event = int.from_bytes(frames[0][:2], "little")
            if event in _HANDSHAKE_ENDS and not met.done():
                met.set_result(event == zmq.EVENT_HANDSHAKE_SUCCEEDED)

        monitor = _Port(self._loop, socket.get_monitor_socket(), on_event)
        try:
            socket.connect(endpoint)
            return await asyncio.wait_for(met, KNOCK_S)
        except TimeoutError:
            return True  # what cannot be shown to be closed counts as open
        finally:
            socket.disable_monitor()
            monitor.close()
            socket.close(0)

    def close(self) -> None:
        for port in reversed(self._ports):  # the ZAP handler last
            port.close()
        self._ports.clear()
        self._context.term()

    @property
    def _has_ring(self) -> bool:
        return self.identity is not None and self.identity.ring is not None

    def _socket(self, kind: int, mark: int, *options: tuple[int, int]) -> zmq.Socket[bytes]:
        socket = self._context.socket(kind)
        for option, value in (*_COMMON, (zmq.SNDHWM, mark), (zmq.RCVHWM, mark), *options):
            socket.setsockopt(option, value)
        return socket

    def _close_to_strangers(self, socket: zmq.Socket[bytes]) -> None:
        """Ask each peer for a key of the ring."""
        if self.identity is None:
            return
        socket.curve_server = True
        socket.curve_secretkey = self.identity.keys.secret.encode()
        socket.setsockopt(zmq.ZAP_DOMAIN, zap.CLOSED_DOMAIN)
        socket.setsockopt(_ZAP_ENFORCE_DOMAIN, 1)

    def _prove(self, socket: zmq.Socket[bytes], server_key: str) -> None:
        if self.identity is not None and server_key:
            socket.curve_serverkey = server_key.encode()
            socket.curve_publickey = self.identity.keys.public.encode()
            socket.curve_secretkey = self.identity.keys.secret.encode()

    def _zap_handler(self, ring: KeyRing, refused: Callable[[str, str], None]) -> _Port:
        socket = self._context.socket(zmq.REP)
        socket.linger = 0

        def on_request(frames: Frames) -> None:
            port.send(*zap.answer(frames, ring, tell))

        def tell(key: str, address: str) -> None:
            if key != self._knocking:
                refused(key, address)

        port = _Port(self._loop, _bound(socket, zap.ZAP_ENDPOINT), on_request)
        return port

    def _add(self, port: _Port) -> Link:
        self._ports.append(port)
        return port


_HANDSHAKE_ENDS = (
    zmq.EVENT_HANDSHAKE_SUCCEEDED,
    zmq.EVENT_HANDSHAKE_FAILED_AUTH,
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL,
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL,
)
_COMMON = (
    (zmq.LINGER, LINGER_MS),
    (zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES),
    (zmq.RECONNECT_IVL, RECONNECT_MS),
    (zmq.RECONNECT_IVL_MAX, RECONNECT_MAX_MS),
    (zmq.HANDSHAKE_IVL, HANDSHAKE_MS),
    (zmq.HEARTBEAT_IVL, ZMTP_HEARTBEAT_MS),
    (zmq.HEARTBEAT_TIMEOUT, ZMTP_TIMEOUT_MS),
)


def _bound(socket: zmq.Socket[bytes], endpoint: str) -> zmq.Socket[bytes]:
    try:
        socket.bind(endpoint)
    except zmq.ZMQError as error:
        socket.close(0)
        raise OSError(error.errno, f"cannot bind {endpoint}: {error}") from error
    return socket


def _connected(socket: zmq.Socket[bytes], endpoint: str) -> zmq.Socket[bytes]:
    try:
        socket.connect(endpoint)
    except zmq.ZMQError as error:
        socket.close(0)
        raise OSError(error.errno, f"cannot connect {endpoint}: {error}") from error
    return socket
