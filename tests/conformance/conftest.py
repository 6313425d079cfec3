"""One real floor for each venue under test; after every case its three sides are compared."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conformance import VENUES, VenueUnderTest
from conformance.puppet import Stage
from floors import Floor, synced


@pytest.fixture(scope="package", params=VENUES, ids=lambda kind: kind.name)
def floor_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    kind: type[VenueUnderTest] = request.param
    folder = tmp_path_factory.mktemp("conformance")
    file = folder / "floor.toml"
    file.write_text(f'[floor]\nname = "conformance"\n{kind.settings}')
    floor = Floor(file, folder)
    try:
        floor.visit(lambda visitor: synced(visitor, kind.instance))
        stage = Stage(kind(floor))
        stage.venue.stand_still()
        yield stage
        stage.close()
        summary = floor.stop()
        assert summary["agrees"], summary["problems"]
    finally:
        floor.close()


@pytest.fixture
def stage(floor_stage: Stage) -> Iterator[Stage]:
    """The floor as a case finds it: no order open, the market still. At the case's end the three sides agree."""
    yield floor_stage
    floor_stage.compare()
    for order in floor_stage.puppet.orders.open:
        floor_stage.cancel(order)
    floor_stage.compare()


@pytest.fixture
def venue(stage: Stage) -> VenueUnderTest:
    """The venue under test."""
    return stage.venue
