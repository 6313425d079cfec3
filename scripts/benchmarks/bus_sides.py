"""What both processes of the bus benchmark share: the contenders, where they meet, and how one is encrypted."""

from __future__ import annotations

import asyncio
import json

import msgspec

from bus.transport import Transport, ZmqTransport
from scripts.benchmarks.bus_raw import CurveKeys

__all__ = ["BOOK", "KINDS", "TICKS", "Endpoints", "is_encrypted", "new_transport"]

TICKS = "market/BENCH/quote/BTCUSDT.BENCH/"
BOOK = "market/BENCH/book/BTCUSDT.BENCH/"

KINDS = ("ours", "raw", "raw_curve")
"""The contenders: the bus, bare pyzmq, bare pyzmq with CURVE. The bus with CURVE would be ``ours_curve``."""


def is_encrypted(kind: str) -> bool:
    """True for a contender that speaks CURVE."""
    return kind.endswith("_curve")


def new_transport(loop: asyncio.AbstractEventLoop, keys: CurveKeys, kind: str) -> Transport:
    """Make the transport of a contender that is the bus: with an encrypted one, ``ours_curve`` is a contender too."""
    if is_encrypted(kind):
        raise NotImplementedError("the transport takes no keys yet")
    return ZmqTransport(loop)


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

    def write(self) -> str:
        """Return it as an argument for the other process."""
        return json.dumps([self.folder, *(key.decode() for key in self.keys)])

    @classmethod
    def read(cls, text: str) -> Endpoints:
        """Read what `write` wrote."""
        folder, public, secret = json.loads(text)
        return cls(folder, (public.encode(), secret.encode()))
