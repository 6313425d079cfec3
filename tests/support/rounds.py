"""Rounds of faults: every kind of actor and the supervisor, killed and frozen while orders rest and are in flight.

A round is one floor's life, or that of several floors in the same places, with a seed that decides the order and the
moments of its faults. At its end the checker judges the whole of it.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arena import GUEST, Arena
from floors import is_alive, until
from freezing import freeze

from actors.runtime import ExitCode

__all__ = ["EVERY", "FREEZE", "KILL", "SHORT", "Fault", "Round", "play", "some"]

VICTIMS = ("market_data.ONE", "execution.ONE", "book.ONE", "gate", "reconciler", "maker_one", GUEST, "supervisor")
KILL, PAUSE, FREEZE = "kill -9", "pause", "freeze"
PAUSE_S = 1.0
"""A stop that must disturb nothing: shorter than every limit on silence, the shortest of which is 3 s."""
CALM_S = 1.0
"""At most so long the floor trades on before the next fault; the moment is the seed's choice."""
EXIT_S = 15.0
"""How long a process may take to notice that it was given up."""


@dataclass(frozen=True)
class Fault:
    """One thing done to one victim; `with_other`: another is killed in the same moment."""

    kind: str
    victim: str
    with_other: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.victim}" + (f" and {self.with_other}" if self.with_other else "")


@dataclass
class Round:
    """What a round did and what came of it."""

    seed: int
    done: list[Fault] = field(default_factory=list)
    verdict: dict[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def is_good(self) -> bool:
        """True when everything came back and everybody tells one story."""
        found = self.verdict
        return not self.problem and found.get("agrees") is True and found["gaps_unmarked"] == found["adjustments"] == 0


EVERY = [Fault(kind, victim) for kind in (KILL, PAUSE, FREEZE) for victim in VICTIMS]
"""Each kind of fault on each kind of victim."""
SHORT = [*(Fault(KILL, victim) for victim in VICTIMS), Fault(PAUSE, "execution.ONE"), Fault(FREEZE, "gate")]
"""What the test suite has time for."""


def some(seed: int, count: int = 12) -> list[Fault]:
    """Return faults of a seed's choice, some of them two kills at once."""
    choice = random.Random(seed)
    faults = []
    for _ in range(count):
        fault = choice.choice(EVERY)
        actors = [victim for victim in VICTIMS if victim not in (fault.victim, GUEST, "supervisor")]
        if fault.kind == KILL and fault.victim not in (GUEST, "supervisor") and choice.random() < 0.5:
            fault = Fault(KILL, fault.victim, choice.choice(actors))
        faults.append(fault)
    return faults


def play(seed: int, faults: Sequence[Fault], folder: Path) -> Round:
    """Play one round; what went wrong is in what it returns."""
    played = Round(seed)
    arena = Arena(folder, seed)
    try:
        asyncio.run(_play(arena, played, faults))
        played.verdict = arena.judge()
    except (AssertionError, subprocess.TimeoutExpired, IndexError) as error:  # IndexError: no verdict was said
        played.problem = f"after {[str(fault) for fault in played.done[-2:]]}: {error or type(error).__name__}"
    finally:
        arena.close()
    return played


async def _play(arena: Arena, played: Round, faults: Sequence[Fault]) -> None:
    choice = random.Random(played.seed)
    arena.start_floor()
    await arena.trading()
    arena.start_checker()
    arena.start_guest()
    await arena.trading()
    for fault in choice.sample(faults, len(faults)):
        await asyncio.sleep(choice.random() * CALM_S)
        played.done.append(fault)
        await (_hurt_supervisor if fault.victim == "supervisor" else _hurt)(arena, fault)
        arena.start_guest()
        await arena.trading()


async def _hurt(arena: Arena, fault: Fault) -> None:
    """Hurt an actor and see it come back, or stay."""
    actors = await arena.trading()
    victims = [actors[name] for name in (fault.victim, fault.with_other) if name]
    if fault.kind == PAUSE:
        await _pause(arena, actors, victims[0].pid, [fault.victim])
        return
    for victim in victims:
        _strike(victim.pid, fault.kind)
    if fault.victim != GUEST:
        for victim in victims:
            await arena.replaced(victim.name, victim)
        return
    await arena.left(GUEST)
    assert arena.guest is not None
    if fault.kind == FREEZE:
        arena.guest.send_signal(signal.SIGCONT)
        code = await asyncio.to_thread(arena.guest.wait, EXIT_S)
        assert code == ExitCode.FENCED, f"a thawed guest ended with {code}"
    else:
        arena.guest.wait()


def _strike(pid: int, kind: str) -> None:
    if kind == KILL:
        os.kill(pid, signal.SIGKILL)
    else:
        freeze(pid)


async def _hurt_supervisor(arena: Arena, fault: Fault) -> None:
    """Hurt the supervisor: its children end by their exit policies, and the next start finds all as it was."""
    actors = await arena.trading()
    floor = arena.floor
    assert floor is not None
    if fault.kind == PAUSE:
        await _pause(arena, actors, floor.pid, list(actors))
        return
    pids = [actor.pid for actor in actors.values() if actor.pid != floor.pid]
    _strike(floor.pid, fault.kind)
    await arena.ended(pids)
    if fault.kind == FREEZE:
        floor.send_signal(signal.SIGCONT)

        async def gone() -> bool:
            return floor.poll() is not None

        await until(gone, EXIT_S, "a thawed supervisor goes")
        assert floor.returncode == ExitCode.FENCED, f"a thawed supervisor ended with {floor.returncode}"
    else:
        floor.wait()
    if arena.guest is not None:
        arena.guest.wait()  # reaps it: it is among those that have ended
    arena.start_floor()
    await arena.trading()


async def _pause(arena: Arena, before: dict[str, Any], pid: int, names: list[str]) -> None:
    """Stop a process for a moment; none of `names` may have been replaced by that."""
    freeze(pid)
    await asyncio.sleep(PAUSE_S)
    os.kill(pid, signal.SIGCONT)
    after = await arena.trading()
    for name in names:
        lives = [(each[name].pid, each[name].epoch) for each in (before, after)]
        assert lives[0] == lives[1], f"{name} was replaced after a pause of {PAUSE_S:g} s"
        assert is_alive(after[name].pid), name
