"""Read the counter of `bus_publisher.py`: ``python bus_reader.py ipc:///tmp/counter``."""

import asyncio
import sys

from bus.streams import Reader, Subscription
from bus.transport import ZmqTransport


async def main(endpoint: str) -> None:
    """Print the whole state at the join, then each change; and STALE whenever neither is to be trusted."""
    loop = asyncio.get_running_loop()
    transport = ZmqTransport(loop)
    reader = Reader(transport, loop, endpoint, "counter")
    reader.subscribe(
        Subscription(
            "state/actor/counter/",
            lambda message, header, topic: print(header.epoch, header.seq, message, flush=True),
            lambda topic, reason: print("STALE:", reason, flush=True),
        )
    )
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1]))
