"""Orders that wait for a price, sans I/O: each trade goes in, the orders that it triggers come out.

A stop price fires when a trade reaches it: from below for a STOP_LOSS BUY and a TAKE_PROFIT SELL, from above for the
other two. A trailing order follows the best price for it (the lowest for a BUY, the highest for a SELL) and fires when
a trade is `trailing_delta` basis points worse than that. With a stop price as well, it follows only from the trade on
that reaches the stop price; without one, from the next trade on.

Prices are in ticks. Source: Binance Spot API, rest-api (new order) and faqs/trailing-stop-faq, 2026-07.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from typing import Literal

from venues.twins.matching import Side

Direction = Literal["ABOVE", "BELOW"]
BASIS_POINTS = 10_000


def direction(order_type: str, side: Side) -> Direction:
    """Where the stop price of an order lies, seen from the market."""
    return "ABOVE" if order_type.startswith("STOP_LOSS") == (side == "BUY") else "BELOW"


@dataclass(slots=True, eq=False)
class Trigger:
    """What an order waits for; 0 for no stop price and for no trailing.

    `tracking_ms` is since when (UNIX milliseconds) it follows prices, -1 before; `best` is the best price since.
    """

    order_id: int
    side: Side
    direction: Direction
    stop_price: int = 0
    trailing_delta: int = 0
    tracking_ms: int = -1
    best: int = 0

    def is_reached(self, price: int) -> bool:
        """Whether a trade at that price reaches the stop price."""
        return price >= self.stop_price if self.direction == "ABOVE" else price <= self.stop_price

    def track(self, price: int, now_ms: int) -> bool:
        """Follow one trade; True when it has turned by the delta."""
        if self.tracking_ms < 0:
            self.tracking_ms, self.best = now_ms, price
            return False
        if self.side == "SELL":
            self.best = max(self.best, price)
            return price * BASIS_POINTS <= self.best * (BASIS_POINTS - self.trailing_delta)
        self.best = min(self.best, price)
        return price * BASIS_POINTS >= self.best * (BASIS_POINTS + self.trailing_delta)


class TriggerBook:
    """All waiting orders of one symbol."""

    def __init__(self) -> None:
        self._waiting: dict[int, Trigger] = {}
        self._stops: dict[Direction, list[tuple[int, int]]] = {"ABOVE": [], "BELOW": []}
        self._trailing: dict[int, Trigger] = {}

    def add(self, trigger: Trigger) -> None:
        """Let an order wait."""
        self._waiting[trigger.order_id] = trigger
        if trigger.stop_price:
            insort(self._stops[trigger.direction], _key(trigger))
        else:
            self._trailing[trigger.order_id] = trigger

    def remove(self, order_id: int) -> bool:
        """Take an order out; False when it does not wait here."""
        trigger = self._waiting.pop(order_id, None)
        if trigger is None:
            return False
        if self._trailing.pop(order_id, None) is None:
            stops = self._stops[trigger.direction]
            del stops[bisect_left(stops, _key(trigger))]
        return True

    def on_trade(self, price: int, now_ms: int) -> list[int]:
        """The ids of the orders that a trade triggers, in the order in which they were placed; they wait no more."""
        fired = [order_id for order_id, trigger in self._trailing.items() if trigger.track(price, now_ms)]
        for stops in self._stops.values():
            while stops and self._waiting[stops[0][1]].is_reached(price):
                trigger = self._waiting[stops.pop(0)[1]]
                if trigger.trailing_delta:
                    trigger.track(price, now_ms)
                    self._trailing[trigger.order_id] = trigger
                else:
                    fired.append(trigger.order_id)
        for order_id in fired:
            self._trailing.pop(order_id, None)
            del self._waiting[order_id]
        return sorted(fired)


def _key(trigger: Trigger) -> tuple[int, int]:
    """Sorts the stop prices of one direction with the one that is reached first in front."""
    return (trigger.stop_price if trigger.direction == "ABOVE" else -trigger.stop_price, trigger.order_id)
