"""What a transport offers, as Protocols: four kinds of sockets whose messages come in the loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

__all__ = ["Asked", "Frames", "Link", "PrivateLink", "Transport"]

Frames = list[bytes]
Asked = Callable[[Frames, str], None]
"""What a server hands each message to: its frames, and the key that the connection proved (empty where none is asked).
"""


class Link(Protocol):
    """One socket of a transport. `remote` is its address for other hosts, empty where it has none."""

    remote: str

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


class PrivateLink(Link, Protocol):
    """The socket of a publisher whose readers prove a key."""

    def renew(self) -> None:
        """Cut every reader off, so that each has to prove its key anew."""


class Transport(Protocol):
    """Makes the four sockets of the bus. `on_message` is called in the loop with the frames of each message."""

    def publisher(self, endpoint: str, on_message: Callable[[Frames], None]) -> Link:
        """Bind a publisher; messages are subscription frames (first byte 1 or 0, then the topic)."""

    def remote_publisher(self, endpoint: str, on_message: Callable[[Frames], None]) -> PrivateLink:
        """Bind a publisher for other hosts, as `publisher` but by key, at a ``tcp://HOST:PORT`` (``*``: any port)."""

    def private_publisher(self, endpoint: str, grants: Callable[[bytes, str], bool], remote: str = "") -> PrivateLink:
        """Bind a publisher that asks `grants` about each subscription: (topic, the reader's key).

        With `remote`, a ``tcp://HOST:PORT`` (``*``: any port), it is bound there as well.
        """

    def reader(self, endpoint: str, on_message: Callable[[Frames], None], server_key: str = "") -> Link:
        """Connect a reader; to a private publisher with its public key."""

    def server(self, endpoint: str, on_message: Asked, remote: str = "") -> Link:
        """Bind a server, with `remote` there as well; the first frame of each message names the peer and goes first in
        the answer."""

    def caller(self, endpoint: str, on_message: Callable[[Frames], None], server_key: str = "") -> Link:
        """Connect a caller; to a server that asks for keys with its public key."""

    @property
    def key(self) -> str:
        """The public key that our connections prove, empty where there are none."""

    async def lets_strangers_in(self, endpoint: str, publishes: bool) -> bool:
        """Knock at a closed endpoint of our own with a key that nobody knows; True where it is let in."""

    def close(self) -> None:
        """Close what is still open."""
