"""Holding an account's balances against what its fills say.

A difference is real only if two complete reads agree on it, with no event of ours between them and nothing in flight.
Before the venue wins, the fills since the last sure one are fetched: what explains the difference is booked as what it
is. What cannot be fetched is booked as a labelled adjustment, which never causes an order by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TypeAlias

import msgspec

from actors.reconciler.ledger import Ledger
from actors.reconciler.records import Adjustment, Baseline
from actors.runtime import Log
from bus.clock import Clock
from bus.messages import Balance, BalancesAnswer, Message, Source

__all__ = ["AccountCheck", "AccountMoved"]

ZERO = Decimal(0)


class AccountMoved(Exception):
    """The account's first read met a change; it has to be read again."""


Differences: TypeAlias = dict[str, tuple[Decimal, Decimal]]
"""By asset: what it should be, and what it is."""


class _Suspect(msgspec.Struct, frozen=True):
    """The differences that one read has shown, which no fetched fill explains."""

    differences: Differences
    asked_ns: int
    events: int


class AccountCheck:
    """One instance's account. `events` counts what the venue told of it, so that a quiet time can be recognised."""

    def __init__(
        self,
        instance: str,
        ledger: Ledger,
        record: Callable[[list[Message]], None],
        clock: Clock,
        log: Log,
    ) -> None:
        self.instance = instance
        self.events = 0
        self._ledger, self._record, self._clock, self._log = ledger, record, clock, log
        self._suspect: _Suspect | None = None
        self._is_doubtful = False

    @property
    def is_suspicious(self) -> bool:
        """True while a difference waits for its second read, or what the stream told for its first."""
        return self._is_doubtful or self._suspect is not None

    def doubt(self, told: Balance) -> None:
        """A balance was dismissed. A stream tells in order: one that is older than what is known comes from a second
        socket, or the venue's clock went back and it is the truth. A read tells which."""
        known = self._ledger.balances.get((self.instance, told.asset))
        if told.source is Source.STREAM and known is not None and told.ts_event < known.ts_event:
            self._is_doubtful |= (told.free, told.locked) != (known.free, known.locked)

    async def read(
        self,
        ask: Callable[[], Awaitable[BalancesAnswer]],
        in_flight: Callable[[], bool],
        fetch_fills: Callable[[], Awaitable[None]],
    ) -> None:
        """Read the balances once, and judge them where the account was quiet. Raises AccountMoved."""
        events, busy, fills, suspect = self.events, in_flight(), self._fills(), self._suspect
        answer = await ask()
        quiet = events == self.events and not busy and not in_flight()
        self._is_doubtful &= not quiet
        self._record([*map(self._newest, answer.balances), *self._zeros(answer)] if quiet else list(answer.balances))
        if self.instance not in self._ledger.expected:
            # a fill that the answer counts already would count again when it is told: have it told now
            await fetch_fills()
            if fills != self._fills():
                raise AccountMoved("the account moved while it was read for the first time")
            totals = {balance.asset: balance.total for balance in answer.balances}
            self._record([Baseline(self.instance, totals, answer.ts_asked)])
        elif quiet:
            await self._judge(answer, fetch_fills, suspect)
        else:
            self._suspect = None

    def _fills(self) -> int:
        return sum(position.fills for position in self._ledger.positions_of(instance=self.instance))

    def _newest(self, told: Balance) -> Balance:
        """What a quiet account is told to hold is newer than what was told before, whatever the venue's clock says."""
        known = self._ledger.balances.get((self.instance, told.asset))
        if known is None or known.ts_event <= told.ts_event:
            return told
        return msgspec.structs.replace(told, ts_event=known.ts_event)

    def _zeros(self, answer: BalancesAnswer) -> list[Balance]:
        """What a complete answer lacks is nothing: say so of the assets that we hold for something."""
        told = {balance.asset for balance in answer.balances}
        return [
            msgspec.structs.replace(
                known, free=ZERO, locked=ZERO, borrowed=ZERO, source=Source.QUERY, ts_init=self._clock.time_ns()
            )
            for (instance, asset), known in self._ledger.balances.items()
            if instance == self.instance and asset not in told and (known.free or known.locked or known.borrowed)
        ]

    async def _judge(
        self, answer: BalancesAnswer, fetch_fills: Callable[[], Awaitable[None]], suspect: _Suspect | None
    ) -> None:
        """Compare a quiet read. `suspect` is what stood when it was begun: a read never confirms one made meanwhile."""
        events, differences = self.events, self._differences(answer)
        self._suspect = None
        if not differences:
            return
        self._log.warning("balances differ; fetching fills", instance=self.instance, balances=_told(differences))
        await fetch_fills()
        if self.events != events or self._differences(answer) != differences:
            return  # the account moved, or a fill explains it: the next read judges what is left
        if suspect is None or suspect.events != events:
            self._suspect = _Suspect(differences, answer.ts_asked, events)
            return
        agreed = {asset: told for asset, told in differences.items() if suspect.differences.get(asset) == told}
        if agreed:
            self._log.error("adjusted to the venue", instance=self.instance, balances=_told(agreed))
            reads, now = (suspect.asked_ns, answer.ts_asked), self._clock.time_ns()
            self._record([Adjustment(self.instance, asset, *told, reads, now) for asset, told in agreed.items()])
        if len(agreed) < len(differences):
            self._suspect = _Suspect(differences, answer.ts_asked, events)

    def _differences(self, answer: BalancesAnswer) -> Differences:
        found = {balance.asset: balance.total for balance in answer.balances}
        expected = self._ledger.expected[self.instance]
        both = {asset: (expected.get(asset, ZERO), found.get(asset, ZERO)) for asset in sorted({*found, *expected})}
        return {asset: (want, have) for asset, (want, have) in both.items() if want != have}


def _told(differences: Differences) -> str:
    return ", ".join(f"{asset}: {want} expected, {have} found" for asset, (want, have) in differences.items())
