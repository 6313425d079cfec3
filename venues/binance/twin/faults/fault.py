"""What every fault has: how often, how long, and what it hits. Each kind is one small class with a sentence.

An *occasional* fault waits for something to happen (a request, an event, a stream's message) and hits it. A *state*
holds from its arming until its end. `kind` in JSON is the class's name in snake case.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Literal

import msgspec

Place = Literal["request", "user_event", "stream", "state"]
COMMON = {
    "count": "how many it hits; one, or all for `for_s` seconds, when not given",
    "skip": "how many it lets pass first",
    "for_s": "seconds after which it ends by itself",
}
"""Options that faults share; those of states are `for_s` alone."""
Hit = Mapping[str, Any]
"""What a fault could hit, in words: a value, or several of which one must fit."""


def snake(name: str) -> str:
    """A class's name as a kind."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Fault(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="kind",
    tag=snake,
):
    """Anything that goes wrong."""

    place: ClassVar[Place]

    for_s: float | None = None

    @property
    def kind(self) -> str:
        """The name that it is armed by."""
        return snake(type(self).__name__)

    @property
    def times(self) -> int | None:
        """How many hits it has in it, None for no bound."""
        return None


class Occasional(Fault, frozen=True):
    """Hits `count` things that fit, after letting `skip` pass; without a count one, or all for `for_s` seconds."""

    count: int | None = None
    skip: int = 0

    matched: ClassVar[tuple[str, ...]] = ()
    """Fields that say what it hits; one that is not given fits anything."""

    @property
    def times(self) -> int | None:
        """How many hits it has in it, None for no bound."""
        return 1 if self.count is None and self.for_s is None else self.count

    def fits(self, hit: Hit) -> bool:
        """Whether it may hit that."""
        for name in self.matched:
            wanted = getattr(self, name)
            if wanted is not None:
                found = hit.get(name)
                if wanted not in found if isinstance(found, tuple) else wanted != found:
                    return False
        return True


def sentence(kind: type[msgspec.Struct]) -> str:
    """What a class says of itself, in one line."""
    return " ".join((kind.__doc__ or "").split())


def options(kind: type[msgspec.Struct], without: Collection[str] = ()) -> dict[str, Any]:
    """The fields of a class with their defaults; `...` where one must be given."""
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.name not in without:
            is_made = field.default_factory is not msgspec.NODEFAULT
            default = field.default_factory() if is_made else field.default
            found[field.name] = "..." if default is msgspec.NODEFAULT else default
    return found


def told(kind: type[Fault]) -> dict[str, Any]:
    """A kind of fault as the admin lists it: what it is, its own options, and the fields that say what it hits."""
    matched = getattr(kind, "matched", ())
    own = options(kind, without=(*COMMON, *matched))
    return {"is": sentence(kind), "options": own, "hits": list(matched), "is_state": kind.place == "state"}
