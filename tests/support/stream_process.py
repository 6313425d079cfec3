"""One end of a stream in a process of its own, to be stopped and killed: ``stream_process.py publish|read ENDPOINT``.

The publisher counts a topic up every 10 ms. The reader prints a line for each thing that it is told: a number, or why
it is STALE.
"""

from __future__ import annotations

import asyncio
import sys

from actors.runtime.loop_actor import new_event_loop
from bus.clock import SystemClock
from bus.messages import Acknowledged, Message
from bus.streams import Publisher, Reader, Subscription
from bus.transport import ZmqTransport

TOPIC = "state/actor/a/"


async def publish(endpoint: str) -> None:
    """Count up."""
    loop = asyncio.get_running_loop()
    count = 0

    def state(topic: str) -> Message:
        return Acknowledged(count)

    publisher = Publisher(
        ZmqTransport(loop), loop, SystemClock(), endpoint, "owner", ("state/",), state, lambda _: None, lambda _: None
    )
    publisher.epoch = 1
    print("ready", flush=True)
    while True:
        await asyncio.sleep(0.01)
        count += 1
        publisher.publish(TOPIC, Acknowledged(count))


async def read(endpoint: str) -> None:
    """Say what is told."""
    reader = Reader(ZmqTransport(loop := asyncio.get_running_loop()), loop, endpoint, "owner")

    def on_message(message: Message, header: object, topic: str) -> None:
        assert isinstance(message, Acknowledged)
        print(message.upto, flush=True)

    reader.subscribe(Subscription(TOPIC, on_message, lambda topic, reason: print(reason, flush=True)))
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run({"publish": publish, "read": read}[sys.argv[1]](sys.argv[2]))
