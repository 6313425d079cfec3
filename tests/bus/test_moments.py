"""Moments as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.moments import moment_ns, moment_text

NEW_YEAR = 1_767_225_600 * 10**9


@pytest.mark.parametrize(
    ("moment", "ns"),
    [
        ("2026-01-01", NEW_YEAR),
        ("20260101", NEW_YEAR),
        (" 2026-01-01T00:00 ", NEW_YEAR),
        ("2026-01-01T00:00:00Z", NEW_YEAR),
        ("2026-01-01T01:00:00+01:00", NEW_YEAR),
        ("2026-01-01 00:00:00.000001", NEW_YEAR + 1_000),
        (str(NEW_YEAR + 1), NEW_YEAR + 1),
        (NEW_YEAR + 1, NEW_YEAR + 1),
        (datetime(2026, 1, 1), NEW_YEAR),  # noqa: DTZ001 - what names no zone is UTC
        (datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), NEW_YEAR),
        (0, 0),
        ("0", 0),
        ("1970-01-01", 0),
    ],
)
def test_what_is_a_moment(moment: int | str | datetime, ns: int) -> None:
    assert moment_ns(moment) == ns


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("yesterday", "'yesterday' is no moment; expected ISO 8601"),
        ("2026-02-30", "day is out of range"),
        ("", "'' is no moment"),
        ("1767225600", "1767225600 is no UNIX nanosecond of these years"),
        (1_767_225_600_000, "1767225600000 is no UNIX nanosecond"),
        (-1, "-1 is no UNIX nanosecond"),
        ("9" * 40, "is no UNIX nanosecond"),
        ("2026-01-01T00:00:00.0000001", "finer than a microsecond"),
        ("1950-01-01", "1950-01-01T00:00:00 is before 1970 or after 2262"),
        ("9" * 5000, "is no UNIX nanosecond"),
        ("x" * 5000, "xxx...' is no moment"),
    ],
)
def test_what_is_none_costs_one_error_that_says_what_was_expected(moment: int | str, words: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        moment_ns(moment)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 300


@given(st.integers(10**17, 2**63 - 1))
def test_a_moment_that_is_told_says_each_nanosecond(ns: int) -> None:
    text = moment_text(ns)
    whole, _, rest = text.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp())
    assert seconds * 10**9 + int(rest.ljust(9, "0") or 0) == ns
    if ns % 1_000 == 0 and len(rest) <= 6:
        assert moment_ns(text) == ns


def test_what_no_calendar_has_is_told_as_a_number() -> None:
    assert moment_text(10**30) == f"{10**30} ns"
