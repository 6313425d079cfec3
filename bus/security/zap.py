"""The ZAP handler: libzmq asks it about each new connection, in this process, before anything is delivered.

The protocol is https://rfc.zeromq.org/spec/27/: a request is version, id, domain, address, socket identity, mechanism
and credentials; the answer's user id is given with each message of the connection as its ``User-Id``. It runs in the
actor's own loop, for an actor that hangs must not let anybody in either. (pyzmq's own authenticator runs in a thread
or needs pyzmq's asyncio sockets.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import zmq.utils.z85 as z85

from bus.security.keys import KeyRing

__all__ = ["CLOSED_DOMAIN", "OPEN_DOMAIN", "ZAP_ENDPOINT", "answer"]

ZAP_ENDPOINT: Final = "inproc://zeromq.zap.01"
CLOSED_DOMAIN: Final = b"floor"
"""Of servers, private publishers and everything on tcp: by key."""
OPEN_DOMAIN: Final = b"market"
"""Of market-data publishers on the host itself: the run directory's mode says who may come; with a domain a peer that
speaks no ZMTP is cut at once, without one it stays connected."""


def answer(request: list[bytes], ring: KeyRing, refused: Callable[[str, str], None]) -> list[bytes]:
    """Return the answer to a ZAP request; `refused` is told the key and the address of who is not let in."""
    version, number, domain, address, _, mechanism, *credentials = [*request, *[b""] * (6 - len(request))]
    if domain == OPEN_DOMAIN and mechanism == b"NULL":
        return [version, number, b"200", b"OK", b"", b""]
    key = ""
    if domain == CLOSED_DOMAIN and mechanism == b"CURVE" and credentials and len(credentials[0]) == 32:
        key = z85.encode(credentials[0]).decode()
        ring.refresh()
        if ring.role_of(key):
            return [version, number, b"200", b"OK", key.encode(), b""]
    refused(key, address.decode(errors="replace"))
    return [version, number, b"400", b"not on the floor's list", b"", b""]
