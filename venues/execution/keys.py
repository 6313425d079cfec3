"""What an API key may do, and whether an instance trades by it. Pure.

A key that may withdraw turns a leak of this host into a loss of everything, and no order needs it: it is refused unless
the instance's setting `allow_withdrawal_key` says otherwise.
"""

from __future__ import annotations

import msgspec

from venues.capabilities import ALLOW_WITHDRAWAL_KEY

__all__ = ["ALLOW_WITHDRAWAL_KEY", "KeyRights", "key_problem"]


class KeyRights(msgspec.Struct, frozen=True):
    """What the venue says of a key; `may_withdraw` None where it does not say."""

    may_read: bool
    may_trade: bool
    may_withdraw: bool | None
    other: tuple[str, ...] = ()
    """Other rights that move money, by the venue's words: they are said in the log."""
    trading_ends_ns: int = 0
    """Until when it may trade (UNIX nanoseconds); 0 where there is no such end, or the venue does not say."""


def key_problem(rights: KeyRights, instance: str, allow_withdrawal: bool) -> str:
    """Return why an instance does not trade by this key, and what is to be done; empty where it does."""
    if not rights.may_read:
        return f"{instance}: the API key may not read the account; give it the right to read at the venue"
    if not rights.may_trade:
        return f"{instance}: the API key may not trade; give it the right to trade at the venue, or check the account"
    if rights.may_withdraw and not allow_withdrawal:
        return (
            f"{instance}: the API key may withdraw, which no order needs; take that right from it at the venue, "
            f"or set {ALLOW_WITHDRAWAL_KEY} = true"
        )
    return ""
