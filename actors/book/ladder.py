"""One side of an L2 book: prices in order, sizes by price."""

from __future__ import annotations

from bisect import bisect_left

from bus.messages import Levels

__all__ = ["Ladder"]


class Ladder:
    """Prices kept sorted in a list: a change of a known price costs a dict write, a new one a bisect and a memmove
    (1 us at 5,000 levels), and the best levels are a slice. Bids are kept negated, so both sides ascend from the best.
    """

    __slots__ = ("_keys", "_sign", "_sizes")

    def __init__(self, descending: bool) -> None:
        self._sign = -1.0 if descending else 1.0
        self._keys: list[float] = []
        self._sizes: dict[float, float] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def replace(self, levels: Levels) -> None:
        """Take a whole side."""
        sign = self._sign
        self._sizes = {sign * price: size for price, size in levels if size > 0}
        self._keys = sorted(self._sizes)

    def apply(self, levels: Levels) -> None:
        """Take changed levels; size 0 removes, and removing what is not there is nothing."""
        sign, sizes, keys = self._sign, self._sizes, self._keys
        for price, size in levels:
            key = sign * price
            if size > 0:
                if key not in sizes:
                    keys.insert(bisect_left(keys, key), key)
                sizes[key] = size
            elif key in sizes:
                del sizes[key]
                del keys[bisect_left(keys, key)]

    def best(self, count: int = 0) -> Levels:
        """Return the best `count` levels (0: all), best first."""
        sign, sizes = self._sign, self._sizes
        keys = self._keys[:count] if count else self._keys
        return [(sign * key, sizes[key]) for key in keys]

    @property
    def best_price(self) -> float | None:
        """The best price, None for an empty side."""
        return self._sign * self._keys[0] if self._keys else None
