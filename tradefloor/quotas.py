"""One quota actor for each venue host, for all instances that share its limit: started by itself, nothing to set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec.structs import replace

from actors.quota.ledger import cancel_share
from actors.runtime import Context
from actors.supervisor import ChildSpec

__all__ = ["Budget", "quota_children"]

CANCELS = "execution"
"""The kind of actors that send orders and cancels; the other kind that leases is market_data."""


@dataclass(slots=True)
class Budget:
    """A host, its limit until it tells one, and the instances that spend it."""

    host: str
    weight: int
    instances: list[str] = field(default_factory=list)

    @property
    def actor(self) -> str:
        """The quota actor's name: its first instance's, for a host's own would be too long for a socket."""
        return f"quota.{self.instances[0]}"


def quota_children(
    children: list[ChildSpec], budgets: dict[str, Budget], context: Callable[..., Context]
) -> list[ChildSpec]:
    """Return the quota actors; tell each venue actor in `children`, in place, which is its own."""
    found = []
    for budget in budgets.values():
        cancelers = [f"{CANCELS}.{name}" for name in budget.instances]
        actors = [*(f"market_data.{name}" for name in budget.instances), *cancelers]
        told = {"actor": budget.actor, "cancels": cancel_share(budget.weight, len(cancelers))}
        settings = {"host": budget.host, "weight": budget.weight, "actors": actors, "cancelers": cancelers}
        found.append(ChildSpec(context(budget.actor, "quota", **settings), "actors.quota:QuotaActor"))
        for number, child in enumerate(children):
            if child.name in actors:
                own = replace(child.context, settings={**child.context.settings, "quota": told})
                children[number] = replace(child, context=own, depends_on=(*child.depends_on, budget.actor))
    return found
