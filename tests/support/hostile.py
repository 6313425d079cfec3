"""Frames that no peer of ours sends, by the hundred thousand, from a seed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import msgpack
import msgspec

from bus.codec import WIRE_VERSION, Header, RequestHeader, encode
from bus.messages import CATALOGUE

__all__ = ["Hostile"]

TEXTS = ("", "a", "BTCUSDT.BINANCE", "é" * 40, "../../etc", "\0", "a/b", "%2F", "NaN", "1e999999999", "٣")
NUMBERS = ("NaN", "sNaN", "-Infinity", "1e999999999", "-1e-999999999", "0", "1.5", "", "1_0", "9" * 400)
INTEGERS = (0, 1, -1, 2**31, 2**53, 2**63 - 1, -(2**63), 2**64 - 2)
FLOATS = (0.0, -1.5, float("nan"), float("inf"), float("-inf"), 5e-324, 1.7e308)
LYING_COUNTS = (b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff")
"""An array, a map, bytes and a text that say that they hold four thousand million of something."""
DEPTHS = (5, 100, 1_000, 5_000)
NOISE_BYTES = 120


class Hostile:
    """Makes frames; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._bodies: tuple[Callable[[], bytes], ...] = (
            self._noise, self._deep, self._lying, self._plain, self._unknown_tag, self._wrong_fields,
            self._real, self._truncated, self._mutated, self._invalid_text,
        )  # fmt: skip
        self._kinds = {tag: msgspec.inspect.type_info(kind) for tag, kind in CATALOGUE.items()}
        self._tags = sorted(CATALOGUE)

    # what each kind of socket is sent

    def request(self) -> list[bytes]:
        """Return a request's frames without the peer's: header and body, or what is none."""
        choice = self.random.random()
        if choice < 0.15:
            return [self._noise() for _ in range(self.random.choice((1, 1, 2, 3, 4, 9)))]
        if choice < 0.35:
            return [self._mutate(encode(self._request_header())), self.body()]
        if choice < 0.45:
            return [self.body(), self._real()]
        return [encode(self._request_header()), self.body()]

    def stream(self, topic: bytes) -> list[bytes]:
        """Return a stream's frames below a topic that its reader has subscribed to."""
        choice = self.random.random()
        if choice < 0.15:
            return [topic, *(self._noise() for _ in range(self.random.choice((0, 1, 2, 3, 8))))]
        if choice < 0.35:
            return [topic, self._mutate(encode(self._header())), self.body()]
        return [topic, encode(self._header()), self.body()]

    def subscription(self) -> bytes:
        """Return what a reader sends to a publisher."""
        first = self.random.choice((b"\1", b"\1", b"\0", b"\2", b"", b"\xff"))
        rest = self.random.choice((self._noise, self._topic, self._topic, self._invalid_text, lambda: b""))
        return first + rest()

    def body(self) -> bytes:
        """Return what stands in a message's place."""
        return self.random.choice(self._bodies)()

    # headers and topics

    def _request_header(self) -> RequestHeader:
        chosen, now = self.random, time.monotonic_ns()
        deadline = chosen.choice((now + 10**12, now - 1, 0, -1, 2**63 - 1))
        caller = chosen.choice(("monitor:hostile", "gate", "supervisor", *TEXTS))
        version = WIRE_VERSION if chosen.random() < 0.9 else chosen.choice(INTEGERS)
        return RequestHeader(version, chosen.randrange(2**40), caller, chosen.choice(INTEGERS), deadline, now)

    def _header(self) -> Header:
        chosen = self.random
        version = WIRE_VERSION if chosen.random() < 0.9 else chosen.choice(INTEGERS)
        kind = chosen.choice((0, 1, 1, 1, 2, 3, -1, 2**40))
        return Header(version, kind, chosen.choice(TEXTS), chosen.choice(INTEGERS), chosen.choice(INTEGERS), 0)

    def _topic(self) -> bytes:
        chosen = self.random
        kind = chosen.choice((b"state/actor/", b"market/", b"directory/", b"status/market/", b"execution/", b"/"))
        return kind + str(chosen.randrange(10**9)).encode() + chosen.choice((b"/", b"", b"//", b"/a/b/c/d/e/f/"))

    # bodies

    def _noise(self) -> bytes:
        return self.random.randbytes(self.random.randrange(NOISE_BYTES))

    def _deep(self) -> bytes:
        return self.random.choice((b"\x91", b"\x81\xa1a")) * self.random.choice(DEPTHS)

    def _lying(self) -> bytes:
        lie = self.random.choice(LYING_COUNTS)
        return self.random.choice((lie, b"\x92\xacSubmitOrder" + lie, lie + self._noise()))

    def _plain(self) -> bytes:
        value = self._anything()
        packed: bytes = msgpack.packb(value, use_bin_type=True)
        return packed

    def _unknown_tag(self) -> bytes:
        packed: bytes = msgpack.packb(["NoSuchMessage" + str(self.random.randrange(99)), self._anything()])
        return packed

    def _wrong_fields(self) -> bytes:
        fields = [self._anything() for _ in range(self.random.randrange(14))]
        packed: bytes = msgpack.packb([self.random.choice(self._tags), *fields], use_bin_type=True)
        return packed

    def _invalid_text(self) -> bytes:
        tag = self.random.choice(self._tags).encode()
        return b"\x92" + bytes([0xA0 | min(len(tag), 31)]) + tag[:31] + b"\xa4\xff\xfe\xc3\x28"

    def _real(self) -> bytes:
        """Encode a message of the catalogue whose fields have the types that they should, and values of their own."""
        tag = self.random.choice(self._tags)
        packed: bytes = msgpack.packb([tag, *self._fields(self._kinds[tag])], use_bin_type=True)
        return packed

    def _truncated(self) -> bytes:
        whole = self._real()
        return whole[: self.random.randrange(len(whole))]

    def _mutated(self) -> bytes:
        return self._mutate(self._real())

    def _mutate(self, raw: bytes) -> bytes:
        changed = bytearray(raw)
        for _ in range(self.random.randrange(1, 4)):
            changed[self.random.randrange(len(changed))] = self.random.randrange(256)
        return bytes(changed)

    # values

    def _anything(self, depth: int = 0) -> Any:
        chosen = self.random
        if depth < 3 and chosen.random() < 0.2:
            items = [self._anything(depth + 1) for _ in range(chosen.randrange(4))]
            return items if chosen.random() < 0.5 else {str(number): item for number, item in enumerate(items)}
        return chosen.choice((None, True, *INTEGERS, *FLOATS, *TEXTS, *NUMBERS, b"", b"\xff" * 9))

    def _fields(self, kind: Any, depth: int = 0) -> list[Any]:
        return [self._value(field.type, depth + 1) for field in kind.fields]

    def _value(self, kind: Any, depth: int) -> Any:
        chosen, inspect = self.random, msgspec.inspect
        match kind:
            case inspect.BoolType():
                return chosen.random() < 0.5
            case inspect.IntType():
                return chosen.choice(INTEGERS)
            case inspect.FloatType():
                return chosen.choice(FLOATS)
            case inspect.StrType():
                return chosen.choice(TEXTS)
            case inspect.BytesType():
                return self._noise()
            case inspect.DecimalType():
                return chosen.choice(NUMBERS)
            case inspect.EnumType(cls=words):
                return chosen.choice([word.value for word in words] + ["NEW_WORD", 99])
            case inspect.StructType(cls=struct):
                fields = self._fields(kind, depth) if depth < 6 else []
                return [struct.__name__, *fields] if kind.tag is not None else fields
            case inspect.UnionType(types=types):
                return self._value(chosen.choice(types), depth)
            case inspect.TupleType(item_types=types):
                return [self._value(each, depth + 1) for each in types]
            case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
                return [self._value(item, depth + 1) for _ in range(chosen.randrange(3))]
            case inspect.DictType(value_type=item):
                return {chosen.choice(TEXTS): self._value(item, depth + 1)}
        return None
