"""Knocking at a door: how a server takes a key, told by the handshake alone, before anything is asked.

A caller that is not let in sees no more than one whose server is away: nothing can be sent. libzmq's own events tell
them apart: a key that is not on the list is answered so, a server whose own key is another than we were told cannot
read our greeting and cuts us off, and where nobody listens no handshake begins.
"""

from __future__ import annotations

import asyncio
from enum import Enum

import zmq

from bus.transport.link import Frames
from bus.transport.ports import Port

__all__ = ["Welcome", "knock"]

CUTS = 3
"""Handshakes that end without a word before it counts: a server that is just ending cuts one."""


class Welcome(Enum):
    """How a knock was answered."""

    LET_IN = 1
    NOT_LET_IN = 2
    """The server does not know our key."""
    NOT_KNOWN = 3
    """What listens there has another key than we were told: it is another server, or none of ours."""
    NO_ANSWER = 4


async def knock(loop: asyncio.AbstractEventLoop, socket: zmq.Socket[bytes], endpoint: str, limit_s: float) -> Welcome:
    """Connect a socket that has its keys, see how the handshake ends, and close it."""
    met: asyncio.Future[Welcome] = loop.create_future()
    cuts = 0

    def on_event(frames: Frames) -> None:
        nonlocal cuts
        event = int.from_bytes(frames[0][:2], "little")
        cuts += event in _CUT
        welcome = Welcome.NOT_KNOWN if cuts >= CUTS else _ENDS.get(event)
        if welcome is not None and not met.done():
            met.set_result(welcome)

    monitor = Port(loop, socket.get_monitor_socket(), on_event)
    try:
        socket.connect(endpoint)
        return await asyncio.wait_for(met, limit_s)
    except TimeoutError:
        return Welcome.NO_ANSWER
    finally:
        socket.disable_monitor()
        monitor.close()
        socket.close(0)


_ENDS = {
    int(zmq.EVENT_HANDSHAKE_SUCCEEDED): Welcome.LET_IN,
    int(zmq.EVENT_HANDSHAKE_FAILED_AUTH): Welcome.NOT_LET_IN,
}
_CUT = (int(zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL), int(zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL))
