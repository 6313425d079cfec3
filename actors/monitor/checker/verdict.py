"""All that is known, in one document."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from actors.monitor.checker import accounts, journal, twin_log, views
from actors.monitor.checker.spans import QUOTE, TRADE, violations
from actors.monitor.checker.twin_log import TwinTruth
from actors.monitor.checker.watch import Feed, Watch, Watched

__all__ = ["Places", "Verdict", "judge"]

PROBLEMS_LIMIT = 20
"""Sentences in a verdict: what went wrong first says most, and the counts beside them say how much there is."""
MS = 1_000_000


@dataclass(frozen=True)
class Places:
    """Where the checker reads, and what it watches."""

    run_dir: str
    twins: dict[str, Path]
    events: Path
    views: Path
    watched: tuple[Watched, ...]


class Verdict(msgspec.Struct, frozen=True):
    """The document. `problem_count` also counts those beyond the ones that `problems` shows."""

    gaps_marked: int
    gaps_unmarked: int
    agrees: bool
    adjustments: int
    fills_while_down: int
    fills: int
    orders: int
    ticks: int
    trades: int
    max_tick_gap_ms: dict[str, float]
    unseen_at_exit: int
    problem_count: int
    problems: list[str]

    @property
    def is_good(self) -> bool:
        """True when everybody tells one story."""
        return self.agrees and self.gaps_unmarked == 0


def judge(places: Places, watch: Watch) -> Verdict:
    """Read everything that was written down, and hold it and what was watched against what the venues did."""
    twin_log.wait_until_stable(list(places.twins.values()))
    twins = {
        instance: twin_log.read(path, {_symbol(each) for each in places.watched if each.instance == instance})
        for instance, path in places.twins.items()
    }
    booked = journal.read(places.events)
    differences = [*booked.problems]
    for instance, twin in twins.items():
        differences += [f"{instance}: {text}" for text in twin.problems]
        differences += accounts.compare(instance, twin, booked)
    found, unseen = views.compare(places.views, booked, watch.left_ns)
    differences += found
    lies = _lies(watch, twins)
    shown = differences[: max(PROBLEMS_LIMIT // 2, PROBLEMS_LIMIT - len(lies))]
    shown += lies[: PROBLEMS_LIMIT - len(shown)]
    faults = sum(feed.fault_count - len(feed.faults) for feed in watch.feeds)
    return Verdict(
        gaps_marked=sum(feed.marks for feed in watch.feeds),
        gaps_unmarked=len(lies) + faults,
        agrees=not differences,
        adjustments=booked.adjustments,
        fills_while_down=sum(twin.fills_while_down for twin in twins.values()),
        fills=sum(len(twin.fills) for twin in twins.values()),
        orders=booked.intents,
        ticks=sum(feed.messages for feed in watch.feeds),
        trades=sum(feed.messages for feed in watch.feeds if feed.kind == TRADE),
        max_tick_gap_ms=_tick_gaps(watch.feeds),
        unseen_at_exit=unseen,
        problem_count=len(differences) + len(lies) + faults,
        problems=shown,
    )


def _lies(watch: Watch, twins: dict[str, TwinTruth]) -> list[str]:
    """Whatever a reader was given, or not given, other than the venue sent it, without a mark."""
    lies: list[str] = []
    for feed in watch.feeds:
        segments = twins[feed.watched.instance].segments(feed.kind, _symbol(feed.watched))
        texts = [*feed.faults]
        for span in feed.spans:
            texts += violations(span, segments)
        lies += [f"{feed.topic}: {text}" for text in texts]
    return lies


def _tick_gaps(feeds: list[Feed]) -> dict[str, float]:
    gaps: dict[str, float] = {}
    for feed in feeds:
        if feed.kind == QUOTE:
            instance = feed.watched.instance
            gaps[instance] = max(gaps.get(instance, 0.0), round(feed.max_gap_ns / MS, 3))
    return gaps


def _symbol(watched: Watched) -> str:
    return watched.instrument.rpartition(".")[0]
