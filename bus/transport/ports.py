"""ZeroMQ sockets as readers of an asyncio loop; the rules are at the head of `bus.transport`."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import zmq
from zmq.backend import Socket as Bare

from bus.transport.link import Asked, Frames

__all__ = ["LINGER_MS", "PUBLISHER_RECHECK_S", "KeyedPort", "Port", "PrivatePort", "ServerPort"]

DRAIN_BUDGET = 64
"""Messages read from one socket before other work gets its turn."""
PUBLISHER_RECHECK_S = 0.02
"""How long a new subscription may wait for its publisher's look, where a send has eaten the edge."""
LINGER_MS = 200
"""How long a closing socket may take to hand its last messages over."""
_SEND: Callable[[Any, bytes, int], object] = Bare.send
_RECEIVE: Callable[[Any, int], bytes] = Bare.recv
_GET: Callable[[Any, int], Any] = Bare.get
"""What `zmq.Socket` adds to these in Python is not needed here: with it, a message of three frames costs 17 us to send
and receive and a look at an empty socket 14, without it 9 and 7."""
_LAST, _MORE = int(zmq.NOBLOCK), int(zmq.NOBLOCK | zmq.SNDMORE)
_EVENTS, _RCVMORE, _POLLIN = int(zmq.EVENTS), int(zmq.RCVMORE), int(zmq.POLLIN)
PEERS_KEPT = 4_096
"""Connections whose key a server remembers: to ask libzmq for it costs 2 us a message. A forgotten one is looked up."""


class Port:
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
        self.remote = ""
        self._watch()

    def _watch(self) -> None:
        last = bytes(self._socket.getsockopt(zmq.LAST_ENDPOINT) or b"").rstrip(b"\0").decode()
        self.remote = last if last.startswith("tcp://") else ""
        self._fd = int(self._socket.getsockopt(zmq.FD))
        self._loop.add_reader(self._fd, self._drain)
        self._arm()

    def send(self, *frames: bytes) -> bool:
        socket, last = self._socket, len(frames) - 1
        try:
            for index, frame in enumerate(frames):
                _SEND(socket, frame, _MORE if index < last else _LAST)
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
            self._loop.call_later(self._recheck_s, self._look)
        else:
            self._loop.call_soon(self._look)

    def _look(self) -> None:
        """Drain after an operation of ours; mostly there is nothing, and that is cheaper to see than to be refused."""
        if not self._closed:
            if _GET(self._socket, _EVENTS) & _POLLIN:
                self._drain()
            else:
                self._armed = False

    def _drain(self) -> None:
        if self._closed:
            return
        self._armed = True  # sends from handlers need no extra turn: this drain reads until nothing is there
        for count in range(DRAIN_BUDGET):
            try:
                self._take()
            except zmq.Again:
                self._rest()
                return
            if self._socket.closed:
                return
            if not (count or _GET(self._socket, _EVENTS) & _POLLIN):  # one message is the rule; of many, none is asked
                self._rest()
                return
        self._loop.call_soon(self._drain)

    def _rest(self) -> None:
        """Everything that waited was read."""
        self._armed = False
        if self._on_drained is not None:
            self._on_drained()

    def _take(self) -> None:
        """Receive one message and hand it on. Raises zmq.Again where there is none."""
        self._on_message(_receive(self._socket))


class ServerPort(Port):
    """A ROUTER: it knows the key that each connection proved."""

    def __init__(self, loop: asyncio.AbstractEventLoop, socket: zmq.Socket[bytes], on_message: Asked) -> None:
        self._on_request = on_message
        self._keys: OrderedDict[bytes, str] = OrderedDict()
        super().__init__(loop, socket, lambda frames: None)

    def _take(self) -> None:
        peer = _RECEIVE(self._socket, _LAST)  # libzmq hands out whole messages: the other frames are there
        key = self._keys.get(peer)
        if key is not None:
            self._on_request([peer, *_receive(self._socket)] if self._has_more() else [peer], key)
            return
        frames = self._socket.recv_multipart(zmq.NOBLOCK, copy=False) if self._has_more() else []
        key = _user_id(frames[-1]) if frames else ""
        self._keys[peer] = key
        if len(self._keys) > PEERS_KEPT:
            self._keys.popitem(last=False)
        self._on_request([peer, *(frame.bytes for frame in frames)], key)

    def _has_more(self) -> bool:
        return bool(_GET(self._socket, _RCVMORE))


class KeyedPort(Port):
    """An XPUB whose readers proved a key, and can be asked for it again. The last endpoint is the one for other hosts,
    where there is one."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        endpoints: tuple[str, ...],
        open_socket: Callable[[tuple[str, ...]], zmq.Socket[bytes]],
        on_message: Callable[[Frames], None],
    ) -> None:
        self._endpoints, self._open = endpoints, open_socket
        self._ending: Port | None = None
        self._left = 0
        super().__init__(loop, open_socket(endpoints), on_message, PUBLISHER_RECHECK_S)
        if self.remote:
            self._endpoints = (*endpoints[:-1], self.remote)  # the port that the host chose

    def renew(self) -> None:
        """Cut every reader off and bind again, so that each has to prove its key anew.

        libzmq removes a bound path when its own thread gets to it, and would remove that of a socket bound meanwhile:
        so it is waited for.
        """
        if self._closed or self._ending is not None:
            return
        gone = self._socket.get_monitor_socket(zmq.EVENT_CLOSED)
        self._ending, self._left = Port(self._loop, gone, self._on_unbound), len(self._endpoints)
        for endpoint in self._endpoints:
            self._socket.unbind(endpoint)
        self._ending._arm()

    def _on_unbound(self, event: Frames) -> None:
        self._left -= 1
        if self._left > 0:
            return
        self._end_renewal()
        if not self._closed:
            self._loop.remove_reader(self._fd)
            self._socket.close(LINGER_MS)
            self._socket = self._open(self._endpoints)
            self._armed = False
            self._watch()

    def _end_renewal(self) -> None:
        if self._ending is not None:
            self._socket.disable_monitor()
            self._ending.close()
            self._ending = None

    def close(self) -> None:
        self._end_renewal()
        super().close()


class PrivatePort(KeyedPort):
    """An XPUB in manual mode: a subscription has no effect until it is granted to its reader."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        endpoints: tuple[str, ...],
        open_socket: Callable[[tuple[str, ...]], zmq.Socket[bytes]],
        grants: Callable[[bytes, str], bool],
    ) -> None:
        self._grants = grants
        super().__init__(loop, endpoints, open_socket, lambda frames: None)

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


def _receive(socket: zmq.Socket[bytes]) -> Frames:
    """Receive one message. Raises zmq.Again where there is none."""
    frames = [_RECEIVE(socket, _LAST)]
    while _GET(socket, _RCVMORE):
        frames.append(_RECEIVE(socket, _LAST))
    return frames


def _user_id(frame: zmq.Frame) -> str:
    try:
        return str(frame.get("User-Id"))
    except zmq.ZMQError:  # the connection proved nothing, or is gone
        return ""
