"""Small actors for floors of real processes. `RestartActor(words)` sent to one is an order to misbehave."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from typing import Any

from actors.runtime import Actor, ActorExit, ExitCode
from actors.runtime import actor as actor_module
from bus.messages import Acknowledged, Empty, GetStatus, Message, Refused, RestartActor

actor_module.ORPHAN_S = 1.5


class Plain(Actor):
    """Says how many Python threads it has, and does as it is told."""

    handled = 0

    def counters(self) -> dict[str, int]:
        return {**super().counters(), "threads": threading.active_count(), "handled": self.handled}

    def on_acknowledged(self, message: Acknowledged, header: Any) -> Message:
        self.handled += 1
        return message

    def on_get_status(self, message: GetStatus, header: Any) -> Message:
        self.handled += 1
        return Empty()

    def on_restart_actor(self, message: RestartActor, header: Any) -> Message:
        what, _, code = message.name.partition(" ")
        if what == "block":
            self.loop.call_soon(time.sleep, 3600.0)  # this very answer still goes out
        elif what == "raise":
            raise ArithmeticError("a bug of ours")
        elif what == "end":
            raise ActorExit(ExitCode(int(code)), "told to")
        elif what == "die":
            os._exit(int(code))
        else:
            return Refused(message.code)  # type: ignore[attr-defined]
        return Empty()


class Leaver(Plain):
    """Is sent SIGTERM a second time, by itself, while it leaves."""

    async def end(self) -> None:
        os.kill(os.getpid(), 15)
        for _ in range(20):
            await asyncio.sleep(0.001)


class Deaf(Plain):
    """Does not stop for a signal, as one that hangs in its exit would not."""

    def on_signal(self, number: int) -> None:
        self.log.info("not listening", number=number)


class Exits(Actor):
    """Ends before it joins, with the code of its settings; -1 is a bug."""

    async def setup(self) -> None:
        code = self.context.settings["code"]
        if code < 0:
            raise ArithmeticError("a bug of ours")
        raise ActorExit(ExitCode(code), "as configured")
