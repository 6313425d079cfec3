"""Foreign bytes never raise, and what is newer than we are is named."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus import codec
from bus.codec import (
    WIRE_VERSION,
    Header,
    Kind,
    ReplyHeader,
    ReplyStatus,
    RequestHeader,
    decode,
    decode_header,
    decode_reply_header,
    decode_request_header,
    encode,
    register,
)
from bus.messages import CATALOGUE, Acknowledged, Code, Message, Unknown, Unreadable

DECODERS = (decode_header, decode_request_header, decode_reply_header)
HEADERS = (
    (decode_header, Header(WIRE_VERSION, Kind.STATE, "gate", 7, 1, 2)),
    (decode_request_header, RequestHeader(WIRE_VERSION, 1, "gate", 7, 3, 2)),
    (decode_reply_header, ReplyHeader(WIRE_VERSION, 1, ReplyStatus.OK, Code.NONE)),
)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)
NUMBERS = st.sampled_from(["NaN", "sNaN", "-Infinity", "1e999999999", "1e-999999999", "0e99999", "", "1_0", "٣"])
HOSTILE = {
    "nothing": b"",
    "an empty array": b"\x90",
    "a number": b"\x01",
    "a tag that is a number": b"\x91\x01",
    "an unused first byte": b"\xc1",
    "an array of 2**32 items": b"\xdd\xff\xff\xff\xff",
    "a map of 2**32 items": b"\xdf\xff\xff\xff\xff",
    "bytes of 4 GiB": b"\xc6\xff\xff\xff\xff",
    "a text of 4 GiB": b"\xdb\xff\xff\xff\xff",
    "an extension of 4 GiB": b"\xc9\xff\xff\xff\xff\x01",
    "a quote of 2**32 fields": b"\xdd\xff\xff\xff\xff\xa5Quote",
    "2**32 levels in a book": b"\x97\xacBookSnapshot\xa1a\xdd\xff\xff\xff\xff",
    "arrays two million deep": b"\x91" * 2_000_000,
    "maps half a million deep": b"\x81\xa1a" * 500_000,
    "unknown tag, arrays deep": b"\x92\xa3Foo" + b"\x91" * 100_000 + b"\x01",
    "unknown tag, an endless array": b"\x92\xa3Foo\xdd\xff\xff\xff\xff",
    "unknown tag, a map as a map's key": b"\x92\xa3Foo\x81\x81\x01\x02\x01",
    "unknown tag, text that is not UTF-8": b"\x92\xa3Foo\xa2\xff\xff",
    "a known tag, text that is not UTF-8": b"\x95\xa5Alert\xa2\xff\xff\xa1a\xa1a\x01",
    "a known tag, values very deep": b"\x92\xa9NewOrder" + b"\x91" * 100_000,
    "a timestamp out of range": b"\xc7\x0c\xff" + b"\xff" * 12,
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_bytes_are_unreadable_and_do_not_raise(raw: bytes) -> None:
    found = decode(raw)
    assert isinstance(found, Unreadable)
    assert found.reason
    assert len(found.raw) <= 1024
    assert all(isinstance(each(raw), Unreadable) for each in DECODERS)


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=300)
def test_no_bytes_at_all_raise(raw: bytes) -> None:
    assert isinstance(decode(raw), (Message, Unknown, Unreadable))
    for each, header in HEADERS:
        assert isinstance(each(raw), (type(header), Unreadable))


@given(st.sampled_from(sorted(CATALOGUE)), st.lists(PLAIN | NUMBERS, max_size=14))
@settings(deadline=None, max_examples=300)
def test_a_known_tag_with_any_fields_does_not_raise(tag: str, fields: list[Any]) -> None:
    assert isinstance(decode(msgpack.packb([tag, *fields])), (Message, Unreadable))


@given(st.binary(max_size=60), st.integers(0, 60), st.sampled_from([header for _, header in HEADERS]))
@settings(deadline=None)
def test_a_damaged_header_does_not_raise(noise: bytes, place: int, header: Any) -> None:
    raw = encode(header)
    raw = raw[:place] + noise + raw[place + len(noise) :]
    for each in DECODERS:
        each(raw)


@given(st.text(max_size=20).filter(lambda tag: tag not in CATALOGUE), st.lists(PLAIN, max_size=5))
@settings(deadline=None)
def test_an_unknown_tag_decodes_to_unknown_with_its_fields(tag: str, fields: list[Any]) -> None:
    found = decode(msgpack.packb([tag, *fields]))
    assert isinstance(found, Unknown)
    assert found.tag == tag
    assert len(found.fields) == len(fields)


@pytest.mark.parametrize(("each", "header"), HEADERS)
def test_another_wire_version_is_refused_with_both_named(each: Any, header: Any) -> None:
    assert each(encode(header)) == header
    fields = msgpack.unpackb(encode(header))
    found = each(msgpack.packb([WIRE_VERSION + 1, *fields[1:]]))
    assert isinstance(found, Unreadable)
    assert str(WIRE_VERSION) in found.reason
    assert str(WIRE_VERSION + 1) in found.reason


@pytest.mark.parametrize(("each", "header"), HEADERS)
def test_a_header_with_fields_of_a_later_version_is_read(each: Any, header: Any) -> None:
    assert each(msgpack.packb([*msgpack.unpackb(encode(header)), "new"])) == header


def test_a_reply_code_of_a_later_version_is_read_as_unknown() -> None:
    found = decode_reply_header(msgpack.packb([WIRE_VERSION, 1, ReplyStatus.DENIED, "NEVER_HEARD_OF"]))
    assert isinstance(found, ReplyHeader)
    assert found.code is Code.UNKNOWN


REGISTERING = """
import json
from bus.codec import decode, encode, register
from bus.messages import CATALOGUE, Acknowledged, Message

class Raced(Message, frozen=True):
    distance: int

class Weathered(Message, frozen=True):
    rain: float

first = type(decode(encode(Raced(5)))).__name__
register(Raced)
register(Raced, Weathered)
known = [decode(encode(each)) == each for each in (Raced(5), Weathered(0.5), Acknowledged(1))]
print(json.dumps([first, known, CATALOGUE["Raced"] is Raced]))
"""


def test_a_venue_package_registers_its_own_messages() -> None:
    done = subprocess.run([sys.executable, "-c", REGISTERING], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == ["Unknown", [True, True, True], True]


def test_a_taken_tag_is_refused_and_nothing_of_the_call_is_taken() -> None:
    fresh = type("NobodyElses", (Message,), {"__annotations__": {"value": int}}, frozen=True)
    taken = type("Acknowledged", (Message,), {"__annotations__": {"text": str}}, frozen=True)
    with pytest.raises(ValueError, match=r"'Acknowledged' is taken by bus\.messages"):
        register(fresh, taken)
    assert CATALOGUE["Acknowledged"] is Acknowledged
    assert "NobodyElses" not in CATALOGUE
    assert isinstance(decode(encode(fresh(1))), Unknown)
    assert decode(encode(Acknowledged(3))) == Acknowledged(3)


def test_the_size_limit_holds_a_large_book_many_times() -> None:
    levels = [(1.0, 1.0)] * 5_000
    assert 20 * len(encode(levels)) * 2 < codec.MAX_MESSAGE_BYTES
