"""A request as it came in and what it is answered with, whichever door it came through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from venues.binance.twin.errors import VenueError
from venues.binance.twin.limits import Address
from venues.binance.twin.requests.endpoint import Endpoint
from venues.binance.twin.requests.keys import Key

Door = Literal["rest", "ws_api"]


@dataclass(slots=True)
class Request:
    """One request. `name` is its REST method and path or its WebSocket API method; `payload` gives what was signed.

    `session` is the key of a connection that has logged on, `socket` the number of the WebSocket that it came on.
    """

    via: Door
    name: str
    endpoint: Endpoint | None
    sent: Mapping[str, str]
    address: Address
    key: str | None
    payload: Callable[[], bytes]
    session: Key | None = None
    socket: int | None = None
    shown: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that its endpoint goes by."""
        endpoint = self.endpoint
        if endpoint is None:
            return (self.name,)
        return (f"{endpoint.method} {endpoint.path}", endpoint.path, endpoint.ws or "")

    @property
    def client_order_ids(self) -> tuple[str, ...]:
        """Every client order id that it names: new, original, a list's, a leg's."""
        return tuple(value for name, value in self.sent.items() if name.lower().endswith("clientorderid"))


@dataclass(slots=True)
class Outcome:
    """What a request is answered with: a body, or a refusal."""

    body: Any = None
    error: VenueError | None = None

    @property
    def status(self) -> int:
        """The HTTP status, which is the WebSocket API's `status` too."""
        return self.error.status if self.error is not None else 200
