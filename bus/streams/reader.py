"""The reader: it joins, judges every frame, and hands on what is proved whole."""

from __future__ import annotations

import asyncio

from bus import topics
from bus.codec import Header, Kind, decode, decode_header, encode
from bus.messages import Empty, Message, StreamHeartbeat, StreamStale, Unknown, Unreadable
from bus.noter import STREAM, Noter
from bus.streams.newest import Newest, is_mark
from bus.streams.position import Position, Verdict
from bus.streams.pulse import LOOK_S, Pulse
from bus.streams.subscription import Subscription
from bus.transport import Frames, Transport

__all__ = ["Reader"]

STALE_LOOK_S = 5.0
"""Between joins of a reader that is STALE for whatever reason: its first state, or the one after a mark, may be lost
like any frame. A publisher that has none to give answers nothing, so such a join costs it microseconds."""
_BEAT, _STATE = int(Kind.HEARTBEAT), int(Kind.STATE)


class Reader:
    """Reads the streams of one publisher, `sender`, and hands on what is proved whole."""

    def __init__(
        self,
        transport: Transport,
        loop: asyncio.AbstractEventLoop,
        endpoint: str,
        sender: str,
        server_key: str = "",
        noter: Noter | None = None,
    ) -> None:
        self.counters = dict.fromkeys(("received", "gaps", "missed", "marked", "mute", "conflated", "unreadable"), 0)
        self._loop, self._noter = loop, noter
        self._exact: dict[bytes, list[Subscription]] = {}
        self._prefixes: list[tuple[bytes, Subscription]] = []
        self._newest = Newest()
        self._pulse = Pulse()
        self._drained = True
        self._heartbeat = topics.topic("heartbeat", sender).encode()
        self._link = transport.reader(endpoint, self._on_message, server_key)
        self._link.on_drained(self._on_drained)
        self._link.subscribe(self._heartbeat)
        self._looked_s = loop.time()
        self._look = loop.call_later(LOOK_S, self._look_at_pulse)
        self._stale_look = loop.call_later(STALE_LOOK_S, self._look_for_stale)

    def subscribe(self, subscription: Subscription) -> None:
        """Join a topic, or listen under a prefix."""
        name = subscription.topic.encode()
        if subscription.exact:
            self._exact.setdefault(name, []).append(subscription)
        else:
            self._prefixes.append((name, subscription))
        self._link.subscribe(name)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Leave."""
        name = subscription.topic.encode()
        self._newest.drop(subscription)
        if subscription.exact:
            rest = [other for other in self._exact.get(name, ()) if other is not subscription]
            if rest:
                self._exact[name] = rest
            else:
                self._exact.pop(name, None)
        else:
            self._prefixes = [pair for pair in self._prefixes if pair[1] is not subscription]
        self._link.unsubscribe(name)

    def lose(self, reason: str, before: int) -> None:
        """The publisher's lives before epoch `before` are over: nothing of them is to be trusted."""
        for subscription in self._all_exact():
            subscription.lose(reason, before)

    def close(self) -> None:
        """Close the socket."""
        self._look.cancel()
        self._stale_look.cancel()
        self._exact.clear()
        self._link.close()

    # frames

    def _on_message(self, frames: Frames) -> None:
        self._drained = False
        if len(frames) != 3:
            self.counters["unreadable"] += 1
            return
        name, raw_header, body = frames
        header = decode_header(raw_header)
        if isinstance(header, Unreadable):
            self.counters["unreadable"] += 1
            return
        if header.kind == _BEAT:
            self._on_beat(name, header, body)
            return
        self.counters["received"] += 1
        pulse = self._pulse
        if header.epoch > pulse.epoch:
            pulse.begin(header.epoch)
        message: Message | Unknown | Unreadable | None = None
        for subscription in self._matching(name):
            if pulse.is_mute and subscription.exact:
                continue  # STALE until its heart beats again, and then it joins
            topic = name.decode(errors="replace")
            place = subscription.position(topic)
            verdict = place.judge(header.kind, header.epoch, header.seq)
            if place.missed:
                self._count_missed(place)
            if verdict is Verdict.IGNORE and subscription.exact:
                continue
            if verdict is Verdict.GAP:
                self._gap(subscription, topic)
                if subscription.exact:
                    continue
            elif verdict is Verdict.HEAL:
                self.counters["gaps"] += 1
                subscription.go_stale(topic, "gap")
            if subscription.conflate and not is_mark(body):
                self._newest.keep(subscription, body, header, self.counters["received"])
                continue
            if message is None:
                message = self._noted(name, raw_header, body)
            self._hand_on(subscription, message, header, topic)
        if message is not None and self._noter is not None:
            self._noter.done()
        if self._newest and self._newest.is_due(self.counters["received"]):
            self._hand_on_newest()

    def _noted(self, name: bytes, raw_header: bytes, body: bytes) -> Message | Unknown | Unreadable:
        """Decode what is about to be handled, once it is noted; what has ended earlier lives is not."""
        if self._noter is None or self._noter.begin(STREAM, name, raw_header, body):
            return decode(body)
        return Unreadable(b"", "it has ended earlier lives of this reader")

    def _matching(self, name: bytes) -> list[Subscription]:
        found = self._exact.get(name, [])
        if self._prefixes:
            found = found + [subscription for prefix, subscription in self._prefixes if name.startswith(prefix)]
        return found

    def _all_exact(self) -> list[Subscription]:
        return [subscription for subscriptions in self._exact.values() for subscription in subscriptions]

    def _hand_on(
        self, subscription: Subscription, message: Message | Unknown | Unreadable, header: Header, topic: str
    ) -> None:
        if isinstance(message, StreamStale):
            subscription.position(topic).doubt()
            self.counters["marked"] += 1
            subscription.go_stale(topic, message.reason)
            if message.closed:
                self._reopen(subscription, topic)
        elif isinstance(message, Message):
            if header.kind == _STATE and isinstance(message, Empty):
                return
            subscription.deliver(message, header, topic)
        else:  # bytes from a newer or broken peer: what was applied here is no longer the whole truth
            self.counters["unreadable"] += 1
            subscription.position(topic).doubt()
            self._gap(subscription, topic)

    def _on_drained(self) -> None:
        self._drained = True
        if self._newest:
            self._hand_on_newest()

    def _hand_on_newest(self) -> None:
        while (kept := self._newest.pop()) is not None:
            subscription, body, header = kept
            message = self._noted(subscription.topic.encode(), encode(header), body)
            self._hand_on(subscription, message, header, subscription.topic)
            if self._noter is not None:
                self._noter.done()
        self.counters["conflated"] = self._newest.conflated

    # losses

    def _count_missed(self, place: Position) -> None:
        self.counters["missed"] += place.missed
        place.missed = 0

    def _gap(self, subscription: Subscription, topic: str) -> None:
        self.counters["gaps"] += 1
        subscription.go_stale(topic, "gap")
        if subscription.exact:
            self._join_in(subscription.next_backoff_s(self._loop.time()), topic, subscription)

    def _reopen(self, subscription: Subscription, topic: str) -> None:
        """The publisher saw the last reader leave, and yet we want it: a hostile peer can take back what is not its."""
        subscription.close(topic)
        if subscription.exact:
            self._join_in(subscription.next_backoff_s(self._loop.time()), topic, subscription)

    # heartbeats

    def _on_beat(self, name: bytes, header: Header, body: bytes) -> None:
        beat = decode(body)
        if name != self._heartbeat or not isinstance(beat, StreamHeartbeat):
            self.counters["unreadable"] += 1
        elif self._pulse.beat(header.epoch):
            if self._pulse.unsettled:
                self._pulse.unsettled = False
                self.lose("its publisher restarted", header.epoch)
                self._join_stale()
            self._compare(header.epoch, beat.last)

    def _compare(self, epoch: int, last: dict[str, int]) -> None:
        """Hold what the publisher says of its topics against what was read of them."""
        if len(last) < len(self._exact):
            for topic, seq in last.items():
                for subscription in self._exact.get(topic.encode(), ()):
                    self._hear(subscription, topic, epoch, seq)
        else:
            for subscription in self._all_exact():
                if subscription.topic in last:
                    self._hear(subscription, subscription.topic, epoch, last[subscription.topic])
        for prefix, subscription in self._prefixes:
            for topic, seq in last.items():
                if topic.encode().startswith(prefix):
                    self._hear(subscription, topic, epoch, seq)

    def _hear(self, subscription: Subscription, topic: str, epoch: int, seq: int) -> None:
        place = subscription.position(topic)
        lost = place.hear(epoch, seq)
        self._count_missed(place)
        if lost:
            self._gap(subscription, topic)

    def _look_at_pulse(self) -> None:
        now = self._loop.time()
        passed_s, self._looked_s = now - self._looked_s, now
        self._look = self._loop.call_later(LOOK_S, self._look_at_pulse)
        if self._pulse.look(passed_s, self._drained):
            whole = [each for each in self._all_exact() if self._doubt(each)]
            self.counters["mute"] += bool(whole)
            for subscription in whole:
                subscription.go_stale(subscription.topic, "mute")

    def _doubt(self, subscription: Subscription) -> bool:
        place = subscription.position(subscription.topic)
        return place.epoch <= self._pulse.epoch and place.doubt()  # a later life is another publisher's

    # joining again

    def _join_in(self, delay_s: float, topic: str, subscription: Subscription, again: bool = False) -> None:
        if subscription.rejoin is not None:
            subscription.rejoin.cancel()
        subscription.rejoin = self._loop.call_later(delay_s, self._rejoin, topic, subscription, again)

    def _rejoin(self, topic: str, subscription: Subscription, again: bool) -> None:
        if subscription in self._exact.get(topic.encode(), ()) and subscription.is_stale:
            if again:
                subscription.next_backoff_s(self._loop.time())
            self._join(topic)
            self._join_in(subscription.backoff_s, topic, subscription, again=True)

    def _look_for_stale(self) -> None:
        self._stale_look = self._loop.call_later(STALE_LOOK_S, self._look_for_stale)
        self._join_stale()

    def _join_stale(self) -> None:
        for subscriptions in self._exact.values():
            if any(each.is_stale for each in subscriptions):
                self._join(subscriptions[0].topic)

    def _join(self, topic: str) -> None:
        """Seen by the publisher as one more join; its demand stays as it is. Nothing goes out to one that is gone."""
        self._link.subscribe(topic.encode())
        self._link.unsubscribe(topic.encode())
