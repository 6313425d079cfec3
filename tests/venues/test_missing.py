"""What a page of history lacks is said, and what it does not lack is not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bus.messages import AggressorSide, Bar, Trade
from venues.missing import joined, missing_bars, missing_numbers, not_yet

HOUR = 3_600 * 10**9
DAY = 24 * HOUR
JUNE = 1_717_977_600 * 10**9
"""Monday 2024-06-10."""
NOW = JUNE + 365 * DAY


def bars(*opens: int, interval: str = "1-HOUR-LAST", length: int = HOUR) -> list[Bar]:
    return [Bar("X.Y", interval, 1, 1, 1, 1, 0, True, at, at + length, 0, ts_close=at + length) for at in opens]


def hours(*numbers: int) -> list[Bar]:
    return bars(*(JUNE + number * HOUR for number in numbers))


def lacks(
    found: list[Bar], start: int, end: int, now: int = NOW, is_last: bool = True, interval: str = "1-HOUR-LAST"
) -> str:
    return missing_bars(found, interval, start, end, now, is_last)


def test_a_whole_range_lacks_nothing_wherever_it_begins_and_ends() -> None:
    for start in (JUNE - HOUR + 1, JUNE - 1, JUNE):
        for end in (JUNE + 2 * HOUR + 1, JUNE + 3 * HOUR):
            assert lacks(hours(0, 1, 2), start, end) == ""


def test_what_is_not_there_before_between_and_after_is_told() -> None:
    told = lacks(hours(2, 3, 6), JUNE, JUNE + 9 * HOUR)
    assert told.split("; ") == [
        "no bars from 2024-06-10T00:00:00Z to 2024-06-10T02:00:00Z",
        "no bars from 2024-06-10T04:00:00Z to 2024-06-10T06:00:00Z",
        "no bars from 2024-06-10T07:00:00Z to 2024-06-10T09:00:00Z",
    ]
    assert lacks(hours(2, 3), JUNE + 1, JUNE + 4 * HOUR) == "no bars from 2024-06-10T01:00:00Z to 2024-06-10T02:00:00Z"


def test_what_comes_after_a_page_that_is_not_the_last_is_the_next_pages_to_tell() -> None:
    assert lacks(hours(0, 1), JUNE, JUNE + 9 * HOUR, is_last=False) == ""


def test_from_the_beginning_of_time_nothing_is_missing_before_the_first() -> None:
    assert lacks(hours(0), 0, JUNE + HOUR) == ""


def test_a_bar_that_is_not_closed_yet_is_not_missing() -> None:
    assert lacks(hours(0, 1), JUNE, JUNE + 9 * HOUR, now=JUNE + 3 * HOUR - 1) == ""
    told = lacks(hours(0, 1), JUNE, JUNE + 9 * HOUR, now=JUNE + 3 * HOUR)
    assert told == "no bars from 2024-06-10T02:00:00Z to 2024-06-10T03:00:00Z"


def test_no_bars_at_all_are_missing_only_where_one_would_have_opened_and_closed() -> None:
    assert lacks([], JUNE + 1, JUNE + HOUR) == ""
    assert lacks([], JUNE + 1, JUNE + HOUR + 1) == "no bars from 2024-06-10T01:00:00Z to 2024-06-10T01:00:00.000000001Z"
    assert lacks([], JUNE, JUNE + HOUR, now=JUNE + 1) == ""


def test_many_gaps_are_counted() -> None:
    told = lacks(hours(0, 2, 4, 6, 8, 10), JUNE, JUNE + 11 * HOUR)
    assert told.count("no bars from") == 3
    assert told.endswith("; and 2 gaps more")


def month(number: int) -> int:
    return int(datetime(2024 + (number - 1) // 12, (number - 1) % 12 + 1, 1, tzinfo=UTC).timestamp()) * 10**9


def test_months_follow_the_calendar() -> None:
    found = [
        Bar("X.Y", "1-MONTH-LAST", 1, 1, 1, 1, 0, True, month(number), 0, 0, ts_close=month(number + 1))
        for number in (2, 3, 4)
    ]
    assert lacks(found, month(2), month(5), interval="1-MONTH-LAST") == ""
    assert lacks(found, month(1) + 1, month(4) + DAY, interval="1-MONTH-LAST") == ""
    told = lacks(found, month(1), month(6), interval="1-MONTH-LAST")
    assert told.split("; ") == [
        "no bars from 2024-01-01T00:00:00Z to 2024-02-01T00:00:00Z",
        "no bars from 2024-05-01T00:00:00Z to 2024-06-01T00:00:00Z",
    ]
    assert lacks([], month(1) + 1, month(2), interval="1-MONTH-LAST") == ""
    assert lacks([], month(1) + 1, month(2) + 1, interval="1-MONTH-LAST") != ""


def test_weeks_begin_on_mondays() -> None:
    assert lacks([], JUNE + 1, JUNE + 7 * DAY, interval="1-WEEK-LAST") == ""
    assert lacks([], JUNE, JUNE + 7 * DAY, interval="1-WEEK-LAST").startswith("no bars from 2024-06-10T00:00:00Z")


def trades(*numbers: int) -> list[Trade]:
    return [Trade("X.Y", str(number), 1, 1, AggressorSide.BUYER, number, 0) for number in numbers]


@pytest.mark.parametrize(
    ("numbers", "expected", "told"),
    [
        ((5, 6, 7), 5, ""),
        ((5, 6, 7), None, ""),
        ((), 5, ""),
        ((6, 7), 5, "the venue leaves out number 5"),
        ((5, 9), 5, "the venue leaves out numbers 6 to 8"),
        ((5, 9), None, "the venue leaves out numbers 6 to 8"),
    ],
)
def test_numbers_that_are_left_out_are_told(numbers: tuple[int, ...], expected: int | None, told: str) -> None:
    assert missing_numbers(trades(*numbers), expected) == told


def test_what_is_to_come_is_told() -> None:
    assert not_yet(JUNE, JUNE + HOUR, JUNE + HOUR) == ""
    assert not_yet(JUNE, 0, JUNE) == ""
    told = "from 2024-06-10T01:00:00Z to 2024-06-10T02:00:00Z: that is to come"
    assert not_yet(JUNE, JUNE + 2 * HOUR, JUNE + HOUR) == told
    assert joined("", told, "") == told
