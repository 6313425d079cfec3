"""Page after page of history: nothing twice, nothing lost, and no short list where there was more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from actors.strategy.past import (
    CURABLE,
    HistoryRefused,
    HistoryTooLong,
    Pages,
    asking,
    history,
    question_of,
)
from bus.codec import ReplyStatus
from bus.messages import AggressorSide, Code, Empty, HistoryAnswer, QueryHistory, Refused, Trade
from bus.requests import Reply

ID = "BTCUSDT.BINANCE"
START = 1_767_225_600 * 10**9


def page(first: int, count: int, missing: str = "", last: bool = False) -> HistoryAnswer:
    rows = tuple(Trade(ID, str(n), 1, 1, AggressorSide.BUYER, START + n, 0) for n in range(first, first + count))
    end = first + count - 1
    return HistoryAnswer(rows, 0 if last else START + end, "" if last else str(end), missing)


class Venue:
    """Answers one thing after another, and stands for the member that asks its actor."""

    def __init__(self, *answers: HistoryAnswer | Refused | Reply) -> None:
        self.answers = list(answers)
        self.asked: list[QueryHistory] = []
        self.names: list[str] = []
        self.slept: list[float] = []

    async def request(self, name: str, message: QueryHistory, timeout_s: float) -> Reply:
        """As `Member.request`."""
        self.names.append(name)
        self.asked.append(message)
        answer = self.answers.pop(0)
        if isinstance(answer, Reply):
            return answer
        code = answer.code if isinstance(answer, Refused) else Code.NONE
        return Reply(ReplyStatus.DENIED if isinstance(answer, Refused) else ReplyStatus.OK, code, answer)

    async def sleep(self, seconds: float) -> None:
        """Sleep no time."""
        self.slept.append(seconds)

    def pages(self, **more: Any) -> Pages:
        """Pages of this venue."""
        question = question_of("BINANCE", ID, "trades", START)
        return Pages(asking(self, "BINANCE"), question, sleep=self.sleep, **more)  # type: ignore[arg-type]


def read(pages: Pages) -> list[int]:
    async def rows() -> list[int]:
        return [int(row.trade_id) async for row in pages.rows() if isinstance(row, Trade)]

    return asyncio.run(rows())


def test_each_question_goes_on_where_the_last_page_ended() -> None:
    venue = Venue(page(1, 3), page(4, 0), page(4, 2, last=True))
    assert read(venue.pages()) == [1, 2, 3, 4, 5]
    assert [(one.start_ns, one.after) for one in venue.asked] == [(START, ""), (START + 3, "3"), (START + 3, "3")]
    assert set(venue.names) == {"market_data.BINANCE"}


def test_a_page_is_asked_for_when_it_is_wanted() -> None:
    venue = Venue(page(1, 3), page(4, 2, last=True))

    async def two_rows() -> QueryHistory:
        pages, seen = venue.pages(), 0
        rows = pages.rows()
        async for _ in rows:
            seen += 1
            if seen == 2:
                break
        await rows.aclose()
        return pages.question

    assert asyncio.run(two_rows()).after == "3"
    assert len(venue.asked) == 1


def test_what_is_missing_is_kept_once() -> None:
    pages = Venue(page(1, 1, "a"), page(2, 1, "b"), page(3, 1, "a", last=True)).pages()
    assert read(pages) == [1, 2, 3]
    assert pages.missing == ["a", "b"]


@pytest.mark.parametrize("code", sorted(CURABLE))
def test_what_passes_by_itself_is_waited_for_longer_each_time(code: Code) -> None:
    venue = Venue(page(1, 2), *[Refused(code, "wait")] * 8, page(3, 1, last=True))
    assert read(venue.pages()) == [1, 2, 3]
    assert venue.slept == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert {(one.after) for one in venue.asked[1:]} == {"2"}


def test_an_answer_without_a_body_is_waited_for_as_well() -> None:
    lost = Reply(ReplyStatus.NO_ANSWER, Code.TIMED_OUT, Empty())
    assert read(Venue(lost, page(1, 1, last=True)).pages()) == [1]


def test_what_does_not_pass_in_time_is_raised_and_the_rows_before_it_were_right() -> None:
    venue = Venue(page(1, 2), *[Refused(Code.RATE_LIMITED, "wait")] * 8)
    pages = venue.pages(patience_s=10.0)
    found: list[Any] = []

    async def rows() -> None:
        async for row in pages.rows():
            found.append(row)

    with pytest.raises(HistoryRefused, match="wait") as caught:
        asyncio.run(rows())
    assert caught.value.code is Code.RATE_LIMITED
    assert len(found) == 2
    assert sum(venue.slept) == 15.5
    assert pages.question.after == "2"


@pytest.mark.parametrize("code", [Code.UNSUPPORTED, Code.NO_SUCH_INSTRUMENT, Code.VENUE_REJECTED, Code.NO_SUCH_ACTOR])
def test_what_will_never_be_answered_is_raised_at_once(code: Code) -> None:
    venue = Venue(Refused(code, "no", "-1121"))
    with pytest.raises(HistoryRefused, match="no") as caught:
        read(venue.pages())
    assert (caught.value.code, caught.value.venue_code) == (code, "-1121")
    assert venue.slept == []


def test_an_actor_that_is_away_after_the_first_page_is_waited_for() -> None:
    away = Reply(ReplyStatus.NOT_SENT, Code.NO_SUCH_ACTOR, Empty())
    assert read(Venue(page(1, 1), away, page(2, 1, last=True)).pages()) == [1, 2]


def test_a_list_has_all_rows_and_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = Venue(page(1, 3, "a"), page(4, 2, "b", last=True))
    found = asyncio.run(history(venue, "BINANCE", ID, "trades", START))  # type: ignore[arg-type]
    assert len(found) == 5
    assert found.missing == "a; b"


def test_a_list_that_would_be_cut_is_an_error_instead() -> None:
    venue = Venue(page(1, 3), page(4, 3), page(7, 3, last=True))
    with pytest.raises(HistoryTooLong, match="over 5 rows"):
        asyncio.run(history(venue, "BINANCE", ID, "trades", START, limit=5))  # type: ignore[arg-type]
    assert len(venue.asked) == 2


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: question_of("B", ID, "bars", "soon"), "'soon' is no moment"),
        (lambda: question_of("B", ID, "bars", "2026-01-02", "2026-01-01"), "reversed"),
        (lambda: question_of("B", ID, "bars", 1_767_225_600), "is no UNIX nanosecond"),
    ],
)
def test_a_question_that_cannot_be_is_a_value_error(make: Callable[[], object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_words_are_as_people_say_them() -> None:
    for words, kind, interval in (
        (("bars", "1-MINUTE"), "bar", "1-MINUTE-LAST"),
        (("bar", "1-MINUTE-LAST"), "bar", "1-MINUTE-LAST"),
        (("aggregate-trades", ""), "aggregate_trade", ""),
        (("funding", ""), "funding", ""),
    ):
        found = question_of("B", ID, words[0], "2026-01-01", interval=words[1])
        assert (found.kind, found.interval, found.start_ns, found.end_ns) == (kind, interval, START, 0)
