"""The contract of history, with a venue that says what a test wants: no page leaves that is not what was asked for."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from order_samples import an_instrument

from bus.messages import AggressorSide, Bar, Code, HistoryAnswer, QueryHistory, Refused, Trade
from venues.capabilities import Cell, History
from venues.history import Asked, HistoryOffer, answer_history

ID = "X.Y"
INSTRUMENT = an_instrument(id=ID)
OFFER = HistoryOffer(
    {History.BAR: Cell.NATIVE, History.TRADE: Cell.NATIVE, History.QUOTE: Cell.NONE}, ("1-HOUR-LAST",), 10
)


class Reader:
    """Answers with one page, and keeps what it was asked."""

    offer = OFFER

    def __init__(self, answer: HistoryAnswer | Refused) -> None:
        self.answer = answer
        self.asked: list[Asked] = []

    async def read(self, asked: Asked) -> HistoryAnswer | Refused:
        """Give the page."""
        self.asked.append(asked)
        return self.answer


def trades(*pairs: tuple[int, int], instrument: str = ID) -> tuple[Trade, ...]:
    return tuple(Trade(instrument, str(number), 1, 1, AggressorSide.BUYER, at, 0) for number, at in pairs)


def bars(*opens: int) -> tuple[Bar, ...]:
    return tuple(Bar(ID, "1-HOUR-LAST", 1, 1, 1, 1, 0, True, at, at + 10, 0, ts_close=at + 10) for at in opens)


def ask(reader: Reader, kind: str, start: int = 100, end: int = 200, **more: Any) -> HistoryAnswer | Refused:
    question = QueryHistory("Y", ID, kind, start, end, "1-HOUR-LAST" if kind == "bar" else "", **more)
    return asyncio.run(answer_history(question, "Y", reader, {ID: INSTRUMENT}))


def test_a_page_that_is_what_was_asked_for_is_handed_on_as_it_is() -> None:
    for kind, rows in (("trade", trades((5, 100), (6, 100), (9, 199))), ("bar", bars(100, 110, 190)), ("trade", ())):
        answer = HistoryAnswer(rows, 150, "9", "missing")
        reader = Reader(answer)
        assert ask(reader, kind) is answer
        assert reader.asked == [Asked(History(kind), INSTRUMENT, "1-HOUR-LAST" if kind == "bar" else "", 100, 200, 10)]


def test_a_refusal_of_the_reader_is_handed_on() -> None:
    refusal = Refused(Code.RATE_LIMITED, "later")
    assert ask(Reader(refusal), "trade") is refusal


@pytest.mark.parametrize(
    ("kind", "answer", "more", "words"),
    [
        ("trade", HistoryAnswer(trades((5, 100), (5, 101))), {}, "do not ascend: 5 comes after 5"),
        ("trade", HistoryAnswer(trades((6, 100), (5, 101))), {}, "do not ascend: 5 comes after 6"),
        ("bar", HistoryAnswer(bars(100, 100)), {}, "do not ascend"),
        ("bar", HistoryAnswer(bars(110, 100)), {}, "do not ascend"),
        ("bar", HistoryAnswer(bars(100, 105)), {}, "do not ascend"),
        ("trade", HistoryAnswer(trades((5, 99))), {}, "begins before the start"),
        ("bar", HistoryAnswer(bars(99)), {}, "begins before the start"),
        ("trade", HistoryAnswer(trades((5, 200))), {}, "reaches beyond the end"),
        ("bar", HistoryAnswer(bars(200)), {}, "reaches beyond the end"),
        ("trade", HistoryAnswer(trades((5, 150))), {"after": "5"}, "begins with 5, which is not after 5"),
        ("trade", HistoryAnswer(trades((6, 150)), 100, "5"), {"after": "5"}, "would be this one again"),
        ("bar", HistoryAnswer(bars(100), 100), {}, "would be this one again"),
        ("trade", HistoryAnswer(bars(100)), {}, "a row is no trade of X.Y"),
        ("trade", HistoryAnswer(trades((5, 100), instrument="Z.Y")), {}, "a row is no trade of X.Y"),
    ],
)
def test_a_page_that_is_not_what_was_asked_for_is_refused(
    kind: str, answer: HistoryAnswer, more: dict[str, Any], words: str
) -> None:
    found = ask(Reader(answer), kind, **more)
    assert isinstance(found, Refused)
    assert found.code is Code.UNREADABLE
    assert words in found.reason


def test_trades_without_numbers_ascend_by_their_time() -> None:
    rows = tuple(msgspec.structs.replace(row, trade_id="") for row in trades((1, 100), (2, 100), (3, 120)))
    assert isinstance(ask(Reader(HistoryAnswer(rows)), "trade"), HistoryAnswer)
    assert isinstance(ask(Reader(HistoryAnswer(rows[::-1])), "trade"), Refused)


def test_what_is_not_offered_never_reaches_the_reader() -> None:
    reader = Reader(HistoryAnswer())
    for kind, start, end, more, code in (
        ("quote", 100, 200, {}, Code.UNSUPPORTED),
        ("funding", 100, 200, {}, Code.UNSUPPORTED),
        ("", 100, 200, {}, Code.UNSUPPORTED),
        ("trade", 200, 100, {}, Code.BAD_VALUE),
        ("trade", -1, 100, {}, Code.BAD_VALUE),
        ("trade", 100, 2**64 - 1, {}, Code.BAD_VALUE),
        ("trade", 100, 200, {"limit": 11}, Code.BAD_VALUE),
        ("trade", 100, 200, {"after": "٣"}, Code.BAD_VALUE),
    ):
        found = ask(reader, kind, start, end, **more)
        assert isinstance(found, Refused)
        assert found.code is code
    assert reader.asked == []
