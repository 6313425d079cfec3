"""What an execution actor remembers of names: written once, known, replaced, and all of it bounded."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from order_samples import an_order

from bus.messages import ContingencyType, ModifyOrder
from venues.execution import names as module
from venues.execution.names import UNNAMED, Attempt, OrderNames


def change(of: str = "C1", tried: str = "C2", **fields: Any) -> ModifyOrder:
    return ModifyOrder("o1", of, "", "BINANCE", "BTCUSDT.BINANCE", "alpha", new_client_order_id=tried, **fields)


def test_what_was_written_is_known_by_its_owner_and_its_list() -> None:
    names = OrderNames()
    order = an_order("C1", list_id="L1", contingency=ContingencyType.OCO)
    assert (names.was_written("C1"), names.is_known("C1"), names.attempt("C1")) == (False, False, UNNAMED)
    names.note_order(order)
    assert names.was_written("C1")
    assert names.attempt("C1") == Attempt("C1", "alpha", "L1", ContingencyType.OCO)
    assert list(names.working) == ["C1"]
    names.ended("C1")
    assert names.working == {}
    assert names.was_written("C1"), "an order that ended is not written again either"


def test_an_order_of_the_venue_is_known_and_was_not_written() -> None:
    names = OrderNames()
    names.note_venue_id("77", "by-hand")
    assert names.is_known("by-hand")
    assert not names.was_written("by-hand")
    assert names.client_id_of("77") == "by-hand"
    names.note_venue_id("", "nameless")
    names.note_venue_id("78", "")
    assert not names.is_known("nameless")


def test_while_a_replacement_is_open_a_cancel_is_meant_for_both_and_afterwards_for_what_is_there() -> None:
    names = OrderNames()
    names.note_order(an_order("C1"))
    assert names.names_to_cancel("C1") == ["C1"]
    names.note_change(change(), "C2", an_order("C2"))
    assert names.names_to_cancel("C1") == ["C1", "C2"]
    assert names.settle_change("C2", succeeded=True) == change()
    assert names.names_to_cancel("C1") == ["C2"]
    assert list(names.working) == ["C2"]
    assert names.settle_change("C2", succeeded=True) is None, "it is told once"


def test_a_replacement_that_failed_leaves_the_old_one() -> None:
    names = OrderNames()
    names.note_order(an_order("C1"))
    names.note_change(change(), "C2", an_order("C2"))
    names.settle_change("C2", succeeded=False)
    assert names.names_to_cancel("C1") == ["C1"]
    assert list(names.working) == ["C1"]
    assert names.was_written("C2"), "its id is spent"


def test_a_chain_of_replacements_ends_at_its_last_attempt() -> None:
    names = OrderNames()
    names.note_order(an_order("C1"))
    for old, new in (("C1", "C2"), ("C2", "C3")):
        names.note_change(change(old, new), new, an_order(new))
        names.settle_change(new, succeeded=True)
    names.note_change(change("C3", "C4"), "C4", an_order("C4"))
    assert names.names_to_cancel("C1") == ["C3", "C4"]
    assert names.attempt("C4").order_id == "o1"


def test_an_amendment_spends_the_id_that_it_was_given_and_tries_no_other_name() -> None:
    names = OrderNames()
    names.note_order(an_order("C1"))
    names.note_change(change(), "", None)
    assert names.was_written("C2")
    assert names.names_to_cancel("C1") == ["C1"]
    assert names.changes == {}


def test_everything_that_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WRITTEN_KEPT", 3)
    monkeypatch.setattr(module, "VENUE_IDS_KEPT", 3)
    names = OrderNames()
    for number in range(10):
        name = f"C{number}"
        names.note_order(replace(an_order(name)))
        names.note_change(change(name, f"D{number}"), f"D{number}", None)
        names.note_asked_to_end(name)
        names.note_venue_id(str(number), f"V{number}")
    assert len(names._written) == len(names._successors) == len(names._asked_to_end) == len(names.changes) == 3
    assert len(names._client_ids) == len(names._known) == 3
    assert names.client_id_of("9") == "V9"
