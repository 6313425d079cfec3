"""The vocabulary as data."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import msgpack
import msgspec

from bus.codec import Header, Kind, encode
from bus.messages import (
    CATALOGUE,
    CancelAll,
    Code,
    Fill,
    Intent,
    Liquidity,
    NewOrder,
    OrderType,
    Register,
    Side,
    Source,
    VenueBatch,
    VenueEvent,
    Word,
    words,
)
from bus.schema import SURPLUS_KEY, TAG_KEY, VocabularySchema, label, schema, schema_json

VOCABULARY = schema()
ORDER = NewOrder("o", "o", "BINANCE", "BTCUSDT.BINANCE", "s", Side.BUY, OrderType.LIMIT, size=Decimal("0.10"))
FILL = Fill(
    "7",
    "BINANCE",
    "X.BINANCE",
    "o",
    "1",
    Side.SELL,
    Decimal("1.50"),
    Decimal(2),
    None,
    "",
    Liquidity.MAKER,
    Source.STREAM,
    1,
    2,
)


def test_the_schema_is_plain_json_and_comes_back_as_it_was() -> None:
    assert json.loads(schema_json()) == VOCABULARY
    assert msgspec.json.decode(schema_json(), type=VocabularySchema) == VOCABULARY


def test_every_message_is_in_the_schema_with_its_fields_in_wire_order() -> None:
    assert VOCABULARY["messages"].keys() == CATALOGUE.keys()
    for tag, kind in CATALOGUE.items():
        assert [field["name"] for field in VOCABULARY["messages"][tag]["fields"]] == list(kind.__struct_fields__)


def test_every_type_is_simple_a_list_of_words_or_a_message() -> None:
    simple = {"any", "null", "bool", "int", "float", "str", "bytes", "decimal", "list", "tuple", "map"}
    known = simple | VOCABULARY["words"].keys() | VOCABULARY["messages"].keys()
    for message in VOCABULARY["messages"].values():
        for field in message["fields"]:
            assert set(re.findall(r"\w+", field["type"])) <= known


def test_no_name_means_both_a_list_of_words_and_a_message() -> None:
    assert not VOCABULARY["words"].keys() & VOCABULARY["messages"].keys()


def test_no_field_has_the_name_that_a_label_needs_for_itself() -> None:
    names = {field["name"] for message in VOCABULARY["messages"].values() for field in message["fields"]}
    assert not names & {TAG_KEY, SURPLUS_KEY}


def test_every_list_of_words_is_told_in_full() -> None:
    lists = [
        kind for kind in vars(words).values() if isinstance(kind, type) and issubclass(kind, Word) and kind is not Word
    ]
    assert VOCABULARY["words"] == {kind.__name__: [word.value for word in kind] for kind in lists}
    assert "NOT_SYNCED" in VOCABULARY["words"][Code.__name__]


def test_defaults_are_told_as_they_stand_on_the_wire() -> None:
    fields = {field["name"]: field for field in VOCABULARY["messages"]["NewOrder"]["fields"]}
    assert "default" not in fields["order_id"]
    assert fields["time_in_force"] == {"name": "time_in_force", "type": "TimeInForce", "default": "GTC"}
    assert fields["size"] == {"name": "size", "type": "decimal | null", "default": None}
    assert fields["linked_ids"] == {"name": "linked_ids", "type": "list[str]", "default": []}
    assert fields["params"] == {"name": "params", "type": "map[str, str]", "default": {}}
    filled = next(field for field in VOCABULARY["messages"]["OrderState"]["fields"] if field["name"] == "filled")
    assert filled == {"name": "filled", "type": "decimal", "default": "0"}


def test_provisional_messages_are_told_from_stable_ones() -> None:
    assert VOCABULARY["messages"]["SetLeverage"]["provisional"]
    assert not VOCABULARY["messages"]["NewOrder"]["provisional"]


def test_the_headers_are_described_as_the_codec_writes_them() -> None:
    header = msgpack.unpackb(encode(Header(1, Kind.CHANGE, "BINANCE", 3, 4, 5)))
    names = [field["name"] for field in VOCABULARY["header"]]
    assert names == ["version", "kind", "sender", "epoch", "seq", "ts_sent"]
    assert dict(zip(names, header, strict=True)) == {
        "version": 1,
        "kind": 1,
        "sender": "BINANCE",
        "epoch": 3,
        "seq": 4,
        "ts_sent": 5,
    }
    assert [field["name"] for field in VOCABULARY["request_header"]][:3] == ["version", "id", "caller"]
    assert [field["name"] for field in VOCABULARY["reply_header"]] == ["version", "id", "status", "code", "part"]


def test_messages_inside_messages_are_labelled_too() -> None:
    batch = label(msgpack.unpackb(encode(VenueBatch("BINANCE", 3, (VenueEvent(1, FILL),)))), VOCABULARY)
    assert batch["events"][0][TAG_KEY] == "VenueEvent"
    assert batch["events"][0]["event"][TAG_KEY] == "Fill"
    assert batch["events"][0]["event"]["price"] == "1.50"
    intent = label(msgpack.unpackb(encode(Intent(1, ORDER, False, None, 9))), VOCABULARY)
    assert intent["order"]["size"] == "0.10"
    assert intent["event"] is None


def test_a_list_of_names_that_spell_a_tag_is_no_message() -> None:
    registered = label(msgpack.unpackb(encode(Register("a", "k", 1, "0", prefixes=("Fill", "x")))), VOCABULARY)
    assert registered["prefixes"] == ["Fill", "x"]
    cancel = label(msgpack.unpackb(encode(CancelAll("BINANCE", client_order_ids=(("Fill", "x"),)))), VOCABULARY)
    assert cancel["client_order_ids"] == [["Fill", "x"]]


def test_a_tag_that_the_schema_does_not_know_keeps_its_fields() -> None:
    assert label(["FromNextYear", 1, ["Fill"]], VOCABULARY) == {TAG_KEY: "FromNextYear", SURPLUS_KEY: [1, ["Fill"]]}


def test_a_nested_tag_that_the_schema_does_not_know_stays_a_list() -> None:
    assert label(["VenueEvent", 1, ["FromNextYear", 2]], VOCABULARY)["event"] == ["FromNextYear", 2]


def test_what_is_no_message_is_labelled_with_an_empty_tag() -> None:
    for nothing in (None, 1, "Fill", [], [1, 2], {"a": 1}, b"raw"):
        assert label(nothing, VOCABULARY) == {TAG_KEY: "", SURPLUS_KEY: [nothing]}
