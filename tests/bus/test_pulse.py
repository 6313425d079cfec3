"""A mute publisher is noticed, and one whose reader was stopped is not accused."""

from __future__ import annotations

import pytest

from bus.streams.pulse import HEARTBEAT_S, LOOK_S, MUTE_S, Pulse


def looks(pulse: Pulse, seconds: float, drained: bool = True) -> list[bool]:
    return [pulse.look(LOOK_S, drained) for _ in range(round(seconds / LOOK_S))]


@pytest.fixture
def pulse() -> Pulse:
    """Of a publisher that was just heard."""
    pulse = Pulse()
    assert pulse.beat(7)
    return pulse


def test_two_missing_beats_and_a_little_make_a_publisher_mute_and_it_is_said_once(pulse: Pulse) -> None:
    assert MUTE_S > 2 * HEARTBEAT_S
    assert not any(looks(pulse, MUTE_S - LOOK_S))
    assert looks(pulse, 2 * MUTE_S).count(True) == 1
    assert pulse.is_mute
    assert pulse.unsettled


def test_a_beat_ends_the_silence(pulse: Pulse) -> None:
    for _ in range(20):
        assert not any(looks(pulse, HEARTBEAT_S))
        assert pulse.beat(7)
    looks(pulse, MUTE_S)
    assert pulse.beat(7)
    assert not pulse.is_mute
    assert not any(looks(pulse, MUTE_S - LOOK_S))


def test_a_reader_that_was_stopped_itself_accuses_nobody(pulse: Pulse) -> None:
    looks(pulse, HEARTBEAT_S)
    assert not pulse.look(3600.0, drained=True)
    assert not pulse.look(LOOK_S, drained=True)


def test_nobody_is_accused_while_messages_still_wait(pulse: Pulse) -> None:
    assert not any(looks(pulse, 10 * MUTE_S, drained=False))
    assert pulse.look(LOOK_S, drained=True)


def test_a_beat_of_a_life_that_is_over_says_nothing(pulse: Pulse) -> None:
    looks(pulse, MUTE_S)
    assert not pulse.beat(6)
    assert pulse.is_mute


def test_a_new_life_is_not_blamed_for_the_silence_of_the_old_one(pulse: Pulse) -> None:
    looks(pulse, MUTE_S)
    pulse.begin(8)
    assert not pulse.is_mute
    assert pulse.unsettled  # until its first beat: then what is left of the old life is settled
    assert not any(looks(pulse, MUTE_S - LOOK_S))


def test_the_first_life_that_is_heard_leaves_nothing_to_settle() -> None:
    pulse = Pulse()
    pulse.begin(7)
    assert not pulse.unsettled
