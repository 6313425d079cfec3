"""What one call is, said once for REST and the WebSocket API: they cannot drift apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

import msgspec

from venues.binance.client.params import Param

__all__ = ["Endpoint", "Verb", "exact", "names", "observed"]

T = TypeVar("T")
Verb = Literal["GET", "POST", "PUT", "DELETE"]
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Endpoint(Generic[T]):
    """A call: `name` as the client's method is named, REST's verb and path, the WebSocket API's method.

    `weight` as the venue's page says it; `orders` is what it adds to the unfilled order count. `read` makes the
    payload of the answer's JSON; `read_many` where several symbols, or all, are answered by a list.
    """

    name: str
    verb: Verb
    path: str
    ws: str
    weight: str
    params: Mapping[str, str]
    """The venue's parameter names by ours."""
    read: Callable[[bytes], T]
    read_many: Callable[[bytes], list[T]] | None = None
    signed: bool = False
    orders: int = 0
    title: str = field(init=False)
    """For messages: ``POST /api/v3/order``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", f"{self.verb} {self.path}")

    def named(self, given: Mapping[str, Any]) -> dict[str, Param]:
        """Return the parameters by the venue's names, without those that are None.

        Raises TypeError for a name that this call does not have.
        """
        names = self.params
        try:
            return {names[name]: value for name, value in given.items() if value is not None}
        except KeyError as error:
            raise TypeError(f"{self.name} has no parameter {error}; it has {', '.join(names)}") from None


def names(text: str) -> dict[str, str]:
    """Return the venue's names by ours, of the venue's names with spaces between."""
    return {_HUMP.sub("_", name).lower(): name for name in text.split()}


def exact(kind: type[T]) -> Callable[[bytes], T]:
    """Return what reads an answer that holds exact decimals."""
    return msgspec.json.Decoder(kind).decode


def observed(kind: type[T]) -> Callable[[bytes], T]:
    """Return what reads an answer about the market, whose quoted numbers become floats."""
    return msgspec.json.Decoder(kind, strict=False).decode
