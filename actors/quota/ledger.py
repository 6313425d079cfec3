"""The ledger of one venue host's request weight: sans-I/O, times in nanoseconds of one monotonic clock.

A venue counts an address's weight in windows of its own clock. Of each window's limit a fifth is set aside for
cancels, shared out to the actors that cancel, who may always spend it. Everything else is leased in blocks, and each
purpose has a ceiling: as a window fills, history waits first, then data, then reconciliation, and orders last. What is
committed counts, not what is spent: an actor may spend its lease at any moment without asking.

What the venue tells corrects this: a count above what was spent here is somebody else's at the same address, and is
taken off what there is to lease. An actor that comes back after this ledger was lost tells what it holds, and for
`SETTLE_NS` nobody is leased anything new, for others may hold leases and not have said so yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bus.messages import LeaseWeight, WeightPurpose

__all__ = ["CANCEL_SHARE", "CEILINGS", "Ledger", "cancel_share", "standing_share"]

CANCEL_SHARE = 0.2
"""Of each window's limit, for cancels alone."""
CEILINGS = {
    WeightPurpose.ORDER: 0.8,
    WeightPurpose.RECONCILE: 0.7,
    WeightPurpose.DATA: 0.6,
    WeightPurpose.HISTORY: 0.5,
}
"""Of a window's limit: what may be committed to everything but cancels when this purpose leases. The distance between
two is what the more urgent one still has when the other waits: a tenth is 600 of Spot's 6,000, all the orders that an
account may place in a minute."""
STANDING_SHARE = 0.02
"""Of a window's limit, to each actor that sends orders: 120 of Spot's 6,000, above the 100 orders in ten seconds that
the venue takes, so that a window's first burst need not be asked for."""
STANDING_AT_MOST = 0.2
"""Of a window's limit, to all of those together."""
BLOCK_SHARE = 0.01
"""Of a window's limit: the least that is leased at a time, so that small requests ask once in a while."""
WINDOW_NS = 60_000_000_000
SETTLE_NS = 2_000_000_000
"""Two renewals: by then everybody that lives has said what it holds."""


def cancel_share(limit: int, cancelers: int) -> int:
    """Return what each of the actors that cancel may spend of a window, whoever lives or answers."""
    return int(limit * CANCEL_SHARE) // max(1, cancelers)


def standing_share(limit: int, cancelers: int) -> int:
    """Return what each of the actors that send orders may spend of every window while its lease is good."""
    return int(limit * min(STANDING_SHARE, STANDING_AT_MOST / max(1, cancelers)))


@dataclass(slots=True)
class _Account:
    """One actor's, in the present window; `lost` was leased to its earlier lives, which may have spent all of it."""

    committed: int = 0
    lost: int = 0
    spent: int = 0
    canceled: int = 0
    told: int = 0
    limit: int = 0
    heard_ns: int = 0


@dataclass(slots=True)
class Ledger:
    """`actors` may lease; `cancelers` among them send orders and cancels. `limit` is a window's, until one is told."""

    limit: int
    actors: tuple[str, ...]
    cancelers: tuple[str, ...]
    window_ends_ns: int = 0
    held_until_ns: int = 0
    banned: bool = False
    _accounts: dict[str, _Account] = field(default_factory=dict)
    _settles_ns: int = 0
    _is_fresh: bool = True

    @property
    def cancels(self) -> int:
        """Each canceler's share of a window."""
        return cancel_share(self.limit, len(self.cancelers))

    @property
    def standing(self) -> int:
        """What each canceler may spend for orders in every window."""
        return standing_share(self.limit, len(self.cancelers))

    @property
    def committed(self) -> int:
        """Leased of this window, spent or not; each canceler's standing share is committed whether it lives or not."""
        standing = self.standing
        total = 0
        for name in self.actors:
            account = self._accounts.get(name)
            own, lost = (account.committed, account.lost) if account is not None else (0, 0)
            total += lost + (max(own, standing) if name in self.cancelers else own)
        return total

    @property
    def others(self) -> int:
        """What the venue counts beyond all that was spent here: somebody else's at this address."""
        told = max((account.told for account in self._accounts.values()), default=0)
        spent = sum(account.spent + account.canceled for account in self._accounts.values())
        return max(0, told - spent)

    @property
    def used(self) -> int:
        """What of the window is not to be leased again."""
        return self.committed + self.others

    def roll(self, now_ns: int) -> None:
        """Begin a new window where the last one is over."""
        if self.window_ends_ns == 0:
            self.window_ends_ns = now_ns + WINDOW_NS
        if now_ns >= self.window_ends_ns:
            missed = (now_ns - self.window_ends_ns) // WINDOW_NS
            self.window_ends_ns += (missed + 1) * WINDOW_NS
            for account in self._accounts.values():
                account.committed = account.lost = account.spent = account.canceled = account.told = 0
        if now_ns >= self.held_until_ns:
            self.banned = False

    def report(self, name: str, said: LeaseWeight, now_ns: int) -> None:
        """Take what an actor tells."""
        self.roll(now_ns)
        if now_ns < said.venue_ends_ns <= now_ns + WINDOW_NS:
            self.window_ends_ns = said.venue_ends_ns
        account = self._accounts.setdefault(name, _Account())
        if self._is_fresh:  # whoever holds a lease holds it of an earlier life, and others may too
            self._is_fresh = False
            self._settles_ns = now_ns + SETTLE_NS if said.window_ends_ns else 0
        account.heard_ns = now_ns
        account.limit = said.limit
        if not said.window_ends_ns:  # it was never leased anything: what was leased was to a life that is over
            account.lost += account.committed
            account.committed = 0
        elif said.told:  # by an answer to this life: all that an earlier one spent is in it
            account.lost = 0
        told = [each.limit for each in self._accounts.values() if each.limit]
        self.limit = min(told, default=self.limit)  # some heard it long ago: the least of them is safe
        if not said.window_ends_ns or said.window_ends_ns > now_ns:
            account.committed = max(account.committed, said.spent + said.left)
            account.spent, account.canceled, account.told = said.spent, said.canceled, said.told
        self.hold(said.held_until_ns, said.banned, now_ns)

    def hold(self, until_ns: int, banned: bool, now_ns: int) -> bool:
        """Let nobody send until then; True where that is longer than, or worse than, what was known."""
        if until_ns <= now_ns or (until_ns <= self.held_until_ns and (self.banned or not banned)):
            return False
        self.held_until_ns = max(until_ns, self.held_until_ns)
        self.banned = self.banned or banned
        return True

    def lease(self, name: str, purpose: WeightPurpose, wanted: int, now_ns: int) -> int:
        """Return what is leased beyond what the actor holds: at least `wanted`, or nothing."""
        self.roll(now_ns)
        ceiling = CEILINGS.get(purpose)
        if ceiling is None or wanted <= 0 or now_ns < self.held_until_ns or not self._is_settled(now_ns):
            return 0
        used = self.used
        room = int(self.limit * ceiling) - used
        granted = min(max(wanted, int(self.limit * BLOCK_SHARE)), room)
        if granted < wanted:
            untouched = used <= self.standing * len(self.cancelers)
            if not untouched or used + wanted > self.limit * CEILINGS[WeightPurpose.ORDER]:
                return 0
            granted = wanted  # more than its purpose ever has: a window's first request may go
        account = self._accounts.setdefault(name, _Account())
        if name in self.cancelers:
            account.committed = max(account.committed, self.standing)
        account.committed += granted
        return granted

    def leasing(self, since_ns: int) -> tuple[str, ...]:
        """Return who has reported since then."""
        return tuple(name for name, account in self._accounts.items() if account.heard_ns >= since_ns)

    def _is_settled(self, now_ns: int) -> bool:
        return now_ns >= self._settles_ns or set(self._accounts) >= set(self.actors)
