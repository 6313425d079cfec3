"""What every venue's market-data actor has in common: instruments, demand, and refusals that are said."""

from __future__ import annotations

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
    InstrumentStatusWord,
    Message,
    QueryBook,
    Refused,
    TopicStatus,
)
from bus.requests import Answer
from venues.history import HistoryVenue

__all__ = ["MarketDataVenue"]

RAW_BYTES_LIMIT = 6 * 1024 * 1024
"""Venue records in one answer; a whole venue's may exceed the bus's 16 MiB, and are then left out of the list."""


class MarketDataVenue(HistoryVenue, Actor):
    """Base of the market-data actors. A subclass opens and closes feeds at its venue and hands in instruments.

    Beside ``market/<instance>/`` it owns ``status/market/<instance>/``, where it says what became of a demand.
    """

    def __init__(self, context: Context, **arguments: object) -> None:
        super().__init__(context, **arguments)
        self.instance = context.instance
        self.prefixes = (f"market/{topics.escape(self.instance)}/", f"status/market/{topics.escape(self.instance)}/")
        self.instruments: dict[InstrumentId, Instrument] = {}
        self._statuses: dict[str, TopicStatus] = {}

    # what a venue does

    @abstractmethod
    def open_feed(self, topic: str, kind: str, instrument: InstrumentId) -> None:
        """Open a topic at the venue; it has a reader. `kind` is a word of the topic grammar, possibly unsupported."""

    @abstractmethod
    def close_feed(self, topic: str) -> None:
        """Close a topic at the venue; nobody has read it for a while."""

    @abstractmethod
    def feed_state(self, topic: str) -> Message | None:
        """Return the whole state of an open topic, None while it is not known."""

    # instruments

    @property
    def has_instruments(self) -> bool:
        """False until the venue's instruments were read once."""
        return bool(self.instruments)

    def take_instruments(self, fresh: dict[InstrumentId, Instrument]) -> int:
        """Take the venue's instruments as of now, publish those that are new or changed; return how many those are.

        One that the venue names no more is CLOSED; an answer that names none at all changes nothing.
        """
        first = not self.instruments
        if fresh:
            gone = (instrument for name, instrument in self.instruments.items() if name not in fresh)
            fresh = {**fresh, **{one.id: _replace(one, status=InstrumentStatusWord.CLOSED) for one in gone}}
        changed = [found for name, found in fresh.items() if _differs(self.instruments.get(name), found)]
        self.instruments.update({instrument.id: instrument for instrument in changed})
        for instrument in changed:
            topic = topics.market(self.instance, "instrument", instrument.id)
            if not first:
                self.publisher.publish(topic, instrument)
            elif topic in self.publisher.demand:
                self.publisher.publish_state(topic)
        if first:
            self._refuse_unknown()
        return len(changed)

    def _refuse_unknown(self) -> None:
        for topic in sorted(self.publisher.demand):
            kind, *rest = topics.segments(topic)
            if kind == "market" and rest[1] == "instrument" and rest[2] not in self.instruments:
                self.refuse_topic(topic, self.no_such_instrument(rest[2]))

    def on_get_instruments(self, message: GetInstruments, header: RequestHeader) -> Answer:
        """Answer with one instrument or with all; all come without `raw` where that would be too much for a message."""
        if not self.has_instruments:
            return Refused(Code.NOT_READY, f"{self.name} has not read the instruments of {self.instance} yet")
        if message.instrument:
            found = self.instruments.get(message.instrument)
            return InstrumentsAnswer((found,)) if found is not None else self.no_such_instrument(message.instrument)
        everything = tuple(self.instruments.values())
        if sum(len(instrument.raw) for instrument in everything) > RAW_BYTES_LIMIT:
            everything = tuple(_without_raw(instrument) for instrument in everything)
        return InstrumentsAnswer(everything)

    def no_such_instrument(self, instrument: InstrumentId) -> Refused:
        """Return the refusal that names the instrument and the venue."""
        return Refused(Code.NO_SUCH_INSTRUMENT, f"{self.instance} has no instrument {instrument!r}")

    def on_query_book(self, message: QueryBook, header: RequestHeader) -> object:
        """Refuse; a venue that has snapshots answers."""
        return Refused(Code.UNSUPPORTED, f"{self.instance} has no book snapshots by request")

    # topics

    def topic_state(self, topic: str) -> Message | None:
        kind, *rest = topics.segments(topic)
        if kind == "status":
            name = topic.partition("/")[2]
            return self._statuses.get(name, TopicStatus(name, "CLOSED"))
        if rest[1] == "instrument":
            return self.instruments.get(rest[2])
        return self.feed_state(topic)

    def topic_opened(self, topic: str) -> None:
        kind, *rest = topics.segments(topic)
        if kind == "status":
            return
        if rest[1] == "instrument":
            if self.has_instruments and rest[2] not in self.instruments:
                self.refuse_topic(topic, self.no_such_instrument(rest[2]))
            return
        if len(rest) != 3:
            self.refuse_topic(topic, Refused(Code.UNSUPPORTED, f"{self.instance} has no topic {topic}"))
            return
        self.open_feed(topic, rest[1], rest[2])

    def topic_closed(self, topic: str) -> None:
        if not topic.startswith("status/"):
            self.close_feed(topic)
            self.tell_status(topic, "CLOSED")

    def refuse_topic(self, topic: str, refusal: Refused) -> None:
        """Say that nothing will come on this topic, and why. Nothing was sent to the venue."""
        self.log.warning("topic refused", topic=topic, code=refusal.code, reason=refusal.reason)
        self.tell_status(topic, "REFUSED", refusal.code, refusal.reason)

    def tell_status(self, topic: str, status: str, code: Code = Code.NONE, reason: str = "") -> None:
        """Publish what became of the demand for a topic: OPEN, CLOSED or REFUSED."""
        told = TopicStatus(topic, status, code, reason)
        before = self._statuses.get(topic)
        if before == told:
            return
        if status == "CLOSED":
            self._statuses.pop(topic, None)
        else:
            self._statuses[topic] = told
        self.publisher.publish(f"status/{topic}", told)


def _without_raw(instrument: Instrument) -> Instrument:
    return _replace(instrument, raw=b"")


def _differs(known: Instrument | None, found: Instrument) -> bool:
    if known is None:
        return True
    return _replace(known, ts_event=0, ts_init=0) != _replace(found, ts_event=0, ts_init=0)


def _replace(instrument: Instrument, **fields: object) -> Instrument:
    return msgspec.structs.replace(instrument, **fields)
