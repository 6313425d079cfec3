"""The faults that are armed, and what each thing that happens meets.

A fault that hits is written to the truth log with what it hit; so is each arming and each end. Faults that were armed
by hand come first, in the order of arming; what they let pass may be hit by the plan.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from venues.binance.twin.doors.users import ONCE
from venues.binance.twin.faults.fault import Fault, Hit, Occasional
from venues.binance.twin.faults.messages import DELTA_FAULTS, USER_EVENT_FAULTS, DeltaFault, UserEventFault
from venues.binance.twin.faults.plan import Plan
from venues.binance.twin.faults.requests import REQUEST_FAULTS, RequestFault
from venues.binance.twin.faults.states import STATES, State, StreamMute
from venues.binance.twin.requests.request import Request
from venues.binance.twin.requests.trouble import Trouble

if TYPE_CHECKING:
    from venues.binance.twin.world import World

F = TypeVar("F", bound=Occasional)
KINDS: tuple[type[Fault], ...] = (*REQUEST_FAULTS, *USER_EVENT_FAULTS, *DELTA_FAULTS, *STATES)
BY_KIND = {kind.__struct_config__.tag: kind for kind in KINDS}
MAX_ARMED = 1_000
"""Faults at a time: far more than a test arms, and a bound."""


class FaultError(ValueError):
    """A fault that cannot be armed as told; the text says what was expected."""


@dataclass(slots=True, eq=False)
class Armed:
    """One fault that waits or holds. `left` is None where only time ends it."""

    number: int
    fault: Fault
    left: int | None
    to_skip: int = 0
    hits: int = 0
    ends: asyncio.TimerHandle | None = None

    def shown(self) -> dict[str, Any]:
        """As the admin shows it."""
        body: dict[str, Any] = {"id": self.number} | msgspec.to_builtins(self.fault)
        return body | {"left": self.left, "hits": self.hits}


class Faults:
    """All faults of a twin."""

    def __init__(self, world: World, plan: Plan | None = None) -> None:
        self.armed: dict[int, Armed] = {}
        self.hits: Counter[str] = Counter()
        self.plan = plan
        self._world = world
        self._number = 0
        self._held: dict[str, bytes] = {}

    def arm(self, fault: Fault) -> Armed:
        """Arm a fault; a state begins at once. Raises FaultError when there are too many."""
        if len(self.armed) >= MAX_ARMED:
            raise FaultError(f"{MAX_ARMED} faults are armed already; DELETE /faults takes them away")
        self._number += 1
        armed = Armed(self._number, fault, fault.times, fault.skip if isinstance(fault, Occasional) else 0)
        self._world.log.write("fault_armed", id=armed.number, fault=msgspec.to_builtins(fault))
        if isinstance(fault, State):
            self._note(armed.number, fault, "admin", fault.begin(self._world))
            armed.hits = 1
            if fault.strikes:
                return armed
        self.armed[armed.number] = armed
        if fault.for_s is not None:
            armed.ends = asyncio.get_running_loop().call_later(fault.for_s, self.disarm, armed.number)
        return armed

    def disarm(self, number: int) -> bool:
        """Take a fault away; a state ends. False for a number that is not armed."""
        armed = self.armed.pop(number, None)
        if armed is None:
            return False
        if armed.ends is not None:
            armed.ends.cancel()
        if isinstance(armed.fault, State):
            armed.fault.end(self._world)
        self._world.log.write("fault_ended", id=number, fault=armed.fault.kind, hits=armed.hits)
        return True

    def clear(self) -> int:
        """Take every fault away; how many there were."""
        numbers = list(self.armed)
        for number in numbers:
            self.disarm(number)
        return len(numbers)

    def on_request(self, request: Request) -> Trouble | None:
        """What goes wrong with a request."""
        if not self.armed and self.plan is None:
            return None
        account = self._world.desk.account_of(request)
        hit = {
            "via": request.via,
            "method": (request.name, *request.names),
            "symbol": request.sent.get("symbol"),
            "client_order_id": request.client_order_ids,
            "account": account.api_key if account is not None else None,
        }
        met = self._meet(RequestFault, hit, lambda told: told | {"method": request.name, "socket": request.socket})
        return met[1].trouble(met[0], self._world) if met is not None else None

    def on_user_event(self, account: str, event: dict[str, Any]) -> Sequence[float]:
        """When an account's event is sent, in milliseconds from now: each time that it is."""
        if not self.armed and self.plan is None:
            return ONCE
        hit = {
            "account": account,
            "event": event["e"],
            "execution": event.get("x"),
            "symbol": event.get("s"),
            "client_order_id": (event.get("c"), event.get("C")),
        }
        met = self._meet(UserEventFault, hit, lambda told: told | {"data": event})
        return met[1].fate() if met is not None else ONCE

    def on_stream(self, stream: str, raw: bytes) -> Sequence[bytes]:
        """What is sent of a stream's message, and of one that was held back, in order."""
        held = self._held.pop(stream, None) if self._held else None
        if held is not None:
            return (raw, held)
        if not self.armed and self.plan is None:
            return (raw,)
        if any(isinstance(one.fault, StreamMute) and one.fault.stream == stream for one in self.armed.values()):
            return ()
        name, _, rest = stream.partition("@")
        if rest not in ("depth", "depth@100ms"):
            return (raw,)
        hit = {"stream": stream, "symbol": name.upper()}
        met = self._meet(DeltaFault, hit, lambda told: told | {"data": msgspec.Raw(raw)})
        if met is None:
            return (raw,)
        if met[1].waits:
            self._held[stream] = raw
            return ()
        return (raw,) * met[1].copies

    def _meet(self, kind: type[F], hit: Hit, told: Any) -> tuple[int, F] | None:
        """(number, fault) of the first fault that hits; the plan's have the number 0."""
        for armed in self.armed.values():
            fault = armed.fault
            if not isinstance(fault, kind) or not fault.fits(hit):
                continue
            if armed.to_skip:
                armed.to_skip -= 1
                continue
            armed.hits += 1
            self._note(armed.number, fault, "admin", told(dict(hit)))
            if armed.left is not None:
                armed.left -= 1
                if not armed.left:
                    self.disarm(armed.number)
            return armed.number, fault
        drawn = self.plan.draw(kind.place) if self.plan is not None else None
        if isinstance(drawn, kind) and drawn.fits(hit):
            self._note(0, drawn, "plan", told(dict(hit)))
            return 0, drawn
        if isinstance(drawn, State):
            self._note(0, drawn, "plan", drawn.begin(self._world))
        return None

    def _note(self, number: int, fault: Fault, by: str, hit: Any) -> None:
        self.hits[fault.kind] += 1
        self._world.log.write("fault", id=number, fault=fault.kind, by=by, hit=hit)


def parse(body: bytes) -> Fault:
    """A fault from its JSON. Raises FaultError, which names what was expected."""
    try:
        kind = msgspec.json.decode(body, type=_Kind).kind
    except msgspec.DecodeError as error:
        raise FaultError(f"{error}; expected JSON with the kind of a fault") from None
    if kind not in BY_KIND:
        raise FaultError(f"no fault is called {kind!r}; there are {', '.join(str(name) for name in BY_KIND)}")
    wanted = BY_KIND[kind]
    try:
        fault: Fault = msgspec.json.decode(body, type=wanted)
    except msgspec.DecodeError as error:
        names = ", ".join(field.name for field in msgspec.structs.fields(wanted))
        raise FaultError(f"{kind}: {error}; its options are {names}") from None
    for name in ("count", "for_s"):
        value = getattr(fault, name, None)
        if value is not None and not value > 0:
            raise FaultError(f"{kind}: {name} is {value}; expected more than 0")
    return fault


class _Kind(msgspec.Struct):
    kind: str
