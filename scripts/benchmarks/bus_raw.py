"""Bare pyzmq in an event loop: what the bus is held against. The same frames, the same sockets, nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import zmq

__all__ = ["CurveKeys", "RawPort", "new_keys"]

HWM = 100_000
"""As the bus's own: nothing of a burst is dropped."""

CurveKeys = tuple[bytes, bytes]
"""A public and a secret key, as text."""


def new_keys() -> CurveKeys:
    """Make a CURVE key pair."""
    return zmq.curve_keypair()


class RawPort:
    """One socket whose descriptor the loop watches; each message is handed to `on_message` as frames.

    `keys` are CURVE keys: the server's own pair where it binds; where it connects, the server's too (the caller's own
    are made here, and any is let in: this measures the cipher, not who may speak).
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        kind: int,
        endpoint: str,
        on_message: Callable[[list[bytes]], None],
        keys: CurveKeys | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = socket = context.socket(kind)
        self._on_message = on_message
        self._armed = False
        binds = kind in (zmq.XPUB, zmq.ROUTER)
        for option in (zmq.SNDHWM, zmq.RCVHWM):
            socket.setsockopt(option, 0 if kind == zmq.SUB and option == zmq.SNDHWM else HWM)
        if keys is not None:
            self._encrypt(keys, binds)
        socket.bind(endpoint) if binds else socket.connect(endpoint)
        self._rechecks = kind != zmq.XPUB  # a publisher's only input are subscriptions, which come before its sends
        self._fd = int(socket.getsockopt(zmq.FD))
        self._loop.add_reader(self._fd, self._drain)
        self._loop.call_soon(self._drain)

    def _encrypt(self, keys: CurveKeys, binds: bool) -> None:
        if binds:
            self._socket.curve_server = True
            self._socket.curve_publickey, self._socket.curve_secretkey = keys
        else:
            self._socket.curve_serverkey = keys[0]
            self._socket.curve_publickey, self._socket.curve_secretkey = zmq.curve_keypair()

    def send(self, *frames: bytes) -> None:
        """Send one message, frame by frame: faster than `send_multipart`, which looks at each frame first."""
        send, last = self._socket.send, len(frames) - 1
        for index, frame in enumerate(frames):
            send(frame, zmq.NOBLOCK | zmq.SNDMORE if index < last else zmq.NOBLOCK)
        if self._rechecks and not self._armed:
            self._armed = True
            self._loop.call_soon(self._drain)

    def subscribe(self, topic: bytes) -> None:
        """Ask for a topic."""
        self._socket.setsockopt(zmq.SUBSCRIBE, topic)
        self._loop.call_soon(self._drain)

    def unsubscribe(self, topic: bytes) -> None:
        """Take it back."""
        self._socket.setsockopt(zmq.UNSUBSCRIBE, topic)

    def close(self) -> None:
        """Close the socket."""
        self._loop.remove_reader(self._fd)
        self._socket.close(0)

    def _drain(self) -> None:
        self._armed = True
        receive, handle = self._socket.recv_multipart, self._on_message
        while not self._socket.closed:
            try:
                frames = receive(zmq.NOBLOCK)
            except zmq.Again:
                self._armed = False
                return
            handle(frames)
