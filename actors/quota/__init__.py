"""One venue host's rate limit, shared by everybody on the floor who spends it."""

from __future__ import annotations

from actors.quota.actor import QuotaActor
from actors.quota.ledger import Ledger

__all__ = ["Ledger", "QuotaActor"]
