"""The venue's numbers that a test may change while the twin runs: limits, windows, bans, the life of a socket.

Source: Binance Spot API, limits, web-socket-streams and web-socket-api (general information), 2026-07.
"""

from __future__ import annotations

import msgspec

WEIGHT_PER_MINUTE = 6_000
ORDERS_PER_TEN_SECONDS = 100
ORDERS_PER_DAY = 200_000
RAW_PER_FIVE_MINUTES = 300_000
CONNECTIONS_PER_FIVE_MINUTES = 300
REFUSALS_BEFORE_BAN = 10
"""Requests over the limit that are answered 429 before the address is banned; the venue names no number."""
FIRST_BAN_S = 120.0
LONGEST_BAN_S = 3 * 86_400.0


class Rules(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What holds now, in the venue's own numbers until somebody changes them.

    A `..._window_s` is how long a limit's window is: all windows begin at multiples of it since 1970.
    """

    weight: int = WEIGHT_PER_MINUTE
    weight_window_s: float = 60.0
    raw_requests: int = RAW_PER_FIVE_MINUTES
    raw_window_s: float = 300.0
    orders: int = ORDERS_PER_TEN_SECONDS
    orders_window_s: float = 10.0
    orders_a_day: int = ORDERS_PER_DAY
    orders_day_s: float = 86_400.0
    connections: int = CONNECTIONS_PER_FIVE_MINUTES
    connections_window_s: float = 300.0
    refusals_before_ban: int = REFUSALS_BEFORE_BAN
    first_ban_s: float = FIRST_BAN_S
    longest_ban_s: float = LONGEST_BAN_S
    messages_a_second: int = 5
    streams_a_socket: int = 1024
    ping_s: float = 20.0
    pong_s: float = 60.0
    day_s: float = 86_400.0
    subscriptions: int = 1_000
    subscriptions_ever: int = 65_535


FIELDS = tuple(field.name for field in msgspec.structs.fields(Rules))


class RulesError(ValueError):
    """A change of the rules that makes no sense; the text says which number and why."""


def change(rules: Rules, changes: dict[str, object]) -> None:
    """Put new numbers in, all or none. Raises RulesError."""
    try:
        wanted = msgspec.convert(msgspec.to_builtins(rules) | changes, Rules)
    except msgspec.ValidationError as error:
        raise RulesError(f"{error}; the rules are {', '.join(FIELDS)}") from None
    for name in changes:
        if not getattr(wanted, name) > 0:
            raise RulesError(f"{name}: {getattr(wanted, name)}; expected more than 0")
    for name in changes:
        setattr(rules, name, getattr(wanted, name))
