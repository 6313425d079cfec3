"""Holding an account's balances against what its fills say.

A difference is real only if two complete reads agree on it, with no event of ours between them and nothing in flight.
Before the venue wins, the fills since the last sure one are fetched: what explains the difference is booked as what it
is. What cannot be fetched is booked as a labelled adjustment, which never causes an order by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

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


class _Suspect(msgspec.Struct, frozen=True):
    """A difference that one read has shown."""

    asset: str
    difference: Decimal
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

    @property
    def is_suspicious(self) -> bool:
        """True while a difference waits for its second read."""
        return self._suspect is not None

    async def read(
        self,
        ask: Callable[[], Awaitable[BalancesAnswer]],
        in_flight: Callable[[], bool],
        fetch_fills: Callable[[], Awaitable[None]],
    ) -> None:
        """Read the balances once, and judge them where the account was quiet. Raises AccountMoved."""
        events, busy = self.events, in_flight()
        answer = await ask()
        quiet = events == self.events and not busy and not in_flight()
        self._record([*answer.balances, *(self._zeros(answer) if quiet else ())])
        if self.instance not in self._ledger.expected:
            if events != self.events:
                raise AccountMoved("the account moved while it was read for the first time")
            totals = {balance.asset: balance.total for balance in answer.balances}
            self._record([Baseline(self.instance, totals, answer.ts_asked)])
        elif quiet:
            await self._judge(answer, fetch_fills)

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

    async def _judge(self, answer: BalancesAnswer, fetch_fills: Callable[[], Awaitable[None]]) -> None:
        difference = self._difference(answer)
        suspect, self._suspect = self._suspect, None
        if difference is None:
            return
        asset, want, have = difference
        again = suspect is not None and (suspect.asset, suspect.difference) == (asset, have - want)
        if suspect is not None and again and suspect.events == self.events:
            reads = (suspect.asked_ns, answer.ts_asked)
            self._log.error("adjusted to the venue", asset=asset, expected=want, found=have)
            self._record([Adjustment(self.instance, asset, want, have, reads, self._clock.time_ns())])
            return
        self._log.warning("balance differs; fetching fills, then reading again", asset=asset, expected=want, found=have)
        events = self.events
        await fetch_fills()
        if self.events == events and self._difference(answer) == difference:
            self._suspect = _Suspect(asset, have - want, answer.ts_asked, events)

    def _difference(self, answer: BalancesAnswer) -> tuple[str, Decimal, Decimal] | None:
        """Return the first asset that differs, what it should be and what it is."""
        found = {balance.asset: balance.total for balance in answer.balances}
        expected = self._ledger.expected[self.instance]
        for asset in sorted({*found, *expected}):
            have, want = found.get(asset, ZERO), expected.get(asset, ZERO)
            if have != want:
                return asset, want, have
        return None
