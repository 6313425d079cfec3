"""What the venue actors of one host and the actor that keeps its budget say to each other.

Times in ``_ns`` are `Clock.boottime_ns` of the floor's host, which all of them share; weights are the venue's own.
"""

from __future__ import annotations

from bus.messages.base import Message
from bus.messages.words import WeightPurpose

__all__ = ["LeaseWeight", "QuotaState", "WeightLease"]


class LeaseWeight(Message, frozen=True):
    """To a quota actor, every second and whenever weight is wanted: what was spent, what the venue told, what is asked.

    `spent`, `left` and `canceled` (spent of the cancel share) are those of the window that ends at `window_ends_ns`,
    `told` the venue's own count of the address. `venue_ends_ns` is when the window ends by the measured venue's clock,
    0 where that is not known. `held_until_ns` is until when the venue told to wait.
    """

    window_ends_ns: int = 0
    spent: int = 0
    left: int = 0
    canceled: int = 0
    told: int = 0
    limit: int = 0
    venue_ends_ns: int = 0
    purpose: WeightPurpose = WeightPurpose.UNKNOWN
    wanted: int = 0
    held_until_ns: int = 0
    banned: bool = False


class WeightLease(Message, frozen=True):
    """The quota actor's answer: good until `expires_ns`, and `granted` in the window that ends at `window_ends_ns`.

    `standing` is what orders may spend in each window while the lease is good, `cancels` what cancels always may.
    `wait_ms`: where nothing was granted, how long to wait before asking again.
    """

    expires_ns: int
    window_ends_ns: int
    limit: int
    granted: int
    standing: int
    cancels: int
    wait_ms: int = 0
    held_until_ns: int = 0
    banned: bool = False


class QuotaState(Message, frozen=True):
    """A host's budget, on ``state/quota/<name>/``: at each hold and each second while anybody leases.

    `used` is the larger of what the venue told and what was leased; `others` what somebody outside this floor spends.
    """

    host: str
    limit: int
    used: int
    leased: int
    others: int
    window_ends_ns: int
    ts_init: int
    held_until_ns: int = 0
    banned: bool = False
    reason: str = ""
    actors: tuple[str, ...] = ()
