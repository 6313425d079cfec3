"""What a floor tells a venue actor of the rate limit that it shares. Cheap to import."""

from __future__ import annotations

import msgspec

__all__ = ["QuotaSettings"]


class QuotaSettings(msgspec.Struct, frozen=True):
    """Which quota actor an actor leases from, and what it may spend on cancels of a window before it first answers."""

    actor: str
    cancels: int = 0
