"""Small actors that wait for their supervisor as long as real ones do."""

from __future__ import annotations

import time
from typing import Any

from actors.runtime import Actor
from bus.messages import Empty, Message, RestartActor


class Plain(Actor):
    """`RestartActor("block SECONDS")` sent to it blocks its loop for so long."""

    prefixes = ("market/TEST/",)

    def on_restart_actor(self, message: RestartActor, header: Any) -> Message:
        self.loop.call_soon(time.sleep, float(message.name.partition(" ")[2]))  # this very answer still goes out
        return Empty()


class Strategist(Plain):
    """One that may stand for a strategy: those own no topics."""

    prefixes = ()
