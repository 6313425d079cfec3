"""What an API key may do, by the venue's own word.

The venue itself tells by its wallet API, which its test environments do not have: there an account says whether it may
trade, and nobody withdraws. Source: Binance wallet API, Get API Key Permission; Spot API, account information.
"""

from __future__ import annotations

import msgspec

from venues.binance.client.endpoint import Endpoint, exact
from venues.binance.client.rest import Rest
from venues.binance.mapping.words import MS
from venues.execution import KeyRights

__all__ = ["API_RESTRICTIONS", "read_rights"]

HAVE_WALLET = ("live", "twin")
"""Environments with the wallet API."""


class ApiRestrictions(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """GET /sapi/v1/account/apiRestrictions."""

    enable_reading: bool
    enable_spot_and_margin_trading: bool
    enable_withdrawals: bool
    enable_internal_transfer: bool = False
    permits_universal_transfer: bool = False
    ip_restrict: bool = False
    trading_authority_expiration_time: int = 0


API_RESTRICTIONS = Endpoint(
    "api_restrictions", "GET", "/sapi/v1/account/apiRestrictions", "", "1 of the wallet's own", {},
    exact(ApiRestrictions), signed=True,
)  # fmt: skip
"""Of the wallet API; the WebSocket API has no such method."""


async def read_rights(rest: Rest, environment: str) -> KeyRights:
    """Ask what the key may do. Raises `ClientError` where that cannot be known."""
    if environment not in HAVE_WALLET:
        account = await rest.account(omit_zero_balances=True)
        return KeyRights(True, account.can_trade, None)
    raw = await rest.call(API_RESTRICTIONS, {})
    told = msgspec.json.decode(raw, type=ApiRestrictions)
    moves = (
        ("internal transfers", told.enable_internal_transfer),
        ("universal transfers", told.permits_universal_transfer),
    )
    other = tuple(name for name, is_allowed in moves if is_allowed)
    return KeyRights(
        told.enable_reading, told.enable_spot_and_margin_trading, told.enable_withdrawals, other,
        told.trading_authority_expiration_time * MS,
    )  # fmt: skip
