"""What the venue refuses has one of our codes by its words, whatever number it goes by, and is never lost."""

from __future__ import annotations

import pytest

from bus.messages import Code
from venues.binance.client.errors import FilterRefused, NoAnswer, NotSent, UnreadableAnswer, api_error
from venues.binance.mapping.errors import REFUSALS, code_of, failure_of, refusal_of, reject_code

FIELD = [
    (-2010, "Account has insufficient balance for requested action.", Code.INSUFFICIENT_FUNDS),
    (-2010, "Order would immediately match and take.", Code.POST_ONLY_WOULD_TAKE),
    (-2010, "Order would trigger immediately.", Code.WOULD_TRIGGER),
    (-2010, "Market is closed.", Code.INSTRUMENT_NOT_TRADING),
    (-1013, "Market is closed.", Code.INSTRUMENT_NOT_TRADING),
    (-1013, "Filter failure: MAX_NUM_ORDERS", Code.TOO_MANY_ORDERS),
    (-2010, "Filter failure: MAX_NUM_ORDERS", Code.TOO_MANY_ORDERS),
    (-2010, "Filter failure: EXCHANGE_MAX_NUM_ALGO_ORDERS", Code.TOO_MANY_ORDERS),
    (-2010, "Filter failure: MAX_POSITION", Code.SIZE_LIMIT),
    (-1013, "Filter failure: LOT_SIZE", Code.SIZE_INCREMENT),
    (-1013, "Filter failure: PERCENT_PRICE_BY_SIDE", Code.PRICE_LIMIT),
    (-1013, "Filter failure: NOTIONAL", Code.NOTIONAL_LIMIT),
    (-1111, "Parameter 'price' has too much precision.", Code.PRICE_INCREMENT),
    (-1111, "Parameter 'quantity' has too much precision.", Code.SIZE_INCREMENT),
    (-2010, "Stop loss orders are not supported for this symbol.", Code.UNSUPPORTED_ORDER_TYPE),
    (-2010, "Iceberg orders are not supported for this symbol.", Code.UNSUPPORTED_INSTRUCTION),
    (-2038, "Order amend (quantity increase) is not supported.", Code.UNSUPPORTED_INSTRUCTION),
    (-2010, "This account may not place or cancel orders.", Code.ACCOUNT_RESTRICTED),
    (-2010, "Rest API trading is not enabled.", Code.ACCOUNT_RESTRICTED),
    (-2015, "Invalid API-key, IP, or permissions for action.", Code.ACCOUNT_RESTRICTED),
    (-1121, "Invalid symbol.", Code.NO_SUCH_INSTRUMENT),
    (-2011, "Unknown order sent.", Code.NO_SUCH_ORDER),
    (-2011, "Order was not canceled due to cancel restrictions.", Code.TOO_LATE),
    (-1015, "Too many new orders; current limit is 50 orders per 10 SECOND.", Code.RATE_LIMITED),
    (-2010, "Something of tomorrow.", Code.VENUE_REJECTED),
    (-9999, "A number of tomorrow.", Code.VENUE_REJECTED),
]


@pytest.mark.parametrize(("venue_code", "text", "code"), FIELD)
def test_the_venues_words_become_one_code_and_stand_beside_it(venue_code: int, text: str, code: Code) -> None:
    refusal = refusal_of(api_error(venue_code, text, 400))
    assert refusal.code is code
    assert refusal.venue_code == str(venue_code)
    assert text in refusal.reason


@pytest.mark.parametrize("code", [-1013, -2010])
def test_a_filter_is_known_by_its_words(code: int) -> None:
    error = api_error(code, "Filter failure: MAX_NUM_ORDERS", 400)
    assert isinstance(error, FilterRefused)
    assert error.filter == "MAX_NUM_ORDERS"


def test_no_row_hides_another() -> None:
    for place, (venue_code, words, _) in enumerate(REFUSALS):
        above = REFUSALS[:place]
        hidden = [row for row in above if row.venue_code in (0, venue_code) and row.words in words]
        assert not hidden, (venue_code, words, hidden)


def test_what_did_not_reach_the_venue_and_what_may_have_are_told_apart() -> None:
    for error, definite, sent in (
        (NotSent("no route"), True, False),
        (NoAnswer("cut"), False, True),
        (UnreadableAnswer(b"<html>", "no JSON", 502), False, True),
        (UnreadableAnswer(b"<html>", "no JSON", 403), True, True),
        (api_error(-1007, "Timeout", 504), False, True),
        (api_error(-2010, "Duplicate order sent.", 400), False, True),
        (api_error(-2010, "Order would trigger immediately.", 400), True, True),
    ):
        failure = failure_of(error)
        assert (failure.definite, failure.sent) == (definite, sent), error
    assert code_of(NotSent("no route")) is Code.VENUE_NOT_CONNECTED


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("INSUFFICIENT_BALANCES", Code.INSUFFICIENT_FUNDS),
        ("STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY", Code.WOULD_TRIGGER),
        ("WOULD_MATCH_IMMEDIATELY", Code.POST_ONLY_WOULD_TAKE),
        ("OCO_BAD_PRICES", Code.VENUE_REJECTED),
        ("OF_TOMORROW", Code.VENUE_REJECTED),
    ],
)
def test_a_reject_reason_of_the_accounts_events_becomes_the_same_codes(reason: str, code: Code) -> None:
    assert reject_code(reason) is code
