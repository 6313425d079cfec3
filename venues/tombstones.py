"""Cancels that may have come before their orders: an order that is named here is not written any more."""

from __future__ import annotations

from collections import OrderedDict

__all__ = ["TOMBSTONES_KEPT", "TOMBSTONE_S", "Tombstones"]

TOMBSTONE_S = 6.0
"""How long an order may come after its cancel: a new order is refused 5 s after its strategy (and 5 s after the gate)
sent it, and nobody cancels what is not sent yet; the sixth second is margin."""
TOMBSTONES_KEPT = 10_000
"""Far more than a venue takes in `TOMBSTONE_S` (Binance: 100 orders in ten seconds); beyond it the oldest goes."""


class Tombstones:
    """Client ids whose cancel came first. No clock inside: `now_ns` is monotonic."""

    def __init__(self) -> None:
        self._until: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._until)

    def add(self, client_order_id: str, now_ns: int) -> None:
        """Remember a cancel; a repeated one is remembered from now on."""
        self._until[client_order_id] = now_ns + int(TOMBSTONE_S * 1e9)
        self._until.move_to_end(client_order_id)
        while len(self._until) > TOMBSTONES_KEPT or next(iter(self._until.values())) <= now_ns:
            self._until.popitem(last=False)

    def covers(self, client_order_id: str, now_ns: int) -> bool:
        """True when the order of this id was canceled before it came."""
        return self._until.get(client_order_id, now_ns) > now_ns
