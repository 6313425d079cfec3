"""Which failures say for certain that nothing was executed."""

from __future__ import annotations

import pytest

from venues.binance.client.errors import (
    AmendRefused,
    ApiError,
    Banned,
    CancelRefused,
    ClientError,
    ClockRefused,
    KeyRefused,
    LimitReached,
    NoAnswer,
    NoSuchOrder,
    NotSent,
    OrderArchived,
    OrderRefused,
    UnreadableAnswer,
    api_error,
)


@pytest.mark.parametrize("code", [-1000, -1001, -1006, -1007])
def test_codes_of_unknown_execution_are_not_definite(code: int) -> None:
    assert not api_error(code, "unknown", 400).definite


@pytest.mark.parametrize("error", [NoAnswer("cut"), UnreadableAnswer(b"<html>", "no JSON", 502)])
def test_what_is_no_word_of_the_venue_is_not_definite(error: ClientError) -> None:
    assert not error.definite


def test_a_server_error_is_not_definite_whatever_its_code() -> None:
    assert not api_error(-1008, "Server is currently overloaded", 503).definite


def test_a_refusal_in_the_venues_words_is_definite() -> None:
    assert api_error(-2010, "Account has insufficient balance for requested action.", 400).definite
    assert api_error(-1013, "Filter failure: LOT_SIZE", 400).definite
    assert NotSent("not connected").definite


def test_a_duplicate_says_that_an_order_of_this_id_is_open_and_so_nothing_definite() -> None:
    assert not api_error(-2010, "Duplicate order sent.", 400).definite


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (-1003, 418, Banned),
        (-1003, 429, LimitReached),
        (-1015, 429, LimitReached),
        (-1021, 400, ClockRefused),
        (-1022, 400, KeyRefused),
        (-2014, 401, KeyRefused),
        (-2015, 401, KeyRefused),
        (-2010, 400, OrderRefused),
        (-2011, 400, CancelRefused),
        (-2013, 400, NoSuchOrder),
        (-2026, 400, OrderArchived),
        (-2038, 400, AmendRefused),
        (-1121, 400, ApiError),
    ],
)
def test_codes_become_the_error_that_is_acted_on(code: int, status: int, kind: type[ApiError]) -> None:
    assert type(api_error(code, "text", status)) is kind
