"""What can go wrong with one request, as data: the doors do it, whoever armed the fault decides it.

A request passes four places: it may wait before it reaches the engine, or never reach it; what it did is told to the
account; its answer may wait, or never leave, or be another; and its connection may be cut.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from venues.binance.twin.errors import VenueError
from venues.binance.twin.requests.request import Outcome, Request

GarbageKind = Literal["html", "truncated", "content_type", "binary"]
Answer = Literal["own", "silence", "cut", "error", "garbage"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """One request's bad luck. `number` is the fault's; `error` and `garbage` stand in for the answer of that name.

    `own` is the request's own answer, changed by `replace` where that is given.
    """

    number: int
    executes: bool = True
    before_ms: float = 0.0
    after_ms: float = 0.0
    answer: Answer = "own"
    error: VenueError | None = None
    garbage: GarbageKind = "html"
    html_status: int = 502
    replace: Callable[[Request, Any], Any] | None = None


class Troubles(Protocol):
    """Who decides what goes wrong."""

    def on_request(self, request: Request) -> Trouble | None:
        """What goes wrong with this one; None for nothing."""


class NoTroubles:
    """Nothing ever goes wrong."""

    def on_request(self, request: Request) -> Trouble | None:
        """Nothing."""
        return None


class Delivery(Protocol):
    """One request's way back to its client."""

    def execute(self) -> Outcome:
        """Let the request do what it does, and queue what the account is told of it."""

    def tell_account(self) -> None:
        """Send the account's events."""

    def answer(self, outcome: Outcome, **more: Any) -> None:
        """Send an answer; `more` is noted with it."""

    def garble(self, outcome: Outcome, trouble: Trouble) -> None:
        """Send what is no answer."""

    async def hold(self) -> None:
        """Send nothing."""

    def cut(self) -> None:
        """Reset the connection."""


async def suffer(trouble: Trouble, request: Request, delivery: Delivery) -> None:
    """Take a request through its trouble."""
    if trouble.before_ms:
        await asyncio.sleep(trouble.before_ms / 1000)
    outcome = delivery.execute() if trouble.executes else Outcome()
    delivery.tell_account()
    if trouble.after_ms:
        await asyncio.sleep(trouble.after_ms / 1000)
    if trouble.answer == "silence":
        await delivery.hold()
    elif trouble.answer == "cut":
        delivery.cut()
    elif trouble.answer == "garbage":
        delivery.garble(outcome, trouble)
    elif trouble.answer == "error":
        delivery.answer(Outcome(error=trouble.error), fault=trouble.number)
    else:
        if trouble.replace is not None and outcome.error is None:
            outcome = Outcome(body=trouble.replace(request, outcome.body))
        delivery.answer(outcome, fault=trouble.number)
