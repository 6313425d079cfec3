"""What REST makes of an answer: the right error, whether it is definite, what it tells of limits and of the clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from actors.secret import Secret
from venues.binance.client import (
    MEMORY,
    Access,
    AmendRefused,
    ApiError,
    Banned,
    Blocked,
    CancelRefused,
    CancelReplaceFailed,
    ClientError,
    ClockRefused,
    Credentials,
    FilterRefused,
    HeldBack,
    HttpAnswer,
    HttpRequest,
    KeyRefused,
    LimitReached,
    MemoryTransport,
    NoAnswer,
    NoSuchOrder,
    NotSent,
    OrderArchived,
    OrderRefused,
    Rest,
    ServerClock,
    UnreadableAnswer,
    Usage,
)
from venues.binance.client.payloads import OrderBody

Run = Callable[[Any], Any]
S = 1_000_000_000
MINUTE_MS = 1_700_000_040_000
"""A server's time at which a minute begins."""
PAGE = b"<html>\n<head><title>403 Forbidden</title></head>\n<body>\n</body>\n</html>"


def refusal(code: int, text: str = "no", **more: Any) -> bytes:
    return json.dumps({"code": code, "msg": text, **more}).encode()


class Venue:
    """A venue in memory, a host whose clock stands still, and a client of both; orders are answered with `answer`."""

    def __init__(self, answer: bytes | HttpAnswer | Callable[[HttpRequest], HttpAnswer] = b"{}") -> None:
        self.now_ns = 50 * S
        self.server_ms = MINUTE_MS
        self.transport = MemoryTransport(
            {
                "GET /api/v3/time": lambda request: HttpAnswer(200, b'{"serverTime":%d}' % self.server_ms),
                "POST /api/v3/order": answer,
                "POST /api/v3/order/cancelReplace": answer,
                "GET /api/v3/account": answer,
            }
        )
        access = Access(MEMORY, Credentials(Secret("key"), Secret("secret")))
        self.rest = Rest(self.transport, lambda: access, ServerClock(lambda: self.now_ns))

    async def order(self) -> OrderBody:
        return await self.rest.place_order("BTCUSDT", "BUY", "MARKET", quantity="1")

    async def fails(self) -> ClientError:
        """Place an order, and return how that fails."""
        with pytest.raises(ClientError) as failed:
            await self.order()
        return failed.value

    @property
    def sent(self) -> list[str]:
        return [request.name for request in self.transport.sent]


@pytest.mark.parametrize(
    ("status", "body", "kind", "definite"),
    [
        (400, refusal(-1013, "Filter failure: LOT_SIZE"), FilterRefused, True),
        (400, refusal(-1013, "Invalid quantity."), ApiError, True),
        (400, refusal(-2010, "Account has insufficient balance for requested action."), OrderRefused, True),
        (400, refusal(-2010, "Duplicate order sent."), OrderRefused, False),
        (400, refusal(-2011, "Unknown order sent."), CancelRefused, True),
        (400, refusal(-2013, "Order does not exist."), NoSuchOrder, True),
        (400, refusal(-2026), OrderArchived, True),
        (400, refusal(-2038, "The requested action would change no state; rejecting."), AmendRefused, True),
        (401, refusal(-2015), KeyRefused, True),
        (400, refusal(-1022), KeyRefused, True),
        (400, refusal(-1007, "Timeout waiting for response from backend server."), ApiError, False),
        (429, refusal(-1003), LimitReached, True),
        (429, refusal(-1015), LimitReached, True),
        (418, refusal(-1003), Banned, True),
        (429, PAGE, LimitReached, True),
        (418, PAGE, Banned, True),
        (403, PAGE, Blocked, True),
        (404, PAGE, UnreadableAnswer, True),
        (410, PAGE, UnreadableAnswer, True),
        (400, PAGE, UnreadableAnswer, False),
        (408, PAGE, UnreadableAnswer, False),
        (408, refusal(-1121), ApiError, False),
        (500, refusal(-1000), ApiError, False),
        (502, PAGE, UnreadableAnswer, False),
        (503, refusal(-1008, "Server is currently overloaded with other requests."), ApiError, False),
        (504, b"", UnreadableAnswer, False),
        (200, b'{"symbol":"BTCUSDT","ord', UnreadableAnswer, False),
        (200, PAGE, UnreadableAnswer, False),
        (200, b"\xff\xfe\x00", UnreadableAnswer, False),
        (302, b"", UnreadableAnswer, False),
        (400, b'{"code":"x"}', UnreadableAnswer, False),
        (400, b'{"code":-1,"msg":"\xff"}', UnreadableAnswer, False),
    ],
)
def test_an_answer_to_an_order_is_the_error_that_it_says_and_definite_only_where_it_is(
    run: Run, status: int, body: bytes, kind: type[ClientError], definite: bool
) -> None:
    error = run(Venue(HttpAnswer(status, body)).fails())
    assert (type(error), error.definite) == (kind, definite)


def test_the_venues_code_and_text_are_kept_word_by_word_and_a_filter_by_its_name(run: Run) -> None:
    error = run(Venue(HttpAnswer(400, refusal(-1013, "Filter failure: PERCENT_PRICE_BY_SIDE"))).fails())
    assert (error.code, error.text, error.filter) == (
        -1013, "Filter failure: PERCENT_PRICE_BY_SIDE", "PERCENT_PRICE_BY_SIDE",
    )  # fmt: skip
    assert error.venue_code == "-1013"


REFUSED = {"code": -2010, "msg": "Order would immediately match and take."}
UNKNOWN = {"code": -2011, "msg": "Unknown order sent."}
DONE = {"symbol": "BTCUSDT", "orderId": 3, "clientOrderId": "c", "origClientOrderId": "o", "status": "CANCELED"}


@pytest.mark.parametrize(
    ("status", "code", "cancel", "new", "kinds", "definite"),
    [
        (409, -2021, ("SUCCESS", DONE), ("FAILURE", REFUSED), (OrderBody, OrderRefused), False),
        (409, -2021, ("FAILURE", UNKNOWN), ("SUCCESS", DONE), (CancelRefused, OrderBody), False),
        (400, -2022, ("FAILURE", UNKNOWN), ("NOT_ATTEMPTED", None), (CancelRefused, type(None)), True),
        (400, -2022, ("FAILURE", UNKNOWN), ("FAILURE", REFUSED), (CancelRefused, OrderRefused), True),
        (400, -2022, ("FAILURE", UNKNOWN), ("FAILURE", {"code": -1007, "msg": "?"}), (CancelRefused, ApiError), False),
        (400, -2022, ("FAILURE", UNKNOWN), ("FAILURE", None), (CancelRefused, type(None)), False),
        (429, -2021, ("SUCCESS", DONE), ("FAILURE", {"code": -1015, "msg": "?"}), (OrderBody, LimitReached), False),
        (503, -2022, ("FAILURE", UNKNOWN), ("NOT_ATTEMPTED", None), (CancelRefused, type(None)), False),
    ],
)
def test_a_cancel_replace_that_failed_says_what_became_of_each_half(
    run: Run,
    status: int,
    code: int,
    cancel: tuple[str, Any],
    new: tuple[str, Any],
    kinds: tuple[type, type],
    definite: bool,
) -> None:
    data = {
        "cancelResult": cancel[0], "newOrderResult": new[0], "cancelResponse": cancel[1], "newOrderResponse": new[1],
    }  # fmt: skip
    error = run(Venue(HttpAnswer(status, refusal(code, "Order cancel-replace failed.", data=data))).fails())
    assert isinstance(error, CancelReplaceFailed)
    assert (type(error.cancel), type(error.new_order), error.definite) == (*kinds, definite)
    assert (error.result.cancel_result, error.result.new_order_result) == (cancel[0], new[0])


@pytest.mark.parametrize("data", [b"", b',"data":null', b',"data":{"cancelResult":"SUCCESS"}', b',"data":[1]'])
def test_a_half_failure_whose_halves_cannot_be_read_is_not_definite(run: Run, data: bytes) -> None:
    error = run(Venue(HttpAnswer(409, b'{"code":-2021,"msg":"partially"' + data + b"}")).fails())
    assert (type(error), error.definite) == (ApiError, False)


@pytest.mark.parametrize("failure", [NotSent("no"), NoAnswer("cut")])
def test_what_the_network_says_is_handed_on(run: Run, failure: ClientError) -> None:
    def fail(request: HttpRequest) -> HttpAnswer:
        raise failure

    assert run(Venue(fail).fails()) is failure


def test_a_refused_timestamp_makes_the_clock_be_measured_at_once(run: Run) -> None:
    async def body() -> None:
        venue = Venue(HttpAnswer(400, refusal(-1021, "Timestamp for this request is outside of the recvWindow.")))
        await venue.rest.measure_clock()
        venue.server_ms += 3_600_000
        assert isinstance(await venue.fails(), ClockRefused)
        assert venue.sent == ["GET /api/v3/time", "POST /api/v3/order", "GET /api/v3/time"]
        assert venue.rest.clock.now_ms() == MINUTE_MS + 3_600_000

    run(body())


def test_the_first_signed_call_measures_the_clock_and_a_public_one_does_not(run: Run) -> None:
    async def body() -> None:
        venue = Venue()
        await venue.rest.time()
        await venue.fails()
        assert venue.sent == ["GET /api/v3/time", "GET /api/v3/time", "POST /api/v3/order"]

    run(body())


def test_a_signed_call_without_a_key_is_not_sent(run: Run) -> None:
    async def body() -> None:
        venue = Venue()
        rest = Rest(venue.transport, lambda: Access(MEMORY), venue.rest.clock)
        with pytest.raises(NotSent, match="needs an API key"):
            await rest.account()
        assert "GET /api/v3/account" not in venue.sent

    run(body())


HEADERS = {"X-MBX-USED-WEIGHT": "31", "x-mbx-used-weight-1m": "31", "X-Mbx-Order-Count-10s": "2"}


def test_every_answer_tells_what_is_used_refusals_too(run: Run) -> None:
    async def body() -> None:
        venue = Venue(HttpAnswer(400, refusal(-2010), {**HEADERS, "X-MBX-ORDER-COUNT-1D": "7"}))
        await venue.fails()
        limits = venue.rest.limits
        assert (limits.used_weight, limits.orders_used("10S"), limits.orders_used("1D")) == (31, 2, 7)
        assert Usage("ORDERS", "1D", 7) in limits.usages
        assert len(limits.usages) == 3

    run(body())


def test_a_count_ends_with_its_window_by_the_servers_clock(run: Run) -> None:
    async def body() -> None:
        venue = Venue(HttpAnswer(400, refusal(-2010), HEADERS))
        venue.server_ms = MINUTE_MS + 58_000
        await venue.fails()
        limits = venue.rest.limits
        assert limits.minute_left_s == pytest.approx(2.0, abs=0.001)
        venue.now_ns += int(1.9 * S)
        assert (limits.used_weight, limits.orders_used("10S")) == (31, 2)
        venue.now_ns += int(0.2 * S)
        assert (limits.used_weight, limits.orders_used("10S")) == (0, 0)
        assert limits.minute_left_s == pytest.approx(59.9, abs=0.001)

    run(body())


def test_while_the_servers_clock_is_not_known_a_count_is_believed_for_a_whole_interval(run: Run) -> None:
    async def body() -> None:
        venue = Venue()
        venue.transport.answers["GET /api/v3/time"] = HttpAnswer(
            200, b'{"serverTime":1}', {"x-mbx-used-weight-1m": "9"}
        )
        await venue.rest.time()
        limits = venue.rest.limits
        venue.now_ns += 59 * S
        assert (limits.used_weight, limits.minute_left_s) == (9, pytest.approx(1.0))
        venue.now_ns += 2 * S
        assert limits.used_weight == 0

    run(body())


def test_at_a_limit_nothing_is_sent_until_the_venues_wait_is_over(run: Run) -> None:
    async def body() -> None:
        venue = Venue(HttpAnswer(429, refusal(-1003), {"retry-after": "30"}))
        assert isinstance(await venue.fails(), LimitReached)
        venue.now_ns += 29 * S
        count = len(venue.sent)
        for call in (venue.order(), venue.rest.time(), venue.rest.account()):
            with pytest.raises(HeldBack, match=r"wait 1\.0 s more"):
                await call
        assert len(venue.sent) == count
        venue.now_ns += 2 * S
        assert type(await venue.fails()) is LimitReached

    run(body())


def test_too_many_orders_hold_orders_back_and_nothing_else(run: Run) -> None:
    async def body() -> None:
        venue = Venue(HttpAnswer(429, refusal(-1015), {"Retry-After": "5"}))
        await venue.fails()
        assert isinstance(await venue.fails(), HeldBack)
        await venue.rest.time()
        venue.now_ns += 6 * S
        assert type(await venue.fails()) is LimitReached

    run(body())


def test_a_limit_without_a_word_on_how_long_holds_until_the_servers_minute_ends(run: Run) -> None:
    async def body() -> None:
        venue = Venue(HttpAnswer(429, refusal(-1003)))
        venue.server_ms = MINUTE_MS + 50_000
        await venue.fails()
        venue.now_ns += int(9.9 * S)
        assert isinstance(await venue.fails(), HeldBack)
        venue.now_ns += int(0.2 * S)
        assert type(await venue.fails()) is LimitReached

    run(body())


def test_the_websocket_apis_counts_are_read_beside_those_of_rest() -> None:
    limits = Venue().rest.limits
    limits.note_headers(HEADERS)
    limits.note_rate_limits(
        b'[{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":100,"count":4},'
        b'{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000,"count":40}]'
    )
    limits.note_rate_limits(
        b'[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000,"count":42}]'
    )
    limits.note_rate_limits(b"[]")
    assert set(limits.usages) == {Usage("ORDERS", "10S", 4, 100), Usage("REQUEST_WEIGHT", "1M", 42, 6000)}


@pytest.mark.parametrize("raw", [b"", b"nonsense", b'[{"rateLimitType":"ORDERS"}]', b'[{"interval":"CENTURY"}]'])
def test_counts_that_cannot_be_read_cost_nothing(raw: bytes) -> None:
    limits = Venue().rest.limits
    limits.note_rate_limits(raw)
    limits.note_headers({"X-MBX-USED-WEIGHT-9X": "5", "X-MBX-USED-WEIGHT-1M": "many", "X-MBX-ORDER-COUNT-": "1"})
    assert limits.usages == ()
