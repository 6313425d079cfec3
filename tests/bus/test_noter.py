"""Who notes messages hears of each before its handler and may forbid it: it is answered so, or the topic goes STALE."""

from __future__ import annotations

import asyncio
from typing import Any

from bus.clock import SystemClock
from bus.codec import ReplyStatus, decode_header, decode_request_header, encode
from bus.messages import Acknowledged, Code, Message
from bus.noter import NoteKind
from bus.requests import Server
from bus.streams import Reader

TOPIC = "state/actor/a/"


class Notes:
    """A noter that forbids one body."""

    def __init__(self, forbidden: Message) -> None:
        self.forbidden = encode(forbidden)
        self.told: list[tuple[int, bytes, bytes, bytes]] = []
        self.in_hand = False

    def begin(self, kind: int, name: bytes, header: bytes, body: bytes) -> bool:
        if body == self.forbidden:
            return False
        self.told.append((kind, name, header, body))
        self.in_hand = True
        return True

    def done(self) -> None:
        self.in_hand = False


async def test_a_request_is_noted_while_its_handler_runs_and_a_forbidden_one_answered_unexecuted(wire: Any) -> None:
    notes, handled = Notes(Acknowledged(13)), []

    def handle(message: Message, header: Any) -> Message:
        handled.append((message, notes.in_hand))
        return message

    def failed(error: BaseException) -> None:
        raise error

    Server(wire.transport(), SystemClock(), wire.endpoint("s"), handle, asyncio.ensure_future, failed, noter=notes)
    client = wire.client()
    assert (await client.request(Acknowledged(12))).ok
    refused = await client.request(Acknowledged(13))
    assert (refused.status, refused.code, refused.definite) == (ReplyStatus.FAILED, Code.POISON, False)
    assert handled == [(Acknowledged(12), True)]
    assert not notes.in_hand
    ((kind, name, header, body),) = notes.told
    assert (kind, name, body) == (NoteKind.REQUEST, b"", encode(Acknowledged(12)))
    assert decode_request_header(header).caller == "caller"  # type: ignore[union-attr]


async def test_a_forbidden_stream_message_makes_the_topic_stale_until_a_state_that_is_not(
    wire: Any, eventually: Any
) -> None:
    notes = Notes(Acknowledged(13))
    publisher = wire.publisher()
    reader = Reader(wire.transport(), wire.loop, wire.endpoint(), "owner", noter=notes)
    listener = wire.listen(reader)
    await eventually(lambda: listener.values == [0])
    wire.owner.values[TOPIC] = Acknowledged(13)
    publisher.publish(TOPIC, Acknowledged(13))
    await eventually(lambda: len(listener.stale) > 1)  # joined again, and given the same
    assert listener.values == [0]
    wire.owner.values[TOPIC] = Acknowledged(14)
    publisher.publish(TOPIC, Acknowledged(14))
    await eventually(lambda: listener.values == [0, 14])
    assert not notes.in_hand
    assert {(kind, name) for kind, name, _, _ in notes.told} == {(NoteKind.STREAM, TOPIC.encode())}
    assert decode_header(notes.told[0][2]).epoch == 1  # type: ignore[union-attr]
