"""What both processes of the bus benchmark share: the contenders, where they meet, and how one is encrypted."""

from __future__ import annotations

import asyncio
import json

import msgspec

from bus.security import KeyStore
from bus.transport import ZmqTransport
from scripts.benchmarks.bus_raw import CurveKeys

__all__ = ["FAR", "KINDS", "NEAR", "Endpoints", "is_encrypted", "ticks_of", "book_of"]

KINDS = ("ours", "raw", "ours_curve", "raw_curve")
"""The contenders: the bus, bare pyzmq, and both with CURVE. Without it the bus carries market data on its own host."""
NEAR, FAR = "actor:near", "actor:far"


def is_encrypted(kind: str) -> bool:
    """True for a contender that speaks CURVE."""
    return kind.endswith("_curve")


def ticks_of(kind: str) -> str:
    """Return the topic of small messages; what the bus encrypts are private topics."""
    return "execution/bench/" if kind == "ours_curve" else "market/BENCH/quote/BTCUSDT.BENCH/"


def book_of(kind: str) -> str:
    """Return the topic of a large state."""
    return "account/bench/" if kind == "ours_curve" else "market/BENCH/book/BTCUSDT.BENCH/"


class Endpoints(msgspec.Struct, frozen=True):
    """Where the two processes meet, and the keys of whoever binds."""

    folder: str
    keys: CurveKeys

    def publisher(self, kind: str) -> str:
        """Where the near side publishes."""
        return f"ipc://{self.folder}/{kind}.pub"

    def server(self, kind: str) -> str:
        """Where the far side serves."""
        return f"ipc://{self.folder}/{kind}.req"

    @property
    def store(self) -> KeyStore:
        """The keys of the bus's own contenders."""
        return KeyStore(f"{self.folder}/keys")

    def transport(self, loop: asyncio.AbstractEventLoop, kind: str, role: str) -> ZmqTransport:
        """Make the transport of a contender that is the bus, in the process of this role."""
        return ZmqTransport(loop, self.store.identity(role)) if is_encrypted(kind) else ZmqTransport(loop)

    def key_of(self, kind: str, role: str) -> str:
        """Return the public key by which the other process is known; empty without CURVE."""
        return self.store.load(role).public if is_encrypted(kind) else ""

    def write(self) -> str:
        """Return it as an argument for the other process."""
        return json.dumps([self.folder, *(key.decode() for key in self.keys)])

    @classmethod
    def read(cls, text: str) -> Endpoints:
        """Read what `write` wrote."""
        folder, public, secret = json.loads(text)
        return cls(folder, (public.encode(), secret.encode()))
