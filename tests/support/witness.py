"""What a foreign client saw of a twin, next to the twin's truth log."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Witness:
    """`seen` is what the client's script printed, `lines` the truth log of the twin, which has ended."""

    seen: dict[str, Any] = field(repr=False)
    lines: list[dict[str, Any]] = field(repr=False)

    def log(self, *kinds: str) -> list[dict[str, Any]]:
        """The lines of those kinds, in order."""
        return [line for line in self.lines if line["kind"] in kinds]

    def received(self, via: str = "") -> list[dict[str, Any]]:
        """The requests that came in."""
        return [line for line in self.log("received") if not via or line["via"] == via]

    def sent(self, stream: str) -> list[Any]:
        """Everything that went out on a stream."""
        return [line["data"] for line in self.log("sent") if line["stream"] == stream]

    def sent_to(self, path: str) -> list[tuple[str, Any]]:
        """What went out on the one socket that was opened at a path: stream and message, in order."""
        numbers = [line["socket"] for line in self.log("socket_open") if line["path"] == path]
        assert len(numbers) == 1, f"{len(numbers)} sockets at {path}"
        return [(line["stream"], line["data"]) for line in self.log("sent") if numbers[0] in line["sockets"]]

    @cached_property
    def trades(self) -> dict[tuple[str, int], tuple[str, str]]:
        """Price and size of each trade, by symbol and id."""
        lines = self.log("trade")
        return {(line["symbol"], line["trade_id"]): (line["price"], line["size"]) for line in lines}

    @cached_property
    def events(self) -> list[Any]:
        """The user-data events that went out, in order."""
        return [line["data"] for line in self.log("user_sent")]

    @cached_property
    def fills(self) -> list[tuple[int, str, str, str]]:
        """The account's fills: trade id, price, size, fee."""
        return [(line["trade_id"], line["price"], line["size"], line["fee"]) for line in self.log("fill")]

    @cached_property
    def balances(self) -> dict[str, tuple[str, str]]:
        """What the account holds at the end of each asset that ever changed: free, locked."""
        return {line["asset"]: (line["free"], line["locked"]) for line in self.log("balance")}

    @cached_property
    def orders(self) -> dict[int, dict[str, Any]]:
        """The last line of each of the account's orders."""
        return {line["order_id"]: line for line in self.log("order")}


def is_refused(answer: Any) -> bool:
    """Whether a script noted a refusal instead of an answer."""
    return isinstance(answer, dict) and "refused" in answer


def candle_of(trades: list[tuple[str, str]]) -> dict[str, Decimal]:
    """Open, high, low, close, volume and value of consecutive trades."""
    prices = [Decimal(price) for price, _ in trades]
    sizes = [Decimal(size) for _, size in trades]
    value = sum((price * size for price, size in zip(prices, sizes, strict=True)), Decimal())
    return {
        "o": prices[0],
        "h": max(prices),
        "l": min(prices),
        "c": prices[-1],
        "v": sum(sizes, Decimal()),
        "q": value,
    }


def is_run(part: list[Any], whole: list[Any]) -> bool:
    """Whether `part` stands in `whole` without a gap, and is not empty."""
    if not part or part[0] not in whole:
        return False
    first = whole.index(part[0])
    return whole[first : first + len(part)] == part


def is_within(part: list[Any], whole: list[Any]) -> bool:
    """Whether all of `part` stands in `whole` in this order, with gaps allowed, and is not empty."""
    rest = iter(whole)
    return bool(part) and all(any(one == other for other in rest) for one in part)
