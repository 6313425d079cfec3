"""Instruments' records, as far as an execution actor needs them: for what a venue does on some of them alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from bus.clock import Clock
from bus.messages import GetInstruments, Instrument, InstrumentId, InstrumentsAnswer, Message
from bus.requests import Reply

__all__ = ["FRESH_S", "Rules"]

FRESH_S = 60.0
"""A record is asked for again after this long: what a symbol offers changes some times a year, and the venue itself
judges what is sent."""
ANSWER_S = 1.0
"""How long the market-data actor is waited for, and how long it is left alone after it knew nothing: without it the
venue is the one to judge."""
RULES_KEPT = 2_000
"""Records kept: more than an account trades of."""


class Rules:
    """Asks the instance's market-data actor and keeps what it says for `FRESH_S`. `ask` sends a request to an actor."""

    def __init__(self, instance: str, clock: Clock, ask: Callable[[str, Message, float], Awaitable[Reply]]) -> None:
        self._instance, self._clock, self._ask = instance, clock, ask
        self._known: OrderedDict[InstrumentId, tuple[int, Instrument | None]] = OrderedDict()

    def is_fresh(self, instrument: InstrumentId) -> bool:
        """True where nothing needs to be asked."""
        known = self._known.get(instrument)
        return known is not None and self._clock.monotonic_ns() < known[0]

    def get(self, instrument: InstrumentId) -> Instrument | None:
        """Return the record as it was last told."""
        known = self._known.get(instrument)
        return known[1] if known is not None else None

    async def learn(self, instrument: InstrumentId) -> None:
        """Ask for a record; one that cannot be had leaves the last one as it is."""
        question = GetInstruments(self._instance, instrument)
        reply = await self._ask(f"market_data.{self._instance}", question, ANSWER_S)
        found = self.get(instrument)
        if isinstance(reply.body, InstrumentsAnswer) and reply.body.instruments:
            found = reply.body.instruments[0]
        fresh_s = FRESH_S if found is not None else ANSWER_S
        self._known[instrument] = (self._clock.monotonic_ns() + int(fresh_s * 1e9), found)
        self._known.move_to_end(instrument)
        if len(self._known) > RULES_KEPT:
            self._known.popitem(last=False)
