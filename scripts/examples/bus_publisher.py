"""Publish a counter on the bus: ``python bus_publisher.py ipc:///tmp/counter``."""

import asyncio
import sys
import time

from bus.clock import SystemClock
from bus.messages import Acknowledged
from bus.streams import Publisher
from bus.transport import ZmqTransport


async def main(endpoint: str) -> None:
    """Count ten times a second; a reader that joins is given the count as it is."""
    loop, count = asyncio.get_running_loop(), 0
    transport = ZmqTransport(loop)
    publisher = Publisher(
        transport, loop, SystemClock(), endpoint, "counter", ["state/actor/"], lambda topic: Acknowledged(count)
    )
    publisher.epoch = int(time.time())  # a new life has a higher epoch than all before it
    while True:
        await asyncio.sleep(0.1)
        count += 1
        publisher.publish("state/actor/counter/", Acknowledged(count))


asyncio.run(main(sys.argv[1]))
