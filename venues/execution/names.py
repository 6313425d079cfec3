"""What an execution actor remembers of orders' names: which were written, which are known, which follow which. No I/O.

An order is written once because its client id is remembered as written before anybody else can ask. Everything here is
bounded: a command older than its deadline (seconds) is refused, so an id needs to be remembered for seconds.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from bus.messages import ContingencyType, ModifyOrder, NewOrder
from venues.tombstones import Tombstones

__all__ = ["UNNAMED", "VENUE_IDS_KEPT", "WRITTEN_KEPT", "Attempt", "OrderNames"]

WRITTEN_KEPT = 50_000
"""Client ids remembered as written: minutes of the fastest trading that a venue allows."""
VENUE_IDS_KEPT = 100_000
"""Venue order ids whose client id is remembered, so that fills by query can name it: some 30 MB."""


class Attempt(NamedTuple):
    """Whose an attempt at the venue is."""

    order_id: str = ""
    strategy: str = ""
    list_id: str = ""
    contingency: ContingencyType = ContingencyType.NONE


UNNAMED = Attempt()


class OrderNames:
    """One life's memory."""

    def __init__(self) -> None:
        self.working: dict[str, NewOrder] = {}
        """What was written and has not ended, by client id."""
        self.changes: OrderedDict[str, ModifyOrder] = OrderedDict()
        """Replacements that were written and of which nothing definite is known, by the client id that is tried."""
        self.canceled_first = Tombstones()
        self._written: OrderedDict[str, Attempt] = OrderedDict()
        self._client_ids: OrderedDict[str, str] = OrderedDict()
        self._known: set[str] = set()
        self._successors: OrderedDict[str, str] = OrderedDict()
        self._asked_to_end: OrderedDict[str, None] = OrderedDict()

    # written

    def was_written(self, client_order_id: str) -> bool:
        """True when this id went to the venue's socket before: it is never written again."""
        return client_order_id in self._written

    def is_known(self, client_order_id: str) -> bool:
        """True when this life has written the order or heard of it from the venue: it came before any cancel."""
        return client_order_id in self._written or client_order_id in self._known

    def attempt(self, client_order_id: str) -> Attempt:
        """Return whose an attempt is that this life has written, else `UNNAMED`."""
        return self._written.get(client_order_id, UNNAMED)

    def note_order(self, order: NewOrder) -> None:
        """Remember an order as written, and as working until it ends."""
        self._note(order.client_order_id, Attempt(order.order_id, order.strategy, order.list_id, order.contingency))
        self.working[order.client_order_id] = order

    def note_change(self, change: ModifyOrder, tried: str, order: NewOrder | None) -> None:
        """Remember a change as written; with `tried`, under which name the order goes on if it succeeds."""
        attempt = Attempt(change.order_id, change.strategy)
        if order is not None:
            attempt = attempt._replace(list_id=order.list_id, contingency=order.contingency)
        if change.new_client_order_id:
            self._note(change.new_client_order_id, attempt)
        if tried:
            self.changes[tried] = change
            if len(self.changes) > WRITTEN_KEPT:
                self.changes.popitem(last=False)
            self._successors[change.client_order_id] = tried
            if len(self._successors) > WRITTEN_KEPT:
                self._successors.popitem(last=False)
            if order is not None:
                self.working[tried] = order

    def _note(self, client_order_id: str, attempt: Attempt) -> None:
        self._written[client_order_id] = attempt
        if len(self._written) > WRITTEN_KEPT:
            self._written.popitem(last=False)

    def ended(self, client_order_id: str) -> None:
        """An attempt ended, or never began."""
        self.working.pop(client_order_id, None)

    # changes

    def settle_change(self, tried: str, succeeded: bool) -> ModifyOrder | None:
        """The fate of a replacement is known: return it, or None where that was known before."""
        change = self.changes.pop(tried, None)
        if change is not None:
            self.ended(change.client_order_id if succeeded else tried)
            if not succeeded:
                self._successors.pop(change.client_order_id, None)
        return change

    def names_to_cancel(self, client_order_id: str) -> list[str]:
        """Return the attempts that a cancel of this one is meant for: what took its place, and both while that is open.

        Who cancels may not have heard yet that the order goes on under another name.
        """
        names = [client_order_id]
        while (successor := self._successors.get(names[-1], "")) and successor not in names:
            names.append(successor)
        return [name for name in names if name == names[-1] or self._successors[name] in self.changes]

    # cancels

    def note_asked_to_end(self, client_order_id: str) -> None:
        """A cancel of this very order was written."""
        self._asked_to_end[client_order_id] = None
        if len(self._asked_to_end) > WRITTEN_KEPT:
            self._asked_to_end.popitem(last=False)

    def was_asked_to_end(self, client_order_id: str) -> bool:
        """True where a cancel of this very order was written."""
        return client_order_id in self._asked_to_end

    # the venue's names

    def client_id_of(self, venue_order_id: str) -> str:
        """Return the client id of an order that this life has heard of, else an empty string."""
        return self._client_ids.get(venue_order_id, "")

    def note_venue_id(self, venue_order_id: str, client_order_id: str) -> None:
        """Remember whose venue order id this is; where either is empty there is nothing to remember."""
        if not client_order_id or not venue_order_id:
            return
        self._client_ids[venue_order_id] = client_order_id
        self._known.add(client_order_id)
        if len(self._client_ids) > VENUE_IDS_KEPT:
            self._known.discard(self._client_ids.popitem(last=False)[1])
