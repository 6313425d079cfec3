"""A real floor for the cases of one venue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from floors import Floor, synced

from conformance.puppet import Stage
from conformance.venue import VenueUnderTest

__all__ = ["a_stage"]


def a_stage(kind: type[VenueUnderTest], settings: str, folder: Path) -> Iterator[Stage]:
    """Run a floor with that venue; at the end its checker agrees."""
    file = folder / "floor.toml"
    file.write_text(f'[floor]\nname = "conformance"\n{settings}')
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
