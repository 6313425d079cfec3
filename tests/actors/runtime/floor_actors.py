"""Small actors for floors of real processes. `RestartActor(words)` sent to one is an order to misbehave."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from typing import Any

from actors.runtime import Actor, ActorExit, ExitCode
from actors.runtime import actor as actor_module
from bus import topics
from bus.codec import Header
from bus.messages import Acknowledged, Empty, GetIntents, InstanceState, Message, Refused, RestartActor

actor_module.ORPHAN_S = 1.5
SAID = topics.topic("state", "instance", "X")


class Plain(Actor):
    """Says how many Python threads it has, and does as it is told."""

    handled = 0
    hoard: bytearray

    def counters(self) -> dict[str, int]:
        return {**super().counters(), "threads": threading.active_count(), "handled": self.handled}

    def on_get_intents(self, message: GetIntents, header: Any) -> Message:
        self.handled += 1
        return Acknowledged(message.after)

    def on_restart_actor(self, message: RestartActor, header: Any) -> Message:
        what, _, code = message.name.partition(" ")
        if what == "block":
            self.loop.call_soon(time.sleep, 3600.0)  # this very answer still goes out
        elif what == "raise":
            raise ArithmeticError("a bug of ours")
        elif what == "end":
            number, _, wait_ms = code.partition(" ")
            until_ns = self.clock.time_ns() + int(wait_ms) * 1_000_000 if wait_ms else 0
            raise ActorExit(ExitCode(int(number)), "told to", until_ns)
        elif what == "die":
            os._exit(int(code))
        elif what == "sleep":
            time.sleep(3600.0)
        elif what == "abort":
            os.abort()
        elif what == "grow":
            self.hoard = bytearray(b"x") * (int(code) << 20)
        else:
            return Refused(message.code)  # type: ignore[attr-defined]
        return Empty()


class Later(Actor):
    """Its handler is async: it fails or crashes after other messages were handled in between."""

    async def on_restart_actor(self, message: RestartActor, header: Any) -> Message:
        what, _, code = message.name.partition(" ")
        await self.clear.wait()
        if what == "raise":
            raise ArithmeticError("a bug of ours")
        if what == "die":
            os._exit(int(code))
        return Empty()

    async def setup(self) -> None:
        self.clear = asyncio.Event()

    def on_get_intents(self, message: GetIntents, header: Any) -> Message:
        self.loop.call_soon(self.clear.set)
        return Acknowledged(message.after)


class Teller(Actor):
    """Owns one topic and says there what it is told to say."""

    prefixes = ("state/instance/",)
    said = InstanceState("X", True, "nothing yet", 0)

    def topic_state(self, topic: str) -> Message | None:
        return self.said

    def on_restart_actor(self, message: RestartActor, header: Any) -> Message:
        self.said = InstanceState("X", True, message.name, 0)
        self.publisher.publish(SAID, self.said)
        return Empty()


class Listener(Actor):
    """Reads what the teller says, and crashes at the word "deadly"."""

    heard = ""
    stale = 0

    async def begin(self) -> None:
        self.member.subscribe(SAID, self._on_said, self._on_stale)

    def _on_said(self, message: Message, header: Header, topic: str) -> None:
        assert isinstance(message, InstanceState)
        if message.reason == "deadly":
            os.abort()
        self.heard = message.reason

    def _on_stale(self, topic: str, reason: str) -> None:
        self.stale += 1

    def counters(self) -> dict[str, int]:
        return {**super().counters(), "stale": self.stale, f"heard {self.heard}": 1}


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
