"""Market-data cases."""

from __future__ import annotations

from conformance import VenueUnderTest
from conformance.puppet import Stage

from bus.messages import InstrumentsAnswer


def test_d01_all_instruments_are_listed_with_their_rules(stage: Stage, venue: VenueUnderTest) -> None:
    answer = stage.instruments().body
    assert isinstance(answer, InstrumentsAnswer)
    assert len(answer.instruments) > 1
    for each in answer.instruments:
        assert each.symbol
        assert each.raw
        assert each.price_increment > 0
        assert each.size_increment > 0


def test_d02_one_instrument_is_found_and_an_unknown_one_is_named(stage: Stage, venue: VenueUnderTest) -> None:
    answer = stage.instruments(venue.instrument).body
    assert isinstance(answer, InstrumentsAnswer)
    assert [each.id for each in answer.instruments] == [venue.instrument]
    unknown = stage.instruments(f"NONESUCH.{venue.instance}")
    assert "NONESUCH" in unknown.reason
