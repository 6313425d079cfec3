"""What holds for every message of the vocabulary, whatever it says."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import actors.reconciler.records  # noqa: F401 - the journal's own rows are held here too
from bus.codec import decode, encode
from bus.messages import CATALOGUE, Message, NewOrder, OrderType, Refused, Side, SubmitOrder, Unreadable
from bus.messages.base import DECIMAL_DIGITS
from bus.schema import SURPLUS_KEY, TAG_KEY, label, schema

GOLDEN = Path(__file__).with_name("golden.json")
VOCABULARY = schema()
MESSAGES = sorted(CATALOGUE)
STABLE = [tag for tag in MESSAGES if not VOCABULARY["messages"][tag]["provisional"]]

INTEGERS = st.integers(-(2**63), 2**64 - 1)  # what MessagePack holds
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
DECIMALS = st.decimals(-(10**15), 10**15, allow_nan=False, allow_infinity=False, places=8)
FLOATS = st.floats(allow_nan=False)  # NaN travels, but is not equal to itself


def values(kind: msgspec.inspect.Type) -> st.SearchStrategy[Any]:
    """Return a strategy for a field's type."""
    match kind:
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.IntType(ge=least, le=most) if least is not None:
            return st.integers(least, most)
        case msgspec.inspect.IntType():
            return INTEGERS
        case msgspec.inspect.FloatType():
            return FLOATS
        case msgspec.inspect.StrType():
            return TEXTS
        case msgspec.inspect.BytesType():
            return st.binary(max_size=12)
        case msgspec.inspect.DecimalType():
            return DECIMALS
        case msgspec.inspect.NoneType():
            return st.none()
        case msgspec.inspect.EnumType(cls=words):
            return st.sampled_from(list(words))
        case msgspec.inspect.StructType(cls=struct):
            return messages(struct)
        case msgspec.inspect.UnionType(types=types):
            return st.one_of([values(choice) for choice in types])
        case msgspec.inspect.TupleType(item_types=types):
            return st.tuples(*map(values, types))
        case msgspec.inspect.VarTupleType(item_type=item):
            return st.lists(values(item), max_size=3).map(tuple)
        case msgspec.inspect.ListType(item_type=item):
            return st.lists(values(item), max_size=3)
        case msgspec.inspect.DictType(key_type=key, value_type=item):
            return st.dictionaries(values(key), values(item), max_size=3)
    raise TypeError(f"no strategy for {kind}: is it a type for the wire?")


def messages(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for instances of a message, every field given."""
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    return st.builds(kind, **{field.name: values(field.type) for field in info.fields})


def plainest(tag: str) -> Any:
    """Return a message with its mandatory fields alone, each the plainest of its type."""
    found: list[Any] = []
    info = msgspec.inspect.type_info(CATALOGUE[tag])
    assert isinstance(info, msgspec.inspect.StructType)
    for field in info.fields:
        if field.required:
            found.append(plain_value(field.type))
    return CATALOGUE[tag](*found)


def plain_value(kind: msgspec.inspect.Type) -> Any:
    match kind:
        case msgspec.inspect.StructType(cls=struct):
            return plainest(struct.__name__)
        case msgspec.inspect.EnumType(cls=words):
            return next(iter(words))
        case msgspec.inspect.UnionType(types=types):
            return plain_value(types[0])
        case msgspec.inspect.ListType():
            return []
        case msgspec.inspect.VarTupleType():
            return ()
        case msgspec.inspect.DictType():
            return {}
        case msgspec.inspect.DecimalType():
            return Decimal(1)
    return {
        msgspec.inspect.BoolType: False,
        msgspec.inspect.IntType: 0,
        msgspec.inspect.FloatType: 0.0,
        msgspec.inspect.StrType: "",
        msgspec.inspect.BytesType: b"",
        msgspec.inspect.NoneType: None,
    }[type(kind)]


def as_labelled(value: Any) -> Any:
    """Return what `label` should say of a value, made from the instance instead of from the wire."""
    if isinstance(value, Message):
        fields = {name: as_labelled(getattr(value, name)) for name in value.__struct_fields__}
        return {TAG_KEY: type(value).__name__, **fields}
    if isinstance(value, (list, tuple)):
        return [as_labelled(item) for item in value]
    if isinstance(value, dict):
        return {key: as_labelled(item) for key, item in value.items()}
    return value if isinstance(value, bytes) else msgspec.to_builtins(value)


@pytest.mark.parametrize("tag", MESSAGES)
def test_every_message_comes_back_from_the_wire_as_it_was(tag: str) -> None:
    @settings(max_examples=20, deadline=None)
    @given(messages(CATALOGUE[tag]))
    def comes_back(message: Message) -> None:
        assert decode(encode(message)) == message

    comes_back()


@pytest.mark.parametrize("tag", MESSAGES)
def test_the_schema_names_the_fields_that_a_plain_msgpack_reader_finds(tag: str) -> None:
    @settings(max_examples=20, deadline=None)
    @given(messages(CATALOGUE[tag]))
    def is_labelled(message: Message) -> None:
        assert label(msgpack.unpackb(encode(message)), VOCABULARY) == as_labelled(message)

    is_labelled()


@pytest.mark.parametrize("tag", MESSAGES)
def test_a_newer_peer_may_send_more_fields_than_we_know(tag: str) -> None:
    message = plainest(tag)
    fields = msgpack.unpackb(encode(message))
    longer = msgpack.packb([*fields, "new", 7])
    assert decode(longer) == message
    assert label([*fields, "new", 7], VOCABULARY)[SURPLUS_KEY] == ["new", 7]


@pytest.mark.parametrize("tag", MESSAGES)
def test_an_older_peer_may_leave_out_every_field_that_has_a_default(tag: str) -> None:
    message = plainest(tag)
    mandatory = len(message.__struct_fields__) - len(message.__struct_defaults__)
    shorter = msgpack.unpackb(encode(message))[: 1 + mandatory]
    assert decode(msgpack.packb(shorter)) == message
    assert label(shorter, VOCABULARY) == as_labelled(message)


@pytest.mark.parametrize("tag", MESSAGES)
def test_a_message_without_its_mandatory_fields_is_unreadable_and_raises_nothing(tag: str) -> None:
    message = plainest(tag)
    if len(message.__struct_fields__) > len(message.__struct_defaults__):
        assert isinstance(decode(msgpack.packb([tag])), Unreadable)


@pytest.mark.parametrize("tag", MESSAGES)
def test_every_message_says_in_one_line_what_it_is(tag: str) -> None:
    assert VOCABULARY["messages"][tag]["doc"].endswith((".", ":"))


@pytest.mark.parametrize("tag", STABLE)
def test_a_stable_message_only_ever_grew_at_its_end(tag: str) -> None:
    golden = json.loads(GOLDEN.read_text())
    names = list(CATALOGUE[tag].__struct_fields__)
    assert tag in golden, f"{tag} is stable now; add to {GOLDEN.name}: {json.dumps({tag: names})}"
    before = golden[tag]
    assert names[: len(before)] == before, f"{tag} had the fields {before}: append, never move, rename or remove"
    mandatory = len(names) - len(CATALOGUE[tag].__struct_defaults__)
    assert mandatory <= len(before), f"{names[len(before) : mandatory]} of {tag} need defaults: older peers lack them"


def test_no_stable_message_ever_went_away_or_became_provisional_again() -> None:
    assert sorted(json.loads(GOLDEN.read_text()).keys() - set(STABLE)) == []


def test_every_default_is_equal_to_itself_and_can_be_told_in_json() -> None:
    for kind in CATALOGUE.values():
        assert all(value == value for value in kind.__struct_defaults__), f"{kind.__name__} defaults to NaN"
        assert not any(value for value in kind.__struct_defaults__ if isinstance(value, bytes)), "JSON has no bytes"


def an_order(**fields: Any) -> NewOrder:
    return NewOrder("o", "o", "V", "X.V", "s", Side.BUY, OrderType.LIMIT, **fields)


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity", "1e999999", "1e-999999", "1e25", "-1e25"])
@pytest.mark.parametrize("name", ["size", "price", "trigger_price", "quote_size", "activation_price"])
def test_an_amount_that_nobody_can_compute_with_is_unreadable(name: str, amount: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is"):
        an_order(**{name: Decimal(amount)})
    hostile = msgpack.unpackb(encode(SubmitOrder(an_order())))
    hostile[1][1 + NewOrder.__struct_fields__.index(name)] = amount
    received = decode(msgpack.packb(hostile))
    assert isinstance(received, Unreadable)
    assert name in received.reason


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**DECIMAL_DIGITS) + 1, max_value=10**DECIMAL_DIGITS
    )
)
def test_an_amount_travels_exactly_with_all_its_digits(amount: Decimal) -> None:
    if amount and amount.adjusted() < -DECIMAL_DIGITS:
        return
    received = decode(encode(an_order(size=amount)))
    assert isinstance(received, NewOrder)
    assert received.size is not None
    assert received.size.compare_total(amount) == 0


@pytest.mark.parametrize("fields", [["GetIntents"], ["GetExecution", "s"]])
@pytest.mark.parametrize("number", [2**63, 2**64 - 1])
def test_a_number_that_no_journal_can_be_asked_about_is_unreadable(fields: list[Any], number: int) -> None:
    assert isinstance(decode(msgpack.packb([*fields, number])), Unreadable)
    assert isinstance(decode(msgpack.packb([*fields, 2**63 - 1])), Message)


def test_a_word_that_we_do_not_know_costs_the_word_and_not_the_message() -> None:
    received = decode(msgpack.packb(["Refused", "A_CODE_OF_NEXT_YEAR", "because", "-1"]))
    assert isinstance(received, Refused)
    assert (received.code.name, received.reason, received.venue_code) == ("UNKNOWN", "because", "-1")
