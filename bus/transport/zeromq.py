"""The transport over ZeroMQ: socket options, keys, and the knock at our own doors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import zmq

from bus.codec import MAX_MESSAGE_BYTES
from bus.security import Identity, KeyRing, zap
from bus.transport.knock import Welcome, knock
from bus.transport.link import Asked, Frames, Link, PrivateLink
from bus.transport.ports import LINGER_MS, PUBLISHER_RECHECK_S, KeyedPort, Port, PrivatePort, ServerPort

__all__ = ["ZmqTransport", "bind_problem"]

PUBLISH_HWM = 100_000
"""Messages a publisher keeps for one slow reader before it drops (and the reader sees the gap)."""
REQUEST_HWM = 10_000
"""Requests waiting in one pipe; beyond it a sender is told that nothing was sent."""
RECONNECT_MS, RECONNECT_MAX_MS = 20, 500
"""A restarted peer is back within this; the maximum keeps a lost one cheap."""
HANDSHAKE_MS = 2_000
"""A peer that does not finish its greeting within this is cut (libzmq's own default is 30 s)."""
ZMTP_HEARTBEAT_MS, ZMTP_TIMEOUT_MS = 2_000, 10_000
"""A frozen peer's pipe is closed after the timeout; it must exceed the longest stop that is forgiven."""
KNOCK_S = 10.0
"""How long a server of ours may take to turn a stranger away: milliseconds, but on a busy machine."""
_ZAP_ENFORCE_DOMAIN = 93
"""A socket option that pyzmq has no name for: without it a CURVE server with no ZAP handler lets anybody in."""


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
        self._ports: list[Port] = []
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
        return self._add(Port(self._loop, _bound(socket, endpoint), on_message, PUBLISHER_RECHECK_S))

    def remote_publisher(self, endpoint: str, on_message: Callable[[Frames], None]) -> PrivateLink:
        port = KeyedPort(self._loop, (endpoint,), self._closed_publisher(zmq.XPUB_VERBOSE), on_message)
        self._ports.append(port)
        return port

    def private_publisher(self, endpoint: str, grants: Callable[[bytes, str], bool], remote: str = "") -> PrivateLink:
        endpoints = (endpoint, remote) if remote else (endpoint,)
        port = PrivatePort(self._loop, endpoints, self._closed_publisher(zmq.XPUB_MANUAL), grants)
        self._ports.append(port)
        return port

    def reader(self, endpoint: str, on_message: Callable[[Frames], None], server_key: str = "") -> Link:
        # SNDHWM 0: a SUB sends nothing but subscriptions, and loses those over its mark without a word
        socket = self._socket(zmq.SUB, PUBLISH_HWM, (zmq.SNDHWM, 0))
        self._prove(socket, server_key)
        return self._add(Port(self._loop, _connected(socket, endpoint), on_message))

    def server(self, endpoint: str, on_message: Asked, remote: str = "") -> Link:
        socket = self._socket(zmq.ROUTER, REQUEST_HWM, (zmq.ROUTER_MANDATORY, 1))
        self._close_to_strangers(socket)
        endpoints = (endpoint, remote) if remote else (endpoint,)
        return self._add(ServerPort(self._loop, _bound(socket, *endpoints), on_message))

    def caller(self, endpoint: str, on_message: Callable[[Frames], None], server_key: str = "") -> Link:
        socket = self._socket(zmq.DEALER, REQUEST_HWM, (zmq.IMMEDIATE, 1))
        self._prove(socket, server_key)
        return self._add(Port(self._loop, _connected(socket, endpoint), on_message))

    @property
    def key(self) -> str:
        return self.identity.keys.public if self.identity is not None else ""

    async def lets_strangers_in(self, endpoint: str, publishes: bool) -> bool:
        own = self.key.encode()
        if not own:
            return True
        public, secret = zmq.curve_keypair()
        self._knocking = public.decode()
        kind = zmq.SUB if publishes else zmq.DEALER
        welcome = await self._knock(kind, endpoint, own, (public, secret), KNOCK_S)
        return welcome in (Welcome.LET_IN, Welcome.NO_ANSWER)  # what cannot be shown to be closed counts as open

    async def knock(self, endpoint: str, server_key: str, limit_s: float) -> Welcome:
        """Knock at a server's door with our own key, and tell how it is taken."""
        assert self.identity is not None
        own = self.identity.keys
        keys = (own.public.encode(), own.secret.encode())
        return await self._knock(zmq.DEALER, endpoint, server_key.encode(), keys, limit_s)

    async def _knock(
        self, kind: int, endpoint: str, server_key: bytes, keys: tuple[bytes, bytes], limit_s: float
    ) -> Welcome:
        socket = self._socket(kind, 1)
        socket.curve_serverkey = server_key
        socket.curve_publickey, socket.curve_secretkey = keys
        return await knock(self._loop, socket, endpoint, limit_s)

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
        common = (
            (zmq.LINGER, LINGER_MS),
            (zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES),
            (zmq.RECONNECT_IVL, RECONNECT_MS),
            (zmq.RECONNECT_IVL_MAX, RECONNECT_MAX_MS),
            (zmq.HANDSHAKE_IVL, HANDSHAKE_MS),
            (zmq.HEARTBEAT_IVL, ZMTP_HEARTBEAT_MS),
            (zmq.HEARTBEAT_TIMEOUT, ZMTP_TIMEOUT_MS),
        )
        for option, value in (*common, (zmq.SNDHWM, mark), (zmq.RCVHWM, mark), *options):
            socket.setsockopt(option, value)
        return socket

    def _closed_publisher(self, mode: int) -> Callable[[tuple[str, ...]], zmq.Socket[bytes]]:
        """Return what opens a publisher that asks for keys, as often as its readers have to prove theirs anew."""

        def open_socket(endpoints: tuple[str, ...]) -> zmq.Socket[bytes]:
            socket = self._socket(zmq.XPUB, PUBLISH_HWM, (mode, 1))
            self._close_to_strangers(socket)
            return _bound(socket, *endpoints)

        return open_socket

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

    def _zap_handler(self, ring: KeyRing, refused: Callable[[str, str], None]) -> Port:
        socket = self._context.socket(zmq.REP)
        socket.linger = 0

        def on_request(frames: Frames) -> None:
            port.send(*zap.answer(frames, ring, tell))

        def tell(key: str, address: str) -> None:
            if key != self._knocking:
                refused(key, address)

        port = Port(self._loop, _bound(socket, zap.ZAP_ENDPOINT), on_request)
        return port

    def _add(self, port: Port) -> Link:
        self._ports.append(port)
        return port


def bind_problem(endpoint: str) -> str:
    """Say why no socket can be bound there now, empty where one can. Nothing stays bound."""
    with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
        try:
            socket.bind(endpoint)
        except zmq.ZMQError as error:
            return "is in use" if error.errno == zmq.EADDRINUSE else f"cannot be had ({zmq.strerror(error.errno or 0)})"
    return ""


def _bound(socket: zmq.Socket[bytes], *endpoints: str) -> zmq.Socket[bytes]:
    for endpoint in endpoints:
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
