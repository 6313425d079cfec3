"""What a venue's adapter does, cell by cell: the source of the docs' tables and of every denial before sending."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from bus.messages import ContingencyType, OrderType, TimeInForce

__all__ = [
    "ALLOW_WITHDRAWAL_KEY",
    "AdapterInfo",
    "Cancel",
    "Capabilities",
    "Cell",
    "History",
    "Instruction",
    "MarketData",
    "Modify",
    "Option",
    "Query",
]

ALLOW_WITHDRAWAL_KEY = "allow_withdrawal_key"
"""A setting of every instance: whether it trades by a key that may withdraw, too."""


class Cell(StrEnum):
    """How something is done."""

    NATIVE = "N"
    PER_SYMBOL = "S"
    MAPPED = "M"
    EMULATED = "E"
    PARAMS = "P"
    NONE = "-"


class Instruction(StrEnum):
    """What an order may carry beside type and time in force."""

    POST_ONLY = "post_only"
    REDUCE_ONLY = "reduce_only"
    QUOTE_SIZE = "quote_size"
    DISPLAY_SIZE = "display_size"
    HEDGE_MODE = "hedge mode"
    LEVERAGE = "leverage"
    MARGIN_MODE = "margin mode"
    SELF_TRADE_PREVENTION = "self-trade prevention mode"
    DEAD_MANS_SWITCH = "dead man's switch"


class Modify(StrEnum):
    """What of a working order can be changed."""

    PRICE = "price"
    SIZE = "size"


class Cancel(StrEnum):
    """What can be canceled, or submitted, at once."""

    ONE = "one"
    ALL_OWN = "all own"
    BATCH = "batch"
    BATCH_SUBMIT = "batch submit"


class MarketData(StrEnum):
    """Live topics; the values of those with a topic are its kind."""

    QUOTE = "quote"
    TRADE = "trade"
    BAR = "bar"
    BOOK = "book"
    BOOK_ORDERS = "book_orders"
    MARK = "mark"
    INDEX = "index"
    FUNDING = "funding"
    LIQUIDATION = "liquidation"
    TICKER = "ticker"
    STATUS = "status"
    DEPTH = "depth"
    INSTRUMENT = "instrument"
    BOOK_SNAPSHOT = "book snapshot by request"


class History(StrEnum):
    """What was."""

    QUOTE = "quote"
    TRADE = "trade"
    BAR = "bar"
    FUNDING = "funding"
    AGGREGATE_TRADE = "aggregate_trade"


class Query(StrEnum):
    """What can be asked about an account."""

    OPEN_ORDERS = "open orders"
    ORDER_HISTORY = "order history"
    FILLS = "fills"
    POSITIONS = "positions"
    BALANCES = "balances"


class Capabilities(msgspec.Struct, frozen=True):
    """One account type's table. What is not named is `Cell.NONE`, so that nothing is promised by omission."""

    order_types: Mapping[OrderType, Cell] = {}
    time_in_force: Mapping[TimeInForce, Cell] = {}
    instructions: Mapping[Instruction, Cell] = {}
    modify: Mapping[Modify, Cell] = {}
    cancel: Mapping[Cancel, Cell] = {}
    contingencies: Mapping[ContingencyType, Cell] = {}
    market_data: Mapping[MarketData, Cell] = {}
    bar_intervals: tuple[str, ...] = ()
    """Intervals of live bars, by our names: the topics' last segment."""
    depth_levels: tuple[int, ...] = ()
    """Counts of best levels that the venue itself tells, in ascending order."""
    history: Mapping[History, Cell] = {}
    queries: Mapping[Query, Cell] = {}

    def rows(self) -> Iterator[tuple[str, str, Cell]]:
        """Yield (group, word, cell) for every word there is, in the vocabulary's order: a table's rows."""
        for group, words in _GROUPS.items():
            table: Mapping[StrEnum, Cell] = getattr(self, group)
            for word in words:
                if word.name != "UNKNOWN" and word.value != "NONE":
                    yield group, word.value, table.get(word, Cell.NONE)


_GROUPS: dict[str, type[StrEnum]] = {
    "order_types": OrderType,
    "time_in_force": TimeInForce,
    "instructions": Instruction,
    "modify": Modify,
    "cancel": Cancel,
    "contingencies": ContingencyType,
    "market_data": MarketData,
    "history": History,
    "queries": Query,
}


class Option(msgspec.Struct, frozen=True):
    """An option of an instance: its kind, what is expected in words, and where it has bounds or choices, those."""

    kind: type
    expected: str
    low: float | None = None
    high: float | None = None
    choices: tuple[int | str, ...] = ()

    @property
    def kinds(self) -> type | tuple[type, ...]:
        """What a value may be."""
        return (int, float) if self.kind is float else self.kind

    def problem(self, value: Any) -> str:
        """Return what is wrong with a value, empty where nothing is."""
        fits = isinstance(value, self.kinds) and (self.kind is bool or not isinstance(value, bool))
        if fits and self.low is not None and self.high is not None:
            fits = self.low <= value <= self.high
        if fits and self.choices:
            fits = value in self.choices
        return "" if fits else f"expected {self.expected}, found {value!r}"


class AdapterInfo(msgspec.Struct, frozen=True):
    """A venue package as configuration and supervisor see it, without importing its client.

    `market_data` and `execution` are import paths (``package.module:Class``), `settings` the struct that an instance's
    settings must fit, `twin` the arguments after the Python interpreter that start its twin, `addresses` the settings
    that stand in for an environment's addresses, with the scheme of each. `history` is the import path of what reads
    the venue's past without a floor (a `venues.history.OpenPast`), empty where there is none. `options` are the
    adapter's own, each a field of `settings` with a default. `weight_limit` is what an
    address may spend in a window; by `budget_host` (environment, addresses) it is known who shares it. 0 and None where
    a venue has no such limit.
    """

    name: str
    account_types: tuple[str, ...]
    environments: tuple[str, ...]
    market_data: str
    execution: str
    settings: type[msgspec.Struct]
    capabilities: Mapping[str, Capabilities]
    twin: tuple[str, ...]
    addresses: Mapping[str, str] = {}
    history: str = ""
    options: Mapping[str, Option] = {}
    weight_limit: int = 0
    budget_host: Callable[[str, Mapping[str, str]], str] | None = None
