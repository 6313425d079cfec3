"""Cases of venues and clocks in trouble: what is said meanwhile, and that all is well again without anybody's help."""

from __future__ import annotations

import itertools
import time

from conformance import VenueUnderTest
from conformance.listener import Heard, Listener
from conformance.prices import far
from conformance.puppet import Stage

from bus import topics
from bus.messages import InstanceState

STORM_S = 3.0
MANY = 40
"""Requests of all actors of an instance together, from the moment that a venue closes; each backs off, so the next
seconds have fewer."""


def is_synced(heard: Heard) -> bool:
    state = heard.messages[-1] if heard.messages else None
    return heard.is_fresh and isinstance(state, InstanceState) and state.synced


def is_lost(heard: Heard) -> bool:
    state = heard.messages[-1] if heard.messages else None
    return isinstance(state, InstanceState) and not state.synced and bool(state.reason)


def orders_pass(stage: Stage, venue: VenueUnderTest) -> None:
    """Wait until one is accepted: while its book is not whole again, it is denied for that."""

    told: list[str] = []

    def passes() -> bool:
        order = stage.order("BUY", price=far(venue.touch()[0]))
        stage.until(lambda: order.label in ("ACCEPTED", "REJECTED", "DENIED"), "it has an outcome")
        told.append(f"{order.label} {order.code} {order.reason}")
        if order.label != "ACCEPTED":
            return False
        stage.cancel(order)
        return True

    stage.until(passes, "orders pass", lambda: told[-3:], look_s=0.2)


def test_r08_a_venue_in_maintenance_is_said_asked_seldom_and_found_again(
    stage: Stage, venue: VenueUnderTest, listener: Listener
) -> None:
    heard = listener.hear(topics.topic("state", "instance", venue.instance))
    stage.until(lambda: is_synced(heard), "it is SYNCED")
    resting = stage.becomes(stage.order("BUY", price=far(venue.touch()[0])), "ACCEPTED")
    with venue.maintenance():
        closed_s, counts = time.monotonic(), [venue.requests()]
        stage.until(lambda: is_lost(heard), "it is not SYNCED any more, and why", lambda: heard.items[-1:])
        denied = stage.order("BUY", price=far(venue.touch()[0]))
        stage.until(lambda: denied.is_closed, "new risk is denied")
        assert denied.label == "DENIED"
        for until_s in (closed_s + STORM_S, closed_s + 2 * STORM_S):
            stage.until(lambda until_s=until_s: time.monotonic() > until_s, "some seconds pass")
            counts.append(venue.requests())
        first, second = (after - before for before, after in itertools.pairwise(counts))
        assert second < first < MANY, f"{first} requests in {STORM_S:g} s to a venue that is closed, then {second}"
    stage.until(lambda: is_synced(heard), "it is SYNCED again", lambda: heard.items[-1:])
    assert resting.label == "ACCEPTED"
    orders_pass(stage, venue)
    stage.cancel(resting)


def test_e91_a_clock_that_is_off_is_measured_and_orders_pass(
    stage: Stage, venue: VenueUnderTest, listener: Listener
) -> None:
    heard = listener.hear(topics.topic("state", "instance", venue.instance))
    for seconds in (7.0, -7.0):
        with venue.clock_off(seconds):
            orders_pass(stage, venue)  # the first may be refused for its time, and the offset is measured anew
        stage.until(lambda: is_synced(heard), "it is SYNCED")
    orders_pass(stage, venue)


def test_e92_a_private_stream_that_the_venue_ends_is_a_disconnect_with_a_full_recovery(
    stage: Stage, venue: VenueUnderTest, listener: Listener
) -> None:
    heard = listener.hear(topics.topic("state", "instance", venue.instance))
    stage.until(lambda: is_synced(heard), "it is SYNCED")
    resting = stage.becomes(stage.order("BUY", price=far(venue.touch()[0])), "ACCEPTED")
    before = len(heard.messages)
    venue.end_session()
    stage.until(lambda: len(heard.messages) > before and is_synced(heard), "it is SYNCED again")
    stage.until(lambda: any(is_not for is_not in map(_is_unsynced, heard.messages[before:])), "it was said")
    assert resting.label == "ACCEPTED"
    orders_pass(stage, venue)
    stage.cancel(resting)


def _is_unsynced(message: object) -> bool:
    return isinstance(message, InstanceState) and not message.synced
