"""One venue is flooded, frozen, mute, killed again and again: orders on another one go on as fast as before (P5).

Two Binance Spot instances on two twins of one floor. A strategy places and cancels orders on WELL, in windows before,
during and after each trouble of HURT. What is asserted is what isolation means, with room for two busy cores: the
median stays within `RATIO` of the calm windows of the same run, no order takes `WORST_S`, nothing of WELL is marked,
denied or restarted, and HURT is told to be in trouble and comes back by itself. The ratios are printed.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from statistics import median

import pytest
from conformance.listener import Heard, Listener
from floors import Floor, actor, kill, synced
from freezing import freeze
from twin_admin import Admin

from actors.monitor.visitor import Visitor
from bus import topics
from bus.messages import Status
from tradefloor import TradingConnection, connect

TRIPS = 40
"""Orders of a window."""
RATIO = 2.5
SLACK_S = 0.005
WORST_S = 1.0
"""A floor that waited for the other venue would wait for seconds."""
FLOOD_RATE = 1000
"""Quotes and trades a second of HURT, at least half of it."""
READER = """
import sys
from bus.messages import GetInstruments
from tradefloor import connect
floor = connect(sys.argv[1], name="flood")
names = [each.id for each in floor.request("market_data.HURT", GetInstruments("HURT")).instruments]
for name in names:
    for kind in ("quote", "trade", "book"):
        floor.watch(kind, name, lambda message: None, 10 if kind == "book" else 0)
sys.stdin.read(1)
"""
KILL_EVERY = 8
"""Orders between two kills."""
WELL = ("BTCUSDT.WELL", "WELL")
CONFIG = """
[floor]
name = "two"
[venues.HURT]
adapter = "binance"
account_type = "spot"
environment = "twin"
venue_id = "HURT"
snapshot_levels = 100
[venues.HURT.twin]
seed = 1
rate = 150
symbols = 30
levels = 50
[venues.WELL]
adapter = "binance"
account_type = "spot"
environment = "twin"
venue_id = "WELL"
[venues.WELL.twin]
seed = 2
"""


class Scene:
    """The floor, the strategy on WELL, and what is heard of WELL."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        for instance in ("HURT", "WELL"):
            floor.visit(lambda visitor, instance=instance: synced(visitor, instance))
        self.admin("WELL").rules(orders=100_000, orders_a_day=1_000_000)
        self.hand = connect(floor.run_dir, name="hand", trade=True)
        assert isinstance(self.hand, TradingConnection)
        self.price = round(self.hand.quote(WELL[0]).bid * 0.97, 0)
        self.listener = Listener(floor.run_dir, "listener")
        self.heard = [self.listener.hear(topics.market("WELL", kind, WELL[0])) for kind in ("quote", "book")]
        self.trips(TRIPS)

    def admin(self, instance: str) -> Admin:
        """The admin of a twin."""
        greeting = Path(self.floor.run_dir, f"twin.{instance}.json").read_bytes().splitlines()[0]
        return Admin(json.loads(greeting)["admin"])

    def status(self) -> Status:
        status = self.floor.visit(lambda visitor: visitor.status())
        assert isinstance(status, Status)
        return status

    def pids(self, *names: str) -> list[int]:
        status = self.status()
        return [actor(status, name).pid for name in names]

    def ticks(self) -> int:
        """Quotes and trades of HURT so far."""
        return actor(self.status(), "market_data.HURT").counters["ticks"]

    def trips(self, count: int, each: Callable[[int], object] = lambda number: None) -> list[float]:
        """Place and cancel orders on WELL; return the seconds until each was accepted."""
        hand = self.hand
        assert isinstance(hand, TradingConnection)

        async def trip() -> float:
            began = time.perf_counter()
            order = await hand._desk.buy(WELL[0], "0.001", price=self.price).accepted()
            taken_s = time.perf_counter() - began
            assert order.label == "ACCEPTED", f"{order!r} {order.code} {order.reason}"
            order.cancel()
            await order.closed()
            return taken_s

        times = []
        for number in range(count):
            each(number)
            times.append(hand._within(trip(), 10.0))
        return times

    def close(self) -> None:
        self.listener.close()
        self.hand.close()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("two")
    (folder / "floor.toml").write_text(CONFIG)
    floor = Floor(folder / "floor.toml", folder)
    try:
        scene = Scene(floor)
        yield scene
        scene.close()
        summary = floor.stop()
        assert summary["agrees"], summary["problems"]
        assert summary["gaps_unmarked"] == 0
    finally:
        floor.close()


@contextmanager
def flooded(scene: Scene) -> Iterator[Callable[[int], object]]:
    """Everything that HURT says is read by somebody, on a core that it shares with nobody but its own."""
    ours = scene.pids("market_data.HURT", "execution.HURT", "book.HURT", "twin.HURT")
    reader = subprocess.Popen([sys.executable, "-c", READER, scene.floor.run_dir], stdin=subprocess.PIPE)
    for pid in (*ours, reader.pid):
        os.sched_setaffinity(pid, {0})
    try:
        began_ticks = scene.ticks()
        while scene.ticks() < began_ticks + FLOOD_RATE:
            time.sleep(0.05)
        began, began_ticks = time.monotonic(), scene.ticks()
        yield lambda number: time.sleep(0.05)
        rate = (scene.ticks() - began_ticks) / (time.monotonic() - began)
        print(f"\nthe flood: {rate:,.0f} quotes and trades a second")
        assert rate > FLOOD_RATE / 2
    finally:
        reader.communicate(b"\n", timeout=20)


@contextmanager
def frozen(scene: Scene, *names: str) -> Iterator[Callable[[int], object]]:
    """SIGSTOP, until the supervisor kills and replaces them, or the window is over."""
    pids = scene.pids(*names)
    for pid in pids:
        freeze(pid)
    try:
        yield lambda number: time.sleep(0.05)  # the window outlasts the limit on silence
    finally:
        for pid in pids:
            with contextmanager(_quiet)():
                os.kill(pid, 18)


def _quiet() -> Iterator[None]:
    try:
        yield
    except ProcessLookupError:
        pass


@contextmanager
def killed(scene: Scene, *names: str) -> Iterator[Callable[[int], object]]:
    """kill -9, again and again."""
    turn = itertools.cycle(names)

    def strike(number: int) -> None:
        if number % KILL_EVERY == 0:
            (pid,) = scene.pids(next(turn))
            if pid:
                with contextmanager(_quiet)():
                    kill(pid)
        time.sleep(0.05)

    yield strike


@contextmanager
def faulty(scene: Scene) -> Iterator[Callable[[int], object]]:
    """HURT's venue is closed: it answers 503 to everything, and its sockets end."""
    admin = scene.admin("HURT")
    number = admin.fault("maintenance")
    try:
        yield lambda number: None
    finally:
        admin.end(number)


TROUBLES: dict[str, Callable[[Scene], AbstractContextManager[Callable[[int], object]]]] = {
    "flooded": flooded,
    "market data frozen": lambda scene: frozen(scene, "market_data.HURT"),
    "execution frozen": lambda scene: frozen(scene, "execution.HURT"),
    "its twin frozen": lambda scene: frozen(scene, "twin.HURT"),
    "killed again and again": lambda scene: killed(scene, "execution.HURT", "market_data.HURT", "book.HURT"),
    "closed for maintenance": faulty,
}


@pytest.mark.chaos
@pytest.mark.parametrize("trouble", TROUBLES)
def test_orders_on_one_venue_go_on_as_before_while_another_is_in_trouble(scene: Scene, trouble: str) -> None:
    before = scene.status()
    marks = [len(heard.marks) for heard in scene.heard]
    calm = scene.trips(TRIPS)
    with TROUBLES[trouble](scene) as each:
        hurt = scene.trips(TRIPS, each)
    scene.floor.visit(lambda visitor: is_well(visitor))
    calm += scene.trips(TRIPS)
    print(
        f"\n{trouble}: median {median(hurt) * 1000:.1f} ms, calm {median(calm) * 1000:.1f} ms "
        f"({median(hurt) / median(calm):.2f}); worst {max(hurt) * 1000:.0f} ms, calm {max(calm) * 1000:.0f} ms"
    )
    assert median(hurt) < RATIO * median(calm) + SLACK_S
    assert max(hurt) < WORST_S
    assert [heard.marks[known:] for heard, known in zip(scene.heard, marks, strict=True)] == [[], []]
    assert all(map(_is_fresh, scene.heard))
    after = scene.status()
    for name in ("market_data.WELL", "execution.WELL", "book.WELL", "twin.WELL", "gate", "reconciler"):
        was, is_now = actor(before, name), actor(after, name)
        assert (is_now.pid, is_now.restarts) == (was.pid, was.restarts), name


def _is_fresh(heard: Heard) -> bool:
    return heard.is_fresh


async def is_well(visitor: Visitor) -> None:
    """HURT comes back by itself."""
    await synced(visitor, "HURT", 60.0)
