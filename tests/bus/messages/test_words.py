"""Closed lists of words, open to what newer peers say."""

from __future__ import annotations

import msgspec
import pytest

from bus.messages import Code, ExitPolicy, FillKind, OrderStatus, Side, TimeInForce, Word, parse_word, words

LISTS = [
    kind for kind in vars(words).values() if isinstance(kind, type) and issubclass(kind, Word) and kind is not Word
]


@pytest.mark.parametrize("kind", LISTS)
def test_an_unknown_word_decodes_to_unknown(kind: type[Word]) -> None:
    heard = msgspec.msgpack.decode(msgspec.msgpack.encode("NEVER_HEARD_OF"), type=kind)
    assert heard is kind["UNKNOWN"]


@pytest.mark.parametrize("kind", LISTS)
def test_every_word_comes_back_from_the_wire_as_it_was(kind: type[Word]) -> None:
    for word in kind:
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(word), type=kind) is word


@pytest.mark.parametrize("kind", LISTS)
def test_every_list_can_be_imported_from_the_vocabulary(kind: type[Word]) -> None:
    assert kind.__name__ in words.__all__


@pytest.mark.parametrize("kind", LISTS)
def test_every_word_is_read_in_any_case(kind: type[Word]) -> None:
    for word in kind:
        if word.name != "UNKNOWN":
            assert parse_word(kind, word.value.lower(), "argument") is word
            assert parse_word(kind, word, "argument") is word


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("text", ["", "UNKNOWN", "unknown", "no such word"])
def test_a_refused_word_names_the_argument_and_every_choice(kind: type[Word], text: str) -> None:
    with pytest.raises(ValueError, match="the_argument is") as refusal:
        parse_word(kind, text, "the_argument")
    choices = str(refusal.value).partition("expected one of ")[2].split(", ")
    assert choices == [word.value for word in kind if word.name != "UNKNOWN"]
    assert repr(text) in str(refusal.value)


def test_the_choices_of_an_exit_policy_are_told_as_a_configuration_writes_them() -> None:
    with pytest.raises(ValueError, match="expected one of cancel, leave, flatten"):
        parse_word(ExitPolicy, "die", "exit_policy")
    assert parse_word(ExitPolicy, "leave", "exit_policy") is ExitPolicy.LEAVE
    assert parse_word(TimeInForce, "ioc", "time_in_force") is TimeInForce.IOC


def test_every_code_has_one_sentence() -> None:
    for code in Code:
        assert code.sentence.endswith(".")
        assert ". " not in code.sentence
    assert Code("NEVER_HEARD_OF") is Code.UNKNOWN
    assert len({code.sentence for code in Code}) == len(Code)


def test_a_side_that_nobody_knows_moves_no_position() -> None:
    assert [side.sign for side in (Side.BUY, Side.SELL, Side.UNKNOWN)] == [1, -1, 0]


def test_an_order_of_unknown_status_counts_as_open() -> None:
    closed = {status.name for status in OrderStatus if status.is_closed}
    assert closed == {"DENIED", "REJECTED", "FILLED", "CANCELED", "EXPIRED", "NEVER_ARRIVED"}


def test_the_plain_fill_is_a_trade() -> None:
    assert FillKind.TRADE == "TRADE"
