"""A reconciler with a bug: it crashes at one fill, each time that it is told of it."""

from __future__ import annotations

import os
from collections.abc import Awaitable

from actors.reconciler import Reconciler
from bus.codec import RequestHeader
from bus.messages import Fill, VenueBatch
from bus.requests import Answer

ARMED, FATAL = "armed", "fatal"
"""Files below the state directory: the next fill is fatal; which one is."""


class Fragile(Reconciler):
    """Where armed, it takes the next fill for the fatal one, and no other ever after."""

    def on_venue_batch(self, message: VenueBatch, header: RequestHeader) -> Answer | Awaitable[Answer]:
        if any(isinstance(each.event, Fill) and self._is_fatal(each.event) for each in message.events):
            os.abort()
        return super().on_venue_batch(message, header)

    def _is_fatal(self, fill: Fill) -> bool:
        fatal = self.state_path(FATAL)
        if not fatal.exists():
            if not self.state_path(ARMED).exists():
                return False
            fatal.write_text(fill.trade_id)
        return fatal.read_text() == fill.trade_id
