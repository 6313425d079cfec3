"""A venue's instruments: read at the start and again and again, published when they change, told by request."""

from __future__ import annotations

import asyncio
from abc import abstractmethod

import msgspec

from actors.runtime import Actor, Context
from bus import topics
from bus.codec import RequestHeader
from bus.messages import (
    Code,
    GetInstruments,
    Instrument,
    InstrumentId,
    InstrumentsAnswer,
    InstrumentStatus,
    InstrumentStatusWord,
    Refused,
    TopicStatus,
)
from bus.requests import Answer
from venues.backoff import Backoff
from venues.history import HistoryVenue
from venues.market_data.trouble import Listed, VenueTrouble
from venues.nearest import or_nearest

__all__ = ["Instruments"]

RAW_BYTES_LIMIT = 6 * 1024 * 1024
"""Venue records in one answer; a whole venue's may exceed the bus's 16 MiB, and are then left out of the list."""
REFRESH_S = 600.0
"""Between looks at the instruments' rules, unless the instance is told otherwise."""
STRANGE_LIMIT = 200
"""Words that are new to us and remembered as said: a venue that invents more is said to once each time."""


class Instruments(HistoryVenue, Actor):
    """The part of a market-data actor that keeps instruments, and says what became of the demand for a topic."""

    def __init__(self, context: Context, **arguments: object) -> None:
        super().__init__(context, **arguments)
        self.instance = context.instance
        self.prefixes = (f"market/{topics.escape(self.instance)}/", f"status/market/{topics.escape(self.instance)}/")
        self.instruments: dict[InstrumentId, Instrument] = {}
        self.refresh_s = REFRESH_S
        self.counts = dict.fromkeys(
            (
                "ticks", "trades", "bars", "deltas", "depths", "tickers", "reconnects", "gaps_marked", "looks",
                "silences",
                "unreadable_venue", "strange_words", "instruments_changed",
            ),
            0,
        )  # fmt: skip
        self._statuses: dict[str, TopicStatus] = {}
        self._strange: set[str] = set()

    # what a venue does

    @abstractmethod
    async def read_instruments(self) -> Listed:
        """Read all instruments. Raises VenueTrouble."""

    def instrument_status(self, instrument: Instrument) -> InstrumentStatus:
        """Return what an instrument's record says of its trading, with the venue's own word where it has one."""
        return InstrumentStatus(instrument.id, instrument.status, "", "", instrument.ts_event, instrument.ts_init)

    # following them

    @property
    def has_instruments(self) -> bool:
        """False until the venue's instruments were read once."""
        return bool(self.instruments)

    async def follow_instruments(self) -> None:
        """Read them, and again after `refresh_s`; never ends."""
        backoff = Backoff()
        while True:
            try:
                listed = await self.read_instruments()
            except VenueTrouble as trouble:
                wait_s = max(backoff.next_s(), trouble.retry_after_s)
                self.log.warning("cannot read the instruments, trying again", reason=trouble, in_s=round(wait_s, 2))
                if not self.has_instruments:
                    self.ready("CONNECTING", str(trouble))
                await asyncio.sleep(wait_s)
                continue
            backoff.reset()
            self._take_listed(listed)
            await asyncio.sleep(self.refresh_s)

    def _take_listed(self, listed: Listed) -> None:
        for one in listed.unreadable:
            self.counts["unreadable_venue"] += 1
            self.log.warning("an instrument cannot be read and is left out", reason=one.reason, raw=one.raw[:120])
        for word, instrument in listed.strange.items():
            self.say_strange(word, instrument)
        first = not self.has_instruments
        changed = self.take_instruments(listed.instruments)
        if first and changed:
            self.log.info("instruments read", count=changed)
        elif changed:
            self.log.info("instruments changed", count=changed)

    def say_strange(self, word: str, where: str) -> None:
        """A word of the venue's that this version does not know: said once, and nothing else is made of it."""
        if word in self._strange:
            return
        if len(self._strange) < STRANGE_LIMIT:
            self._strange.add(word)
        self.counts["strange_words"] += 1
        self.log.warning("the venue says a word that this version does not know", word=word, first_seen_at=where)

    def take_instruments(self, fresh: dict[InstrumentId, Instrument]) -> int:
        """Take the venue's instruments as of now, publish those that are new or changed; return how many those are.

        One that the venue names no more is CLOSED; an answer that names none at all changes nothing.
        """
        first = not self.instruments
        if fresh:
            gone = (instrument for name, instrument in self.instruments.items() if name not in fresh)
            fresh = {**fresh, **{one.id: _replace(one, status=InstrumentStatusWord.CLOSED) for one in gone}}
        before = {name: self.instruments.get(name) for name in fresh}
        changed = [found for name, found in fresh.items() if _differs(before[name], found)]
        self.instruments.update({instrument.id: instrument for instrument in changed})
        for instrument in changed:
            known = before[instrument.id]
            self._publish("instrument", instrument.id, instrument, first)
            if known is None or self._traded(known) != self._traded(instrument):
                self._publish("status", instrument.id, self.instrument_status(instrument), first)
        if not first:
            self.counts["instruments_changed"] += len(changed)
        if first or any(before[one.id] is None for one in changed):
            self.instruments_listed()
        return len(changed)

    def instruments_listed(self) -> None:
        """Hook: instruments are there that were not."""

    def _publish(self, kind: str, name: InstrumentId, message: Instrument | InstrumentStatus, first: bool) -> None:
        topic = topics.market(self.instance, kind, name)
        if not first:
            self.publisher.publish(topic, message)
        elif topic in self.publisher.demand:
            self.publisher.publish_state(topic)

    def _traded(self, instrument: Instrument) -> tuple[InstrumentStatusWord, str]:
        return instrument.status, self.instrument_status(instrument).venue_status

    def on_get_instruments(self, message: GetInstruments, header: RequestHeader) -> Answer:
        """Answer with one instrument or with all; all come without `raw` where that would be too much for a message."""
        if not self.has_instruments:
            return Refused(Code.NOT_READY, f"{self.name} has not read the instruments of {self.instance} yet")
        if message.instrument:
            found = self.instruments.get(message.instrument)
            return InstrumentsAnswer((found,)) if found is not None else self.no_such_instrument(message.instrument)
        everything = tuple(self.instruments.values())
        if sum(len(instrument.raw) for instrument in everything) > RAW_BYTES_LIMIT:
            everything = tuple(_replace(instrument, raw=b"") for instrument in everything)
        return InstrumentsAnswer(everything)

    def no_such_instrument(self, instrument: InstrumentId) -> Refused:
        """Return the refusal that names the instrument, the venue, and what may have been meant."""
        nearest = or_nearest(instrument, self.instruments)
        return Refused(Code.NO_SUCH_INSTRUMENT, f"{self.instance} has no instrument {instrument!r}{nearest}")

    # what became of a demand

    def refuse_topic(self, topic: str, refusal: Refused) -> None:
        """Say that nothing will come on this topic, and why. Nothing was sent to the venue."""
        self.log.warning("topic refused", topic=topic, code=refusal.code, reason=refusal.reason)
        self.tell_status(topic, "REFUSED", refusal.code, refusal.reason)

    def tell_status(self, topic: str, status: str, code: Code = Code.NONE, reason: str = "") -> None:
        """Publish what became of the demand for a topic: OPEN, CLOSED or REFUSED."""
        told = TopicStatus(topic, status, code, reason)
        if self._statuses.get(topic) == told:
            return
        if status == "CLOSED":
            self._statuses.pop(topic, None)
        else:
            self._statuses[topic] = told
        self.publisher.publish(f"status/{topic}", told)

    def status_of_topic(self, topic: str) -> TopicStatus:
        """Return what was last said of a topic."""
        return self._statuses.get(topic, TopicStatus(topic, "CLOSED"))


def _differs(known: Instrument | None, found: Instrument) -> bool:
    if known is None:
        return True
    return _replace(known, ts_event=0, ts_init=0) != _replace(found, ts_event=0, ts_init=0)


def _replace(instrument: Instrument, **fields: object) -> Instrument:
    return msgspec.structs.replace(instrument, **fields)
