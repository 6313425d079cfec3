"""Messages to MessagePack and back.

A message is an array ``[tag, field, ...]``; in front of it on a stream stands a `Header`, on a request a
`RequestHeader`, on an answer a `ReplyHeader`, each an array too. Foreign bytes never raise here: what cannot be read
becomes `Unreadable`, what is newer than we are becomes `Unknown`.

Two things hold for ever, in whatever version of the wire, so that two that differ can tell each other so:

- a header's first element is the version, and a request's and an answer's second is the request's id;
- a request in another version is refused, in the server's own version, and never executed. So who gets an answer in
  another version knows that nothing was done.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Union

import msgspec

from bus.messages import CATALOGUE, Code, Message, Unknown, Unreadable

__all__ = [
    "MAX_MESSAGE_BYTES",
    "WIRE_VERSION",
    "Header",
    "Kind",
    "OtherVersion",
    "Received",
    "ReplyHeader",
    "ReplyStatus",
    "RequestHeader",
    "decode",
    "decode_header",
    "decode_reply_header",
    "decode_request_header",
    "encode",
    "register",
]

WIRE_VERSION = 1
"""The major version of frames and grammar. Another one is refused with both named."""

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""A 5,000-level book is under 200 kB and a page of journal under 4 MB; anything near this is an error or an attack."""

Received = Message | Unknown | Unreadable


class Kind(IntEnum):
    """What a stream frame is: the topic's whole state, one change, or a heartbeat."""

    STATE = 0
    CHANGE = 1
    HEARTBEAT = 2


class Header(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """In front of each stream message. `seq` runs per topic; a STATE repeats the last change's number."""

    version: int
    kind: int
    sender: str
    epoch: int
    seq: int
    ts_sent: int


class RequestHeader(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """In front of each request. (caller, id) is answered once.

    `deadline_ns` is CLOCK_MONOTONIC of the server's host. A caller there leaves `clock` 0; one on another host has
    measured the distance, and `clock` says of which life of the server (`HostTime`).
    """

    version: int
    id: int
    caller: str
    epoch: int
    deadline_ns: int
    ts_sent: int
    clock: int = 0


class ReplyStatus(IntEnum):
    """How a request ended; CHUNK alone ends nothing: it is a part of an answer, which another status will end.

    NOT_SENT and NO_ANSWER are never on the wire: the caller's own end says them.
    """

    OK = 0
    DENIED = 1
    DUPLICATE = 2
    EXPIRED = 3
    FAILED = 4
    NOT_SENT = 5
    NO_ANSWER = 6
    CHUNK = 7


class ReplyHeader(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """In front of each answer. A DENIED or FAILED answer's body is `Refused`.

    `part` is the number of a CHUNK, from 1 on; where another status ends an answer in parts, how many there were.
    """

    version: int
    id: int
    status: int
    code: Code
    part: int = 0


class OtherVersion(Unreadable, frozen=True):
    """A request or an answer in another version of the wire: all that can be read are its version and its id."""

    version: int
    id: int


class _Start(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How a request's and an answer's header begins in every version."""

    version: int
    id: int


_encoder = msgspec.msgpack.Encoder()
encode = _encoder.encode
"""Encode a message or a header."""

_header = msgspec.msgpack.Decoder(Header)
_request = msgspec.msgpack.Decoder(RequestHeader)
_reply = msgspec.msgpack.Decoder(ReplyHeader)
_start = msgspec.msgpack.Decoder(_Start)
_messages: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(Union[tuple(CATALOGUE.values())])  # noqa: UP007


def register(*kinds: type[Message]) -> None:
    """Add a venue package's own message types to what `decode` knows.

    Raises ValueError for a tag that another class has.
    """
    global _messages
    known = dict(CATALOGUE)
    for kind in kinds:
        if known.setdefault(kind.__name__, kind) is not kind:
            raise ValueError(f"message tag {kind.__name__!r} is taken by {known[kind.__name__].__module__}")
    _messages = msgspec.msgpack.Decoder(Union[tuple(known.values())])  # noqa: UP007
    CATALOGUE.update(known)  # all of them or none


def decode(raw: bytes) -> Received:
    """Return the message in `raw`, or `Unknown` or `Unreadable`; never raises for any bytes."""
    try:
        message: Message = _messages.decode(raw)
    except msgspec.ValidationError as error:
        return _decode_foreign(raw, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        return Unreadable(bytes(raw[:1024]), str(error))
    return message


def _decode_foreign(raw: bytes, reason: str) -> Received:
    try:
        fields = msgspec.msgpack.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, TypeError) as error:
        return Unreadable(bytes(raw[:1024]), str(error))
    if isinstance(fields, list) and fields and isinstance(fields[0], str) and fields[0] not in CATALOGUE:
        return Unknown(fields[0], tuple(fields[1:]))
    return Unreadable(bytes(raw[:1024]), reason)


def decode_header(raw: bytes) -> Header | Unreadable:
    """Return a stream header, or `Unreadable` for foreign bytes and another version."""
    try:
        header = _header.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Unreadable(bytes(raw[:1024]), str(error))
    if header.version == WIRE_VERSION:
        return header
    return Unreadable(bytes(raw[:1024]), _versions(header.version))


def decode_request_header(raw: bytes) -> RequestHeader | Unreadable:
    """As `decode_header`, for requests; another version is `OtherVersion`."""
    try:
        header = _request.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _start_of(raw, str(error))
    return header if header.version == WIRE_VERSION else _start_of(raw, "")


def decode_reply_header(raw: bytes) -> ReplyHeader | Unreadable:
    """As `decode_request_header`, for answers."""
    try:
        header = _reply.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _start_of(raw, str(error))
    return header if header.version == WIRE_VERSION else _start_of(raw, "")


def _start_of(raw: bytes, reason: str) -> Unreadable:
    try:
        start = _start.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Unreadable(bytes(raw[:1024]), reason or str(error))
    if start.version == WIRE_VERSION:
        return Unreadable(bytes(raw[:1024]), reason)
    return OtherVersion(bytes(raw[:1024]), _versions(start.version), start.version, start.id)


def _versions(theirs: int) -> str:
    return f"wire version {theirs}, this side speaks {WIRE_VERSION}"
