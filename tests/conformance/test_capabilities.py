"""Each adapter's table against what its venue offers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conformance import VENUES, VenueUnderTest
from conformance.expected import EXPECTED, OWED, RANKS

from venues.capabilities import Cell


@pytest.mark.parametrize("venue", VENUES, ids=lambda kind: kind.name)
def test_no_cell_is_worse_than_the_venues_own_documents_say(venue: type[VenueUnderTest]) -> None:
    ours = {(group, word): cell for group, word, cell in venue.capabilities.rows()}
    expected = {(group, word): Cell(cell) for group, row in EXPECTED[venue.name].items() for word, cell in row.items()}
    assert set(expected) <= set(ours)
    assert OWED[venue.name] <= set(expected)
    worse = {key for key, cell in expected.items() if RANKS.index(ours[key]) < RANKS.index(cell)}
    assert worse == OWED[venue.name], "a cell that is done leaves the list of what is owed; no other may be worse"


UNPROVEN: dict[str, set[str]] = {"binance-spot": set()}
"""Cells that an adapter offers and no case here has proven yet; the docs call them unproven. None may be added."""


@pytest.mark.parametrize("venue", VENUES, ids=lambda kind: kind.name)
def test_every_cell_that_is_offered_is_proven_by_a_case_or_named_as_unproven(venue: type[VenueUnderTest]) -> None:
    results = json.loads((Path(__file__).parent / "results.json").read_text())[venue.name]
    proven = {cell for cell, cases in results.items() if cases}
    offered = {f"{group}: {word}" for group, word, cell in venue.capabilities.rows() if cell is not Cell.NONE}
    assert proven <= offered
    assert offered - proven == UNPROVEN[venue.name]
