"""The life of an order list, sans I/O: what happens to its legs comes in, what must be done about it comes out.

A list is two or three legs. `OCO` is a pair; `OTO` and `OPO` are a working leg and a pending one; `OTOCO` and `OPOCO`
are a working leg and a pending pair. Two rules say all that follows from what:

    the pair       the leg that is triggered or trades first ends the other (OCO_TRIGGER), and so does one that expires
    the phases     pending legs are placed when the working one is filled whole; when it expires before that, they do
                   too (OTO_PHASE_ONE_EXPIRED); a pending leg that the venue ends takes the working one with it

Whoever cancels one leg cancels the list. A list is done when all its legs have ended, and says so once. A leg that was
told to leave is asked nothing more: what happened to it before it heard changes nothing for the others.

Source: Binance Spot API, rest-api (order lists), enums, user-data-stream (expiry reasons) and fix-api (list triggering
instructions), 2026-07.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["OCO", "OTO", "OTOCO", "OPO", "OPOCO"]
Contingency = Literal["OCO", "OTO"]
StatusType = Literal["RESPONSE", "EXEC_STARTED", "UPDATED", "ALL_DONE"]
"""RESPONSE answers a failed action; over REST and the WebSocket API the error itself is the answer."""
Status = Literal["EXECUTING", "ALL_DONE", "REJECT"]
Stage = Literal["PENDING", "OPEN", "LEAVING", "ENDED"]
"""Where a leg is: not placed yet, waiting for a price or in the book, told to leave, gone."""
Happening = Literal["TRIGGERED", "TRADED", "FILLED", "CANCELED", "EXPIRED"]
"""TRADED leaves something to fill, FILLED nothing."""
Reason = Literal["OCO_TRIGGER", "OTO_PHASE_ONE_EXPIRED", "EXCHANGE_CANCELED"]


@dataclass(frozen=True, slots=True)
class Release:
    """Place a pending leg."""

    leg: int


@dataclass(frozen=True, slots=True)
class Expire:
    """End a leg as the venue does by its own rules."""

    leg: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Cancel:
    """End a leg as the one that was canceled on request."""

    leg: int


@dataclass(frozen=True, slots=True)
class Tell:
    """Send a `listStatus`."""

    status_type: StatusType
    status: Status


Action = Release | Expire | Cancel | Tell


@dataclass(frozen=True, slots=True)
class ListState:
    """A list as it is now: where each leg is, in the order of their ids."""

    kind: Kind
    stages: tuple[Stage, ...]
    is_done: bool = False

    @property
    def contingency(self) -> Contingency:
        """The venue's word: what a list with a working leg is called, whatever its pending legs are."""
        return "OCO" if self.kind == "OCO" else "OTO"

    @property
    def status_type(self) -> StatusType:
        """The list's status type as queries show it."""
        return "ALL_DONE" if self.is_done else "EXEC_STARTED"

    @property
    def status(self) -> Status:
        """The list's status as queries show it."""
        return "ALL_DONE" if self.is_done else "EXECUTING"

    @property
    def working(self) -> int | None:
        """The leg whose fill places the others."""
        return None if self.kind == "OCO" else 0

    @property
    def pending(self) -> tuple[int, ...]:
        """The legs that wait for the working one."""
        return () if self.kind == "OCO" else tuple(range(1, len(self.stages)))

    @property
    def pair(self) -> tuple[int, ...]:
        """The two legs of which one ends the other."""
        count = len(self.stages)
        return (count - 2, count - 1) if self.kind.endswith("OCO") else ()

    def is_live(self, leg: int) -> bool:
        """Whether a leg can still be told something."""
        return self.stages[leg] in ("PENDING", "OPEN")


def started(kind: Kind) -> ListState:
    """A list that was just placed."""
    if kind == "OCO":
        return ListState(kind, ("OPEN", "OPEN"))
    return ListState(kind, ("OPEN", "PENDING", "PENDING") if kind.endswith("OCO") else ("OPEN", "PENDING"))


def advance(state: ListState, leg: int, happening: Happening) -> tuple[ListState, tuple[Action, ...]]:
    """The list after something happened to a leg, and what must be done now, in this order.

    Raises ValueError for a leg that has ended already.
    """
    if state.stages[leg] == "ENDED":
        raise ValueError(f"{state.kind} leg {leg} has ended and cannot be {happening}")
    was_live = state.is_live(leg)
    if happening in ("FILLED", "CANCELED", "EXPIRED"):
        state = _at(state, "ENDED", leg)
    actions: list[Action] = []
    if was_live:
        state, actions = _consequences(state, leg, happening)
    if not state.is_done and all(stage == "ENDED" for stage in state.stages):
        state = replace(state, is_done=True)
        actions.append(Tell("ALL_DONE", "ALL_DONE"))
    return state, tuple(actions)


def leave(state: ListState) -> tuple[ListState, tuple[int, ...]]:
    """Somebody cancels the list: the legs that must be canceled."""
    live = tuple(leg for leg in range(len(state.stages)) if state.is_live(leg))
    return _at(state, "LEAVING", *live), live


def _consequences(state: ListState, leg: int, happening: Happening) -> tuple[ListState, list[Action]]:
    others = [other for other in range(len(state.stages)) if other != leg and state.is_live(other)]
    if happening == "CANCELED":
        return _at(state, "LEAVING", *others), [Cancel(other) for other in others]
    if leg == state.working:
        if happening == "FILLED":
            placed = _at(state, "OPEN", *others)
            return placed, [*(Release(other) for other in others), Tell("EXEC_STARTED", "EXECUTING")]
        if happening == "EXPIRED":
            return _at(state, "LEAVING", *others), [Expire(other, "OTO_PHASE_ONE_EXPIRED") for other in others]
        return state, []
    if state.working in others:
        return _at(state, "LEAVING", *others), [Expire(other, "EXCHANGE_CANCELED") for other in others]
    if leg in state.pair:
        others = [other for other in others if other in state.pair]
        return _at(state, "LEAVING", *others), [Expire(other, "OCO_TRIGGER") for other in others]
    return state, []


def _at(state: ListState, stage: Stage, *legs: int) -> ListState:
    stages = tuple(stage if leg in legs else old for leg, old in enumerate(state.stages))
    return replace(state, stages=stages)
