"""One real floor for each venue under test; after every case its three sides are compared."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from conformance import VENUES, VenueUnderTest
from conformance.listener import Listener
from conformance.puppet import Stage
from conformance.stages import a_stage


@pytest.fixture(scope="package", params=VENUES, ids=lambda kind: kind.name)
def floor_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    kind: type[VenueUnderTest] = request.param
    yield from a_stage(kind, kind.settings + kind.no_limit, tmp_path_factory.mktemp("conformance"))


@pytest.fixture
def stage(floor_stage: Stage) -> Iterator[Stage]:
    """The floor as a case finds it: no order open, the market still. At the case's end the three sides agree."""
    floor_stage.venue.forgive()
    yield floor_stage
    try:
        floor_stage.compare()
    finally:
        floor_stage.do(lambda puppet: puppet.cancel_all())
        floor_stage.until(lambda: not floor_stage.puppet.orders.open, "no order is left open")
    floor_stage.compare()


@pytest.fixture
def moving(stage: Stage) -> Iterator[Stage]:
    """The floor with a market that moves by itself."""
    stage.venue.go_on()
    yield stage
    stage.venue.stand_still()


@pytest.fixture
def listener(stage: Stage) -> Iterator[Listener]:
    """A reader of topics, for one case."""
    listener = Listener(stage.floor.run_dir, "listener")
    yield listener
    listener.close()


@pytest.fixture
def venue(stage: Stage) -> VenueUnderTest:
    """The venue under test."""
    return stage.venue


RESULTS = "TRADEFLOOR_CONFORMANCE_RESULTS"
"""Names the file that a whole run of this folder writes: by venue and cell, the cases that passed."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep which cells a case proved: it passed, and so did the comparison of the three sides at its end."""
    report = yield
    proven = item.session.stash.setdefault(PROVEN, {})
    marker, callspec = item.get_closest_marker("proves"), getattr(item, "callspec", None)
    if marker is not None and callspec is not None:
        name, case = callspec.params["floor_stage"].name, item.name.split("_")[1].upper()
        if not report.passed:
            item.session.stash.setdefault(FAILED, set()).add((name, case))
        for cell in marker.args:
            proven.setdefault(name, {}).setdefault(cell, set()).add(case)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the results where a file is named; a case of which one test failed proves nothing."""
    path, failed = os.environ.get(RESULTS), session.stash.get(FAILED, set())
    if path:
        table = {
            name: {cell: sorted(case for case in cases if (name, case) not in failed) for cell, cases in cells.items()}
            for name, cells in session.stash.get(PROVEN, {}).items()
        }
        Path(path).write_text(json.dumps(table, indent=2, sort_keys=True) + "\n")


PROVEN = pytest.StashKey[dict[str, dict[str, set[str]]]]()
FAILED = pytest.StashKey[set[tuple[str, str]]]()
