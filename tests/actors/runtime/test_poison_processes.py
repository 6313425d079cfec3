"""Messages that end real actors under a real supervisor: noted, quarantined the second time, refused from then on."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bus.codec import ReplyStatus
from bus.messages import Code, GetIntents, RestartActor
from bus.requests import Reply

UNANSWERED_S = 0.3
"""How long an answer of an actor is waited for that will not come."""


@pytest.fixture(scope="module")
def floor(module_run_dir: Path, run_floor: Any, make_child: Any) -> Iterator[Any]:
    """One floor for all tests that hurt a child of their own."""
    quick = {"backoff_min_s": 0.02, "backoff_max_s": 0.05, "intensity": 30}

    def child(name: str, actor: str = "Plain", **more: Any) -> Any:
        return make_child(module_run_dir, name, actor, **{**quick, **more})

    children = (
        *map(child, ("aborts", "raises", "varied", "once", "asked", "banned", "slow")),
        child("hangs", heartbeat_timeout_s=1.0),
        child("later", "Later"),
        child("later_dies", "Later"),
        child("teller", "Teller"),
        child("listener", "Listener"),
    )
    with run_floor(module_run_dir, children) as floor:
        yield floor


def end(floor: Any, name: str, order: str, timeout_s: float = UNANSWERED_S) -> Reply:
    """Send an order that ends an actor, and wait until its next life is READY."""
    before = floor.is_in(name, "READY")
    reply: Reply = floor.ask(name, RestartActor(order), timeout_s)
    floor.is_in(name, "READY", lambda actor: actor.restarts > before.restarts)
    return reply


def pages(floor: Any, name: str) -> list[dict[str, Any]]:
    """Return what is quarantined of an actor."""
    folder = floor.run_dir / "state" / "quarantine"
    return [json.loads(path.read_text()) for path in folder.glob(f"{name}.*.json")]


def test_a_request_that_crashes_an_actor_twice_is_quarantined_and_answered_without_being_executed(floor: Any) -> None:
    for _ in range(2):
        assert pages(floor, "aborts") == []
        assert end(floor, "aborts", "abort").status is ReplyStatus.NO_ANSWER
    pid = floor.actor("aborts").pid
    reply = floor.ask("aborts", RestartActor("abort"))
    assert (reply.status, reply.code) == (ReplyStatus.FAILED, Code.POISON)
    assert floor.ask("aborts", GetIntents(1)).ok
    assert floor.actor("aborts").pid == pid
    (told,) = pages(floor, "aborts")
    assert told["message"] == {"message": "RestartActor", "name": "abort"}
    assert (told["ended"], told["header"]["caller"]) == ("killed by SIGABRT", "operator:test")
    assert floor.alerts("aborts") == ["POISON"]


def test_a_request_whose_handler_raises_twice_is_poison_whatever_was_refused_on_the_way_out(floor: Any) -> None:
    floor.is_in("raises", "READY")
    for _ in range(2):
        restarts = floor.actor("raises").restarts
        first, *others = floor.ask_all("raises", (RestartActor("raise"), *map(GetIntents, range(20))), 1.0)
        assert first.code is Code.HANDLER_FAILED
        assert Code.SHUTTING_DOWN in {reply.code for reply in others}
        floor.is_in("raises", "READY", lambda actor, restarts=restarts: actor.restarts > restarts)
    assert floor.ask("raises", RestartActor("raise")).code is Code.POISON


def test_different_messages_are_retried_and_none_is_quarantined(floor: Any) -> None:
    for order in ("die 71", "die 72", "die 71", "die 72"):
        end(floor, "varied", order)
    assert pages(floor, "varied") == []
    assert floor.alerts("varied") == []


def test_a_message_that_ended_an_actor_once_is_executed_again(floor: Any) -> None:
    end(floor, "once", "die 73")
    before = floor.is_in("once", "READY")
    os.kill(before.pid, signal.SIGKILL)  # with nothing in hand
    floor.is_in("once", "READY", lambda actor: actor.restarts > before.restarts)
    end(floor, "once", "die 73")
    assert pages(floor, "once") == []


def test_an_operators_restart_lets_a_quarantined_message_be_tried_again(floor: Any) -> None:
    for _ in range(2):
        end(floor, "asked", "die 74")
    assert floor.ask("asked", RestartActor("die 74")).code is Code.POISON
    restarts = floor.actor("asked").restarts
    assert floor.ask("supervisor", RestartActor("asked")).ok
    floor.is_in("asked", "READY", lambda actor: actor.restarts > restarts)
    assert end(floor, "asked", "die 74").status is ReplyStatus.NO_ANSWER


def test_a_message_whose_handler_hangs_twice_until_it_is_killed_is_poison(floor: Any) -> None:
    for _ in range(2):
        end(floor, "hangs", "sleep")
    assert floor.ask("hangs", RestartActor("sleep")).code is Code.POISON
    assert [told["ended"] for told in pages(floor, "hangs")] == ["killed by SIGKILL"]


@pytest.mark.parametrize(("name", "order"), [("later", "raise"), ("later_dies", "die 75")])
def test_an_async_handler_is_noted_again_at_the_step_that_fails(floor: Any, name: str, order: str) -> None:
    for _ in range(2):
        before = floor.is_in(name, "READY")
        floor.ask_all(name, (RestartActor(order), GetIntents(1)), UNANSWERED_S)
        floor.is_in(name, "READY", lambda actor, before=before: actor.restarts > before.restarts)
    assert floor.ask(name, RestartActor(order)).code is Code.POISON
    assert pages(floor, name)[0]["message"] == {"message": "RestartActor", "name": order}


def test_a_stream_message_that_ends_its_reader_twice_leaves_the_topic_stale_until_the_next_state(floor: Any) -> None:
    floor.is_in("teller", "READY")
    floor.ask("teller", RestartActor("harmless"))
    before = floor.is_in("listener", "READY", lambda actor: "heard harmless" in actor.counters)
    floor.ask("teller", RestartActor("deadly"))
    shunning = floor.is_in("listener", "READY", lambda actor: actor.counters.get("stale", 0) > 2)
    assert shunning.restarts == before.restarts + 2
    assert "heard " in shunning.counters
    (told,) = pages(floor, "listener")
    assert (told["topic"], told["message"]["reason"]) == ("state/instance/X/", "deadly")
    floor.ask("teller", RestartActor("harmless again"))
    well = floor.is_in("listener", "READY", lambda actor: "heard harmless again" in actor.counters)
    assert well.restarts == shunning.restarts
    assert floor.alerts("listener") == ["POISON"]


def test_a_banned_actor_is_started_again_when_the_ban_ends(floor: Any) -> None:
    floor.is_in("banned", "READY")
    began = time.monotonic()
    floor.ask("banned", RestartActor("end 11 2500"))
    waiting = floor.is_in("banned", "BACKING_OFF")
    assert "the venue has banned this address; trying again in 2 s" in waiting.reason
    floor.is_in("banned", "READY", lambda actor: actor.restarts == 1)
    assert 2.4 <= time.monotonic() - began < 10.0
    assert floor.alerts("banned") == ["ACTOR_WAITS"]


def test_an_actor_that_was_too_slow_is_restarted_with_back_off(floor: Any) -> None:
    floor.is_in("slow", "READY")
    floor.ask("slow", RestartActor("end 13"))
    floor.is_in("slow", "READY", lambda actor: actor.restarts == 1)
    (line,) = [line for line in floor.log.read_text().splitlines() if "actor=slow how=" in line]
    assert "could not keep up with its input" in line
    assert pages(floor, "slow") == []
