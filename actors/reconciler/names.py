"""Whose a name at a venue is: every client order id and every venue order id that an order ever had leads to it."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from bus.messages import Fill, OrderEvent, OrderState

__all__ = ["OrderNames"]

W = TypeVar("W", OrderEvent, Fill)


class OrderNames:
    """An index of orders. A venue's id is unique within its instrument (Binance Spot)."""

    def __init__(self) -> None:
        self._by_client: dict[tuple[str, str], str] = {}
        self._by_venue: dict[tuple[str, str, str], tuple[str, str]] = {}
        """(our order id, the attempt's client id)."""
        self._had: dict[str, tuple[list[tuple[str, str]], list[tuple[str, str, str]]]] = {}
        """Every client's and every venue's name of an order, so that they can be forgotten with it."""

    def of_client(self, instance: str, client_order_id: str) -> str:
        """Return our id of the order that has, or had, this client id; else an empty string."""
        return self._by_client.get((instance, client_order_id), "")

    def of_venue(self, instance: str, instrument: str, venue_order_id: str) -> str:
        """As `of_client`, by the venue's id."""
        return self._by_venue.get((instance, instrument, venue_order_id), ("", ""))[0]

    def with_attempt(self, word: W) -> W:
        """Return a word of the venue with its attempt's client id, where it names the attempt by the venue's alone."""
        if word.client_order_id or not word.venue_order_id:
            return word
        known = self._by_venue.get((word.instance, word.instrument, word.venue_order_id))
        return replace(word, client_order_id=known[1]) if known is not None else word

    def note(self, state: OrderState, takes_client_id: bool = True) -> None:
        """Remember an order's names of now, and that of the attempt that is tried. `takes_client_id`: it is free."""
        order, order_id = state.order, state.order.order_id
        if order.client_order_id and takes_client_id:
            self._take(order_id, (order.instance, order.client_order_id))
        if state.pending_client_order_id:
            self._take(order_id, (order.instance, state.pending_client_order_id))
        if state.venue_order_id:
            name = (order.instance, order.instrument, state.venue_order_id)
            if self._by_venue.get(name, ("", ""))[0] != order_id:
                self._by_venue[name] = (order_id, order.client_order_id)
                self._had.setdefault(order_id, ([], []))[1].append(name)

    def _take(self, order_id: str, name: tuple[str, str]) -> None:
        if self._by_client.get(name) != order_id:
            self._by_client[name] = order_id
            self._had.setdefault(order_id, ([], []))[0].append(name)

    def forget(self, order_id: str) -> None:
        """Forget all names of an order, but those that another one has by now."""
        by_client, by_venue = self._had.pop(order_id, ((), ()))
        for name in by_client:
            if self._by_client.get(name) == order_id:
                del self._by_client[name]
        for venue_name in by_venue:
            if self._by_venue.get(venue_name, ("", ""))[0] == order_id:
                del self._by_venue[venue_name]
