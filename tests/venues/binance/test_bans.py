"""A ban's end reaches the supervisor: as a duration where the venue says one, else from its text."""

from __future__ import annotations

import pytest

from actors.runtime import ExitCode
from venues.binance.bans import ban_ends_ns, banned_exit
from venues.binance.client.errors import Banned

NOW_NS = 1_700_000_000 * 10**9
TEXT = "Way too much request weight used; IP banned until 1700000120000. Please use WebSocket Streams."


@pytest.mark.parametrize(
    ("text", "retry_after_s", "ends_ns"),
    [
        (TEXT, 90.0, NOW_NS + 90 * 10**9),
        (TEXT, 0.0, 1_700_000_120_000 * 10**6),
        ("I'm a teapot", 7.0, NOW_NS + 7 * 10**9),
        ("I'm a teapot", 0.0, 0),
        ("IP banned until 12.", 0.0, 0),
        ("IP banned until 170000012000099999.", 0.0, 0),
    ],
)
def test_when_a_ban_ends(text: str, retry_after_s: float, ends_ns: int) -> None:
    assert ban_ends_ns(Banned(-1003, text, 418, retry_after_s), NOW_NS) == ends_ns


def test_a_banned_actor_ends_with_11_and_the_time() -> None:
    end = banned_exit("BINANCE", Banned(-1003, TEXT, 418), NOW_NS)
    assert (end.code, end.until_ns) == (ExitCode.BANNED, 1_700_000_120_000 * 10**6)
    assert end.reason.startswith("BINANCE: -1003 Way too much")
