"""By what a key may do the actor trades, waits or ends: by the venue's own word, at its start."""

from __future__ import annotations

import json
from typing import Any

import pytest
from binance_floor import Floor, TwinProcess, wait_for
from binance_trader import NAME, Trader, received

from actors.runtime import ActorExit, ExitCode
from bus.messages import Code, OrderEventKind, PrivateStream
from venues.binance.execution import Execution
from venues.execution import venue as contract
from venues.execution.keys import KeyRights, key_problem

Kind = OrderEventKind
RESTRICTIONS = "GET /sapi/v1/account/apiRestrictions"


@pytest.fixture
def venue(still: TwinProcess) -> TwinProcess:
    return still


def use_key(venue: TwinProcess, **options: Any) -> None:
    """Let the twin announce another key of its account."""
    key = venue.admin.post("keys", **options)
    greeting = {**venue.greeting, "api_key": key["api_key"], "api_secret": key["api_secret"]}
    venue.announcement.write_text(json.dumps(greeting) + "\n")


def ended(floor: Floor, venue: TwinProcess, **settings: Any) -> ActorExit:
    actor = floor.start(Execution, NAME, "execution", {**venue.settings, **settings})
    wait_for(lambda: actor.failure is not None, "the actor ends")
    floor.expected_failure = actor.failure
    assert isinstance(actor.failure, ActorExit)
    return actor.failure


def started(floor: Floor, venue: TwinProcess, **settings: Any) -> Execution:
    actor: Execution = floor.start(Execution, NAME, "execution", {**venue.settings, **settings})
    wait_for(lambda: floor.events and isinstance(floor.events[0], PrivateStream), "the private stream is up")
    return actor


def test_a_key_that_may_withdraw_ends_the_actor_for_good_and_the_message_says_what_to_do(
    floor: Floor, venue: TwinProcess
) -> None:
    use_key(venue, may_withdraw=True)
    failure = ended(floor, venue)
    assert failure.code is ExitCode.CONFIGURATION
    for word in ("BINANCE", "withdraw", "allow_withdrawal_key"):
        assert word in failure.reason
    assert floor.events == []
    wait_for(lambda: floor.supervisor.board.alerts, "a person is told")
    (alert,) = floor.supervisor.board.alerts
    assert (alert.code, alert.text) == ("KEY_REFUSED", failure.reason)


def test_an_instance_that_allows_it_trades_by_such_a_key(floor: Floor, venue: TwinProcess) -> None:
    use_key(venue, may_withdraw=True)
    started(floor, venue, allow_withdrawal_key=True)
    assert Trader(floor).submit()[1].ok


def test_a_key_that_may_not_trade_ends_the_actor_with_one_clear_reason(floor: Floor, venue: TwinProcess) -> None:
    use_key(venue, permissions=["USER_DATA", "USER_STREAM"])
    failure = ended(floor, venue)
    assert failure.code is ExitCode.CONFIGURATION
    assert "may not trade" in failure.reason


@pytest.mark.parametrize("kind", ["ED25519", "RSA"])
def test_a_key_of_each_type_trades_and_one_that_can_logs_on(floor: Floor, venue: TwinProcess, kind: str) -> None:
    use_key(venue, type=kind)
    started(floor, venue)
    trader = Trader(floor)
    order, reply = trader.submit()
    assert reply.ok
    trader.wait(order, Kind.ACCEPTED)
    (placed,) = received(venue, "order.place")
    logs_on = kind == "ED25519"
    assert bool(received(venue, "session.logon")) is logs_on
    assert ("apiKey" in placed["params"]) is not logs_on
    subscriptions = (received(venue, "userDataStream.subscribe"), received(venue, "userDataStream.subscribe.signature"))
    assert [len(each) for each in subscriptions] == ([1, 0] if logs_on else [0, 1])


def test_while_the_venue_does_not_say_what_the_key_may_do_cancels_go_and_new_orders_wait(
    floor: Floor, venue: TwinProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "KEY_AGAIN_S", 0.1)
    fault = venue.admin.fault("http_error", method=RESTRICTIONS, code=-1000, count=1000)
    actor = started(floor, venue)
    trader = Trader(floor)
    order, refused = trader.submit()
    assert (refused.code, refused.definite) == (Code.NOT_READY, True)
    assert "allow_withdrawal_key" in refused.reason
    assert trader.cancel(order).ok
    trader.wait(order, Kind.CANCEL_REJECTED)
    assert actor.state == "READY"
    venue.admin.end(fault)
    wait_for(lambda: not actor.why_not_new, "the venue says what the key may do")
    assert trader.submit()[1].ok


def test_an_instance_that_allows_any_key_does_not_wait_for_the_venues_word(floor: Floor, venue: TwinProcess) -> None:
    venue.admin.fault("http_error", method=RESTRICTIONS, code=-1000, count=1000)
    started(floor, venue, allow_withdrawal_key=True)
    assert Trader(floor).submit()[1].ok


def test_a_key_that_is_revoked_ends_the_actor(floor: Floor, venue: TwinProcess) -> None:
    actor = started(floor, venue)
    venue.admin.post("revoke", api_key=venue.greeting["api_key"])
    Trader(floor).submit()
    wait_for(lambda: actor.failure is not None, "the actor ends")
    floor.expected_failure = actor.failure
    assert isinstance(actor.failure, ActorExit)
    assert actor.failure.code is ExitCode.CONFIGURATION


@pytest.mark.parametrize(
    ("rights", "allowed", "word"),
    [
        (KeyRights(True, True, False), False, ""),
        (KeyRights(True, True, None), False, ""),
        (KeyRights(True, True, True), False, "withdraw"),
        (KeyRights(True, True, True), True, ""),
        (KeyRights(True, False, False), True, "trade"),
        (KeyRights(False, True, False), True, "read"),
    ],
)
def test_what_a_key_may_do_is_judged_by_its_rights_alone(rights: KeyRights, allowed: bool, word: str) -> None:
    problem = key_problem(rights, "BINANCE", allowed)
    assert bool(problem) is bool(word)
    assert word in problem
