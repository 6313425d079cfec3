"""The vocabulary as data, for peers in other languages and for readers of plain MessagePack.

`schema` describes what `bus.messages` and `bus.codec` define and nothing else, so it cannot fall behind them::

    {"version": 1,
     "messages": {"Fill": {"doc": "...", "provisional": false,
                           "fields": [{"name": "price", "type": "decimal"},
                                      {"name": "account", "type": "str", "default": ""}, ...]}},
     "words": {"Side": ["UNKNOWN", "BUY", "SELL"]},
     "header": [...], "request_header": [...], "reply_header": [...]}

Fields stand in wire order, behind the tag. A type is ``bool``, ``int``, ``float``, ``str``, ``bytes``, ``decimal`` (a
string on the wire), a word list's name (a string), a message's tag (an array again), ``list[T]``, ``tuple[T, U]``,
``map[T, U]``, and alternatives are joined by ``|``, ``null`` among them.
"""

from __future__ import annotations

import enum
import re
from copy import copy
from decimal import Decimal
from typing import Any, TypedDict

import msgspec

from bus.codec import WIRE_VERSION, Header, ReplyHeader, RequestHeader
from bus.messages import CATALOGUE, Message, Word, words

__all__ = [
    "SURPLUS_KEY",
    "TAG_KEY",
    "FieldSchema",
    "MessageSchema",
    "VocabularySchema",
    "label",
    "schema",
    "schema_json",
]

TAG_KEY = "message"
"""Where `label` puts a message's tag."""
SURPLUS_KEY = "more"
"""Where `label` puts fields that the schema does not name: a newer peer's, or all of an unknown tag."""

_NAMES = re.compile(r"\w+")
_SIMPLE: dict[type[msgspec.inspect.Type], str] = {
    msgspec.inspect.AnyType: "any",
    msgspec.inspect.NoneType: "null",
    msgspec.inspect.BoolType: "bool",
    msgspec.inspect.IntType: "int",
    msgspec.inspect.FloatType: "float",
    msgspec.inspect.StrType: "str",
    msgspec.inspect.BytesType: "bytes",
    msgspec.inspect.DecimalType: "decimal",
}


class _Field(TypedDict):
    name: str
    type: str


class FieldSchema(_Field, total=False):
    """A field's name and type; `default` is there where older peers may leave the field out."""

    default: Any


class MessageSchema(TypedDict):
    """A message's fields in wire order. `provisional` ones may still change in any way."""

    doc: str
    provisional: bool
    fields: list[FieldSchema]


class VocabularySchema(TypedDict):
    """All that can be on the bus."""

    version: int
    messages: dict[str, MessageSchema]
    words: dict[str, list[str]]
    header: list[FieldSchema]
    request_header: list[FieldSchema]
    reply_header: list[FieldSchema]


def schema() -> VocabularySchema:
    """Return the vocabulary as it is now, types that venue packages have registered included."""
    return {
        "version": WIRE_VERSION,
        "messages": {tag: _message(kind) for tag, kind in CATALOGUE.items()},
        "words": {name: [word.value for word in kind] for name, kind in _word_lists().items()},
        "header": _fields(Header),
        "request_header": _fields(RequestHeader),
        "reply_header": _fields(ReplyHeader),
    }


def schema_json() -> bytes:
    """Return `schema` as JSON, as the directory serves it."""
    return msgspec.json.encode(schema())


def label(decoded: object, vocabulary: VocabularySchema) -> dict[str, Any]:
    """Return the fields of a message by name, as read by a MessagePack decoder that knows nothing of it.

    The tag stands under `TAG_KEY`. Messages inside messages are labelled too, where the schema says that a field may
    hold one. Nothing is refused: a field that an older peer left out has its default, or is missing where it has none;
    what the schema does not name (a newer peer's fields, all fields of an unknown tag) is a list under `SURPLUS_KEY`;
    and something that is no message at all is labelled with an empty tag.
    """
    if not (isinstance(decoded, (list, tuple)) and decoded and isinstance(decoded[0], str)):
        return {TAG_KEY: "", SURPLUS_KEY: [decoded]}
    tag, values = decoded[0], decoded[1:]
    known = vocabulary["messages"].get(tag)
    labelled: dict[str, Any] = {TAG_KEY: tag}
    fields = known["fields"] if known else []
    for field, value in zip(fields, values, strict=False):
        labelled[field["name"]] = _label_inside(value, _tags(field["type"], vocabulary), vocabulary)
    for field in fields[len(values) :]:
        if "default" in field:
            labelled[field["name"]] = b"" if field["type"] == "bytes" else copy(field["default"])
    if len(values) > len(fields):
        labelled[SURPLUS_KEY] = list(values[len(fields) :])
    return labelled


def _label_inside(value: object, tags: frozenset[str], vocabulary: VocabularySchema) -> object:
    if not tags:
        return value
    if isinstance(value, (list, tuple)):
        if value and isinstance(value[0], str) and value[0] in tags:
            return label(value, vocabulary)
        return [_label_inside(item, tags, vocabulary) for item in value]
    if isinstance(value, dict):
        return {key: _label_inside(item, tags, vocabulary) for key, item in value.items()}
    return value


def _tags(type_name: str, vocabulary: VocabularySchema) -> frozenset[str]:
    """Return the messages that a field of this type may hold; a list of names that spell a tag is no message."""
    return frozenset(_NAMES.findall(type_name)) & vocabulary["messages"].keys()


def _message(kind: type[Message]) -> MessageSchema:
    first_line = (kind.__doc__ or "").strip().partition("\n")[0]
    return {"doc": first_line, "provisional": first_line.startswith("provisional"), "fields": _fields(kind)}


def _fields(kind: type[msgspec.Struct]) -> list[FieldSchema]:
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    return [_field(field) for field in info.fields]


def _field(field: msgspec.inspect.Field) -> FieldSchema:
    described: FieldSchema = {"name": field.encode_name, "type": _type_name(field.type)}
    if field.default_factory is not msgspec.NODEFAULT:
        described["default"] = msgspec.to_builtins(field.default_factory())
    elif field.default is not msgspec.NODEFAULT:
        described["default"] = _plain(field.default)
    return described


def _plain(value: object) -> Any:
    if isinstance(value, bytes):
        return ""  # JSON has no bytes, and none of ours defaults to any but none
    if isinstance(value, (Decimal, enum.Enum)):
        return msgspec.to_builtins(value)
    return list(value) if isinstance(value, tuple) else value


def _type_name(kind: msgspec.inspect.Type) -> str:
    simple = _SIMPLE.get(type(kind))
    if simple is not None:
        return simple
    match kind:
        case msgspec.inspect.StructType(cls=struct) | msgspec.inspect.EnumType(cls=struct):
            return struct.__name__
        case msgspec.inspect.UnionType(types=types):
            return " | ".join(map(_type_name, types))
        case msgspec.inspect.TupleType(item_types=types):
            return f"tuple[{', '.join(map(_type_name, types))}]"
        case msgspec.inspect.ListType(item_type=item) | msgspec.inspect.VarTupleType(item_type=item):
            return f"list[{_type_name(item)}]"
        case msgspec.inspect.DictType(key_type=key, value_type=item):
            return f"map[{_type_name(key)}, {_type_name(item)}]"
    raise TypeError(f"{kind} has no name in the published schema: use a type that every MessagePack reader has")


def _word_lists() -> dict[str, type[Word]]:
    lists = (getattr(words, name) for name in words.__all__)
    return {
        kind.__name__: kind for kind in lists if isinstance(kind, type) and issubclass(kind, Word) and kind is not Word
    }
