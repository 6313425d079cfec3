"""A cancel and a new order in one request. Source: Binance Spot API, rest-api (order/cancelReplace), 2026-07."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from venues.binance.client.payloads.numbers import Number
from venues.binance.client.payloads.order_lists import Canceled, canceled_order
from venues.binance.client.payloads.session import ErrorBody

__all__ = ["CancelReplace", "replace_part"]


class CancelReplace(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """order.cancelReplace: the answer, or the `data` of the error by which it failed in part or whole.

    Each response is raw JSON, to be read by `replace_part`: an order after SUCCESS, a refusal after FAILURE, null after
    NOT_ATTEMPTED.
    """

    cancel_result: str
    new_order_result: str
    cancel_response: Raw = Raw()
    new_order_response: Raw = Raw()


class _Kind(msgspec.Struct, frozen=True, gc=False):
    code: Number = 0


_kind = msgspec.json.Decoder(_Kind | None)
_error = msgspec.json.Decoder(ErrorBody)


def replace_part(raw: bytes | Raw) -> Canceled | ErrorBody | None:
    """Read one of the two responses of a `CancelReplace`; None where it was not attempted.

    Raises msgspec.DecodeError.
    """
    kind = _kind.decode(raw) if bytes(raw) else None
    if kind is None:
        return None
    return _error.decode(raw) if kind.code else canceled_order(raw)
