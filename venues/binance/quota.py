"""How the actors of Binance Spot spend their host's request weight."""

from __future__ import annotations

from actors.runtime import Actor
from bus.messages import WeightPurpose
from venues.binance.client.access import Access, Locate
from venues.binance.client.errors import HeldBack
from venues.binance.client.limits import Limits
from venues.quota import Quota
from venues.quota_settings import QuotaSettings

__all__ = ["Purse", "quota_of", "unless_banned"]

PATIENCE_S = 5.0
"""How long a call waits for weight before it is given up, with nothing sent: whoever asked waits no longer either."""


class Purse:
    """A `Budget` of the client's: weight for one purpose. History waits as long as it takes, all else `PATIENCE_S`."""

    def __init__(self, quota: Quota, purpose: WeightPurpose) -> None:
        self._quota, self._purpose = quota, purpose
        self._patience_s = None if purpose is WeightPurpose.HISTORY else PATIENCE_S

    async def take(self, weight: int) -> None:
        """Return once so much may be spent. Raises HeldBack where that takes too long."""
        if not await self._quota.take(self._purpose, weight, self._patience_s):
            raise HeldBack(f"{self._quota.why_not(self._purpose)}; nothing was sent in {PATIENCE_S:g} s")


def quota_of(owner: Actor, settings: QuotaSettings, limits: Limits) -> Quota:
    """Return an actor's part of its host's quota, with the client that it stops and whose counts it tells."""

    def known() -> tuple[int, int, float]:
        left_s = limits.minute_left_s if limits.knows_the_time else 0.0
        return limits.used_weight, limits.told_limit, left_s

    quota = Quota(owner, settings, known, limits.hold_for)
    limits.on_limit = quota.on_limit
    return quota


def unless_banned(locate: Locate, limits: Limits) -> Locate:
    """Return what says where the venue is, and raises HeldBack while it has banned this address: nobody knocks."""

    def found() -> Access:
        limits.check("connect", ends_order=True)
        return locate()

    return found
