"""A caller that writes its own headers, and a handler that keeps what it executed."""

from __future__ import annotations

from typing import Any

import zmq

from bus.clock import SystemClock
from bus.codec import WIRE_VERSION, ReplyHeader, RequestHeader, decode, decode_reply_header, encode
from bus.messages import Message

LATER_NS = 3_600 * 10**9


class Foreign:
    """A caller that writes its own headers."""

    def __init__(self, wire: Any, eventually: Any) -> None:
        self.socket = wire.socket(zmq.DEALER)
        self.socket.connect(wire.endpoint("s"))
        self.eventually = eventually

    def send(self, number: int, message: Message, in_ns: int = LATER_NS) -> None:
        now = SystemClock().monotonic_ns()
        header = RequestHeader(WIRE_VERSION, number, "foreign", 1, now + in_ns, 0)
        self.socket.send_multipart([encode(header), encode(message)])

    async def answer(self) -> tuple[ReplyHeader, Message]:
        frames: list[bytes] = []

        def come() -> bool:
            try:
                frames[:] = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return False
            return True

        await self.eventually(come, "an answer")
        header = decode_reply_header(frames[0])
        body = decode(frames[1])
        assert isinstance(header, ReplyHeader)
        assert isinstance(body, Message)
        return header, body


class Counted:
    """A handler that keeps what it executed."""

    def __init__(self, answer: Any = None) -> None:
        self.executed: list[Message] = []
        self.answer = answer

    def __call__(self, message: Message, header: RequestHeader) -> Any:
        self.executed.append(message)
        return self.answer(message) if callable(self.answer) else self.answer
