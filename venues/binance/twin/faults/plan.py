"""Random faults by a seed: the same requests, events and messages in the same order meet the same faults.

Each place where something can go wrong has a random sequence of its own, so that how fast the market runs does not
change what happens to requests. Of each thing that happens, a share of `rate` goes wrong.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from venues.binance.twin.faults.fault import Fault, Place
from venues.binance.twin.faults.messages import (
    DeltaLost,
    DeltaRepeated,
    DeltaSwapped,
    UserEventLate,
    UserEventLost,
    UserEventRepeated,
)
from venues.binance.twin.faults.requests import (
    AckLost,
    FillBeforeAck,
    Garbage,
    HttpError,
    LateAck,
    RateLimited,
    RequestLate,
    RequestLost,
)
from venues.binance.twin.faults.states import Cut

DEFAULT_RATE = 0.01
CHOICES: dict[Place, tuple[tuple[Fault, int], ...]] = {
    "request": (
        (AckLost(), 2),
        (AckLost(how="cut"), 2),
        (RequestLost(), 1),
        (RequestLost(how="cut"), 2),
        (RequestLate(delay_ms=300.0), 2),
        (FillBeforeAck(), 3),
        (LateAck(delay_ms=300.0), 3),
        (HttpError(executed=True), 2),
        (HttpError(code=-1001, executed=False), 2),
        (Garbage(what="html"), 1),
        (Garbage(what="truncated"), 1),
        (RateLimited(), 1),
        (Cut(door="ws_api"), 1),
    ),
    "user_event": (
        (UserEventLost(), 1),
        (UserEventRepeated(), 1),
        (UserEventLate(delay_ms=200.0), 1),
    ),
    "stream": (
        (DeltaLost(), 2),
        (DeltaRepeated(), 2),
        (DeltaSwapped(), 2),
        (Cut(door="streams"), 1),
    ),
}
"""What may go wrong at each place, with its weight."""


@dataclass(frozen=True, slots=True)
class PlanSpec:
    """A plan as it was told: `--faults SEED[:RATE]`."""

    seed: int
    rate: float = DEFAULT_RATE


class Plan:
    """Draws what goes wrong next."""

    def __init__(self, spec: PlanSpec) -> None:
        self.spec = spec
        self._random = {place: random.Random(f"{spec.seed}:{place}") for place in CHOICES}

    def draw(self, place: Place) -> Fault | None:
        """What happens to the next thing at that place."""
        rng = self._random[place]
        if rng.random() >= self.spec.rate:
            return None
        faults, weights = zip(*CHOICES[place], strict=True)
        fault: Fault = rng.choices(faults, weights)[0]
        return fault
