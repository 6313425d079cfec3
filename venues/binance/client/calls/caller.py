"""What all calls have in common: one way out, and one way to read what comes back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from venues.binance.client.endpoint import Endpoint
from venues.binance.client.errors import UnreadableAnswer
from venues.unreadable import NOT_READABLE

__all__ = ["Caller", "decoded"]

T = TypeVar("T")


class Caller(ABC):
    """Base of the calls. Each may raise any `ClientError`, and TypeError or ValueError for what it cannot write.

    Parameters are the venue's own, in snake_case; None is left out. Decimals are `Decimal` or text; a float is refused.
    """

    @abstractmethod
    async def request(self, endpoint: Endpoint[Any], given: Mapping[str, Any]) -> bytes:
        """Make one call with parameters by our names, once, and return the result's JSON. Raises `ClientError`."""

    async def _ask(self, endpoint: Endpoint[T], **given: Any) -> T:
        return decoded(await self.request(endpoint, given), endpoint.read)

    async def _ask_either(self, endpoint: Endpoint[T], **given: Any) -> T | list[T]:
        """A list is answered wherever not exactly one symbol was named as such."""
        raw = await self.request(endpoint, given)
        if given["symbol"] is not None or endpoint.read_many is None:
            return decoded(raw, endpoint.read)
        return decoded(raw, endpoint.read_many)


def decoded(raw: bytes, read: Callable[[bytes], T]) -> T:
    """Return the payload. Raises UnreadableAnswer."""
    try:
        return read(raw)
    except NOT_READABLE as error:
        raise UnreadableAnswer(raw, str(error), 200) from None
