"""One side of a book against a dict that is sorted each time it is asked."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.book import Ladder

prices = st.integers(1, 40).map(lambda units: units / 8)
sizes = st.sampled_from([0.0, 0.5, 1.0, 7.25])
levels = st.lists(st.tuples(prices, sizes), max_size=30)
sides = st.booleans()


class Model:
    """A dict of sizes by price."""

    def __init__(self, descending: bool) -> None:
        self.descending = descending
        self.sizes: dict[float, float] = {}

    def apply(self, changes: list[tuple[float, float]]) -> None:
        for price, size in changes:
            if size > 0:
                self.sizes[price] = size
            else:
                self.sizes.pop(price, None)

    def best(self, count: int = 0) -> list[tuple[float, float]]:
        ordered = sorted(self.sizes.items(), reverse=self.descending)
        return ordered[:count] if count else ordered


@settings(max_examples=500, deadline=None)
@given(sides, levels, st.lists(levels, max_size=6), st.integers(1, 10))
def test_a_ladder_is_its_model_after_any_changes(
    descending: bool, start: list[tuple[float, float]], changes: list[list[tuple[float, float]]], count: int
) -> None:
    ladder, model = Ladder(descending), Model(descending)
    ladder.replace([level for level in dict(start).items() if level[1]])
    model.apply(list(dict(start).items()))
    for change in changes:
        ladder.apply(change)
        model.apply(change)
        assert ladder.best() == model.best()
        assert ladder.best(count) == model.best(count)
        assert len(ladder) == len(model.sizes)
        assert ladder.best_price == (model.best()[0][0] if model.sizes else None)


@pytest.mark.parametrize(("descending", "best_first"), [(True, [3.0, 2.0, 1.0]), (False, [1.0, 2.0, 3.0])])
def test_bids_fall_and_asks_rise_from_the_best(descending: bool, best_first: list[float]) -> None:
    ladder = Ladder(descending)
    ladder.replace([(2.0, 1.0), (3.0, 1.0), (1.0, 1.0)])
    assert [price for price, _ in ladder.best()] == best_first


def test_a_whole_side_replaces_what_was_there() -> None:
    ladder = Ladder(descending=True)
    ladder.replace([(2.0, 1.0)])
    ladder.replace([(1.0, 5.0), (9.0, 0.0)])
    assert ladder.best() == [(1.0, 5.0)]


def test_removing_what_is_not_there_is_nothing() -> None:
    ladder = Ladder(descending=False)
    ladder.apply([(5.0, 0.0)])
    assert (len(ladder), ladder.best(), ladder.best_price) == (0, [], None)
