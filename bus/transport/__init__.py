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

from bus.transport.knock import Welcome
from bus.transport.link import Asked, Frames, Link, PrivateLink, Transport
from bus.transport.zeromq import ZmqTransport, bind_problem

__all__ = ["Asked", "Frames", "Link", "PrivateLink", "Transport", "Welcome", "ZmqTransport", "bind_problem"]
