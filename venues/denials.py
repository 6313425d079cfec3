"""What is denied before anything is sent, by a venue's `Capabilities` alone. Pure.

A cell that is NONE denies; so does EMULATED while no emulator takes the order before it comes here, and PARAMS, which
is said through `NewOrder.params` and by no field. A cell that is PER_SYMBOL is judged by the instrument's own record
where that is known, and by the venue itself where it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, TypeAlias

from bus.messages import Code, ContingencyType, Instrument, ModifyOrder, NewOrder, PositionSide, Refused
from venues.capabilities import Capabilities, Cell, Instruction, Modify

__all__ = ["Judged", "Offers", "denial_of", "denial_of_change", "is_per_symbol"]

Offers: TypeAlias = Callable[[Instrument, StrEnum], bool]
"""Whether an instrument's record has what a PER_SYMBOL cell promises: asked with a word of the capabilities."""
Word: TypeAlias = tuple[Mapping[Any, Cell], StrEnum, Code, str]

_DONE = frozenset((Cell.NATIVE, Cell.MAPPED, Cell.PER_SYMBOL))
_NET, _ALONE = PositionSide.NET, ContingencyType.NONE


def denial_of(
    order: NewOrder, capabilities: Capabilities, instrument: Instrument | None = None, offers: Offers | None = None
) -> Refused | None:
    """Return why the venue does not do this order, in one code and one sentence that names both; None where it does."""
    for table, word, code, what in _words(order, capabilities):
        cell = table.get(word, Cell.NONE)
        if cell not in _DONE:
            return _denied(code, what, word, order.instance, cell)
        if cell is Cell.PER_SYMBOL and instrument is not None and offers is not None and not offers(instrument, word):
            return Refused(code, f"{order.instance} has no {what} {word} on {instrument.id}, by its record there")
    return None


def denial_of_change(change: ModifyOrder, capabilities: Capabilities) -> Refused | None:
    """Return why the venue does not change this of a working order; None where it does."""
    wanted = [Modify.SIZE] if change.size is not None else []
    if change.price is not None or change.trigger_price is not None:
        wanted.append(Modify.PRICE)
    for word in wanted:
        cell = capabilities.modify.get(word, Cell.NONE)
        if cell not in _DONE:
            return _denied(Code.UNSUPPORTED_INSTRUCTION, "change of an order's", word, change.instance, cell)
    return None


def is_per_symbol(order: NewOrder, capabilities: Capabilities) -> bool:
    """True where only the instrument's record says whether the venue does this order."""
    return any(table.get(word) is Cell.PER_SYMBOL for table, word, _, _ in _words(order, capabilities))


class Judged:
    """The plain orders that were judged before: nearly all are like one of a few, and need no second look."""

    def __init__(self, capabilities: Capabilities) -> None:
        self._capabilities = capabilities
        self._done: set[tuple[int, int, bool]] = set()

    def is_done(self, order: NewOrder) -> bool:
        """True for an order without rare instructions that the venue does on every symbol."""
        if (
            not (order.display_size is order.quote_size is None)
            or order.reduce_only
            or order.position_side is not _NET
            or order.contingency is not _ALONE
        ):
            return False
        kind = (id(order.type), id(order.time_in_force), order.post_only)  # a member of an enum takes long to hash
        if kind in self._done:
            return True
        if denial_of(order, self._capabilities) is not None or is_per_symbol(order, self._capabilities):
            return False
        self._done.add(kind)
        return True


def _words(order: NewOrder, capabilities: Capabilities) -> Iterator[Word]:
    """Yield what the order asks for: the cells' table, the word, the code of its denial and what kind of word it is."""
    yield capabilities.order_types, order.type, Code.UNSUPPORTED_ORDER_TYPE, "order type"
    yield capabilities.time_in_force, order.time_in_force, Code.UNSUPPORTED_TIME_IN_FORCE, "time in force"
    instructions = capabilities.instructions
    for given, word in (
        (order.post_only, Instruction.POST_ONLY),
        (order.reduce_only, Instruction.REDUCE_ONLY),
        (order.quote_size is not None, Instruction.QUOTE_SIZE),
        (order.display_size is not None, Instruction.DISPLAY_SIZE),
        (order.position_side is not _NET, Instruction.HEDGE_MODE),
    ):
        if given:
            yield instructions, word, Code.UNSUPPORTED_INSTRUCTION, "instruction"
    if order.contingency is not _ALONE:
        yield capabilities.contingencies, order.contingency, Code.UNSUPPORTED_INSTRUCTION, "list of orders"


def _denied(code: Code, what: str, word: StrEnum, instance: str, cell: Cell) -> Refused:
    why = {
        Cell.EMULATED: "the floor does not emulate it yet",
        Cell.PARAMS: "it is said through params",
    }.get(cell, "the venue or its adapter lacks it")
    return Refused(code, f"{instance} has no {what} {word}: {why}")
