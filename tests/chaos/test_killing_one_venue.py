"""kill -9 of everything that belongs to one venue, while another trades on undisturbed."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from floors import Floor, actor, configuration, kill, open_orders, restarted, synced, until

from actors.monitor.visitor import Visitor
from bus import topics
from bus.codec import Header, decode
from bus.messages import Intent, Message, OrderEvent, OrderEventKind, Quote

ROUNDS = 5
TRIES = 12
"""Of a round, until a kill hit while one order rested and one was in flight."""
VICTIMS = ("market_data.HURT", "execution.HURT", "book.HURT", "maker_hurt")
IN_FLIGHT = (OrderEventKind.ACCEPTED, OrderEventKind.REJECTED)


class Observer:
    """Counts what a venue's readers saw."""

    def __init__(self) -> None:
        self.quotes = 0
        self.stale: list[str] = []
        self.epochs: set[int] = set()
        self.largest_gap_s = 0.0
        self._last = 0.0

    def on_quote(self, message: Message, header: Header, topic: str) -> None:
        if isinstance(message, Quote):
            now = time.monotonic()
            if self._last:
                self.largest_gap_s = max(self.largest_gap_s, now - self._last)
            self._last = now
            self.quotes += 1
            self.epochs.add(header.epoch)

    def on_stale(self, topic: str, reason: str) -> None:
        self.stale.append(reason)


def watch(visitor: Visitor, instance: str) -> Observer:
    observer = Observer()
    topic = topics.market(instance, "quote", "BTCUSDT.BINANCE")
    visitor.member.subscribe(topic, observer.on_quote, observer.on_stale)
    return observer


def journal(state: Path, kind: str, instance: str) -> list[tuple[int, Any]]:
    """Return (when written, message) of the journal's rows of one kind."""
    database = sqlite3.connect(f"file:{state / 'events.db'}?mode=ro", uri=True)
    rows = database.execute("SELECT ts_ns, body FROM journal WHERE kind=? AND instance=?", (kind, instance)).fetchall()
    database.close()
    return [(when, decode(body)) for when, body in rows]


def was_in_flight(state: Path, instance: str, killed_ns: int) -> bool:
    """True when an order had been passed by the gate before the kill, and was answered after it or never."""
    answered: dict[str, int] = {}
    for when, event in journal(state, "event", instance):
        if isinstance(event, OrderEvent) and (event.kind in IN_FLIGHT or event.kind is OrderEventKind.REPORT):
            answered.setdefault(event.client_order_id, when)
    for _, intent in journal(state, "intent", instance):
        passed = isinstance(intent, Intent) and not intent.denied and intent.order.ts_gated <= killed_ns
        if passed and answered.get(intent.order.client_order_id, killed_ns + 1) > killed_ns:
            return True
    return False


def filled_while_down(state: Path, instance: str) -> bool:
    """True when the twin filled an order of ours while nobody listened to its account events."""
    listening: set[int] = set()
    subscribed = False
    for line in (state / "twins" / f"{instance}.jsonl").read_text().splitlines():
        if '"kind":"sent"' in line:
            continue
        record = json.loads(line)
        if record["kind"] == "user_subscribe":
            listening.add(record["socket"])
            subscribed = True
        elif record["kind"] == "socket_close":
            listening.discard(record["socket"])
        elif record["kind"] == "fill" and subscribed and not listening:
            return True
    return False


async def kill_while_trading(visitor: Visitor, floor: Floor, victim: str, back_s: list[float]) -> bool:
    """Kill the victim the moment an order is passed while another rests; True when one was in flight indeed.

    How long it took until the victim was READY and the instance SYNCED again is added to `back_s`.
    """
    status = await visitor.status()
    assert status is not None
    pid = actor(status, victim).pid
    restarts = actor(status, victim).restarts
    killed: list[int] = []
    resting: list[str] = []

    async def rests() -> bool:
        resting[:] = [state.order.order_id for state in await open_orders(visitor, "HURT") if state.label == "ACCEPTED"]
        return bool(resting)

    def on_intent(message: Message, header: Header, topic: str) -> None:
        if isinstance(message, Intent) and message.order.instance == "HURT" and not message.denied and not killed:
            killed.append(kill(pid))

    await until(rests, 20, "an order rests on HURT")
    subscription = visitor.member.subscribe(topics.topic("intent", "gate"), on_intent)

    async def hit() -> bool:
        return bool(killed)

    await until(hit, 20, "an order is passed on HURT")
    visitor.member.unsubscribe(subscription)

    await restarted(visitor, victim, restarts)
    await synced(visitor, "HURT")
    back_s.append((time.time_ns() - killed[0]) / 1e9)
    return was_in_flight(floor.state_dir, "HURT", killed[0])


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    running = Floor(configuration(tmp_path, ("HURT", "WELL"), name="chaos"), tmp_path)
    yield running
    running.close()


@pytest.mark.chaos
def test_killing_every_actor_of_one_venue_loses_nothing_and_leaves_the_other_alone(floor: Floor) -> None:
    async def work(visitor: Visitor) -> dict[str, Any]:
        await synced(visitor, "HURT")
        await synced(visitor, "WELL")
        calm = watch(visitor, "WELL")

        async def enough() -> bool:
            return calm.quotes > 200

        await until(enough, 30, "quotes of an undisturbed venue")
        undisturbed_gap_s = calm.largest_gap_s
        before = await visitor.status()
        assert before is not None
        disturbed = watch(visitor, "WELL")
        kills = tries = 0
        back_s: dict[str, list[float]] = {victim: [] for victim in VICTIMS}
        for _ in range(ROUNDS):
            for victim in VICTIMS:
                for _ in range(TRIES):
                    tries += 1
                    if await kill_while_trading(visitor, floor, victim, back_s[victim]):
                        kills += 1
                        break
        while not filled_while_down(floor.state_dir, "HURT"):
            assert tries < ROUNDS * len(VICTIMS) * TRIES, "no order was ever filled while the execution actor was down"
            tries += 1
            await kill_while_trading(visitor, floor, "execution.HURT", back_s["execution.HURT"])
        after = await visitor.status()
        assert after is not None
        seen: dict[str, Any] = {"before": before, "after": after, "calm_s": undisturbed_gap_s, "disturbed": disturbed}
        return {**seen, "kills": kills, "tries": tries, "back_s": back_s}

    seen = floor.visit(work)
    summary = floor.stop()
    disturbed = seen["disturbed"]
    print(
        f"\n{seen['kills']} kills in {seen['tries']} tries; largest gap between ticks of the other venue: "
        f"{disturbed.largest_gap_s * 1000:.0f} ms, undisturbed {seen['calm_s'] * 1000:.0f} ms; {summary}"
    )
    for victim, times in seen["back_s"].items():
        print(f"{victim}: READY and SYNCED again after {median(times):.2f} s (median), {max(times):.2f} s at most")
    assert seen["kills"] == ROUNDS * len(VICTIMS)
    for name in ("market_data.WELL", "execution.WELL", "book.WELL", "maker_well", "twin.WELL", "gate", "reconciler"):
        was, is_now = actor(seen["before"], name), actor(seen["after"], name)
        assert (is_now.pid, is_now.epoch, is_now.restarts) == (was.pid, was.epoch, 0), name
    assert disturbed.stale == []
    assert len(disturbed.epochs) == 1
    assert summary["synced"]
    assert summary["agrees"], summary["problems"]
    assert summary["adjustments"] == 0
    assert summary["gaps_unmarked"] == 0
    assert summary["fills_while_down"] > 0
