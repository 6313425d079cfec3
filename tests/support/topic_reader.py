"""Reads topics of a floor in a process of its own, to be killed: ``topic_reader.py RUN_DIR TOPIC...``.

It prints a line for each message: the topic's kind. A line on standard input ends it in good order.
"""

from __future__ import annotations

import asyncio
import sys

from actors.monitor.visitor import Visitor
from bus.codec import Header
from bus.messages import Message


async def main(run_dir: str, names: list[str]) -> None:
    """Read until told to end."""
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    loop.add_reader(sys.stdin, done.set)

    def keep(message: Message, header: Header, topic: str) -> None:
        print(topic, flush=True)

    async with Visitor(run_dir, "test") as visitor:
        for name in names:
            visitor.member.subscribe(name, keep)
        await done.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
