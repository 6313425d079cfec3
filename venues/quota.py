"""A venue actor's side of its host's rate limit: what it may spend without asking, and how it asks for more.

The order path never waits and never hops: `try_take` looks at what this process holds. Everything else awaits `take`.
What is held comes from the quota actor of the host, is renewed every second, and is good for a window of the venue's.
Whoever has heard nothing from the quota actor for as long as its lease keeps its cancel share and nothing else, until
it answers again. A wait that the venue told is told on by `on_limit`, and reaches all others by ``state/quota/``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from actors.quota.actor import RENEW_S
from actors.quota.ledger import WINDOW_NS
from actors.runtime import Actor
from bus import topics
from bus.codec import Header
from bus.messages import LeaseWeight, Message, QuotaState, WeightLease, WeightPurpose
from venues.quota_settings import QuotaSettings

__all__ = ["HeldUntil", "Quota", "QuotaSettings", "Usage"]

ANSWER_S = 1.0
"""How long the quota actor's answer is waited for; the next renewal asks again."""
MARGIN_NS = 50_000_000
"""After a window's end, so that what leaves then arrives in the next one by the venue's clock."""
_MS = 1_000_000
_S = 1_000_000_000


Usage: TypeAlias = Callable[[], tuple[int, int, float]]
"""Returns what a venue's client knows: (used of the present window by the venue's word, its limit, seconds until the
window ends), each 0 where it does not."""
HeldUntil: TypeAlias = Callable[[float, bool], None]
"""Told for how many seconds nothing may be sent, and whether that is a ban."""


class Quota:
    """What one actor may spend. `usage` is what its client knows, `hold` stops that client."""

    def __init__(self, owner: Actor, settings: QuotaSettings, usage: Usage, hold: HeldUntil) -> None:
        self.name = settings.actor
        self.counts = {"weight_spent": 0, "weight_refused": 0, "weight_waits": 0, "lease_lapses": 0}
        self._owner, self._usage, self._hold = owner, usage, hold
        self._now_ns = owner.clock.boottime_ns
        self._cancels = self._cancels_left = settings.cancels
        self._standing = 0
        self._stock: dict[WeightPurpose, int] = {}
        self._spent = self._canceled = 0
        self._ends_ns = self._expires_ns = 0
        self._held_until_ns = 0
        self._banned = self._asking = False
        self._lapsed = True
        self._news: asyncio.Future[None] = owner.loop.create_future()
        self._turn = {purpose: asyncio.Lock() for purpose in WeightPurpose}

    def begin(self) -> None:
        """Lease for the first time, and go on doing so. The actor is on the floor."""
        owner = self._owner
        owner.member.subscribe(topics.topic("state", "quota", self.name), self._on_state)
        owner.every(RENEW_S, self._renew)
        self._renew()

    async def joined(self, limit_s: float) -> bool:
        """Wait for the first lease: before it nobody knows whether the host has banned us. False after `limit_s`."""
        deadline = self._owner.loop.time() + limit_s
        while self._expires_ns == 0 and self._owner.loop.time() < deadline:
            if not self._asking:
                self._renew()
            await self._wait_for_news(min(0.05, limit_s))
        return self._expires_ns != 0

    # spending

    def try_take(self, purpose: WeightPurpose, weight: int) -> bool:
        """Spend now or not at all: no hop, no wait. Half a microsecond. `why_not` says why not."""
        now = self._now_ns()
        if now >= self._ends_ns:
            self._roll(now)
        if now < self._held_until_ns and (self._banned or purpose is not WeightPurpose.CANCEL):
            self.counts["weight_refused"] += 1
            return False
        if purpose is WeightPurpose.CANCEL and self._cancels_left >= weight:
            self._cancels_left -= weight
            self._canceled += weight
            return True
        kept = WeightPurpose.ORDER if purpose is WeightPurpose.CANCEL else purpose
        stock = self._stock.get(kept, 0)
        if stock < weight or now >= self._expires_ns:
            self.counts["weight_refused"] += 1
            self._ask(kept, weight)
            return False
        self._stock[kept] = stock - weight
        self._spent += weight
        if kept is WeightPurpose.ORDER and 2 * (stock - weight) < self._standing:
            self._ask(kept, self._standing - stock + weight)
        return True

    def why_not(self, purpose: WeightPurpose) -> str:
        """Say why `try_take` refused."""
        now = self._now_ns()
        if now < self._held_until_ns:
            what = "banned this address" if self._banned else "told to wait"
            return f"the venue has {what}, for {(self._held_until_ns - now) / _S:.1f} s more"
        if now >= self._expires_ns:
            since = f"for {(now - self._expires_ns) / _S:.1f} s" if self._expires_ns else "yet"
            return f"no lease of {self.name} {since}; only cancels go, and of those a share"
        left_s = max(0, self._ends_ns - now) / _S
        return f"this host's request weight is spent for {purpose.lower()}s, for {left_s:.1f} s more"

    def refund(self, purpose: WeightPurpose, weight: int) -> None:
        """Take back what the venue did not count after all (a command that it took, one that was never sent)."""
        if purpose is WeightPurpose.CANCEL and self._canceled >= weight:
            self._canceled -= weight
            self._cancels_left += weight
        elif purpose is WeightPurpose.ORDER and self._spent >= weight:
            self._spent -= weight
            self._stock[purpose] = self._stock.get(purpose, 0) + weight

    async def take(self, purpose: WeightPurpose, weight: int, patience_s: float | None = None) -> bool:
        """Spend once there is so much for this purpose, first come first served; False after `patience_s`."""
        deadline = None if patience_s is None else self._owner.loop.time() + patience_s
        try:
            async with asyncio.timeout_at(deadline), self._turn[purpose]:
                while True:
                    now = self._now_ns()
                    if now >= self._ends_ns:
                        self._roll(now)
                    if now < self._held_until_ns:
                        await self._wait_for_news(min(RENEW_S, (self._held_until_ns - now) / _S))
                        continue
                    if now < self._expires_ns:
                        stock = self._stock.get(purpose, 0)
                        if stock >= weight:
                            self._stock[purpose] = stock - weight
                            self._spent += weight
                            return True
                    self.counts["weight_waits"] += 1
                    wait_ms = await self._lease(purpose, weight)
                    if wait_ms:
                        await self._wait_for_news(wait_ms / 1000)
        except TimeoutError:
            self.counts["weight_refused"] += 1
            return False

    # what the venue tells

    def note(self) -> None:
        """Tell the quota actor what the client knows by now, without waiting for the next renewal."""
        self._renew()

    def on_limit(self, wait_s: float, banned: bool) -> None:
        """The venue told this actor to wait: tell all others."""
        until = self._now_ns() + int(wait_s * _S)
        self._held(until, banned)
        self._send(self._report())

    # leasing

    def _renew(self) -> None:
        now = self._now_ns()
        if self._expires_ns and now >= self._expires_ns and not self._lapsed:
            self._lapsed = True
            self.counts["lease_lapses"] += 1
            self._owner.log.warning("the lease of this host's weight has lapsed; only cancels go", quota=self.name)
        self._send(self._report())

    def _ask(self, purpose: WeightPurpose, weight: int) -> None:
        """Ask for more without waiting for it."""
        if not self._asking:
            self._asking = True
            self._owner.spawn(self._asked(purpose, weight))

    async def _asked(self, purpose: WeightPurpose, weight: int) -> None:
        try:
            await self._lease(purpose, weight)
        finally:
            self._asking = False

    async def _lease(self, purpose: WeightPurpose, weight: int) -> int:
        """Ask for weight; return the milliseconds to wait before asking again, 0 where it was granted."""
        reply = await self._owner.member.request(self.name, self._report(purpose, weight), ANSWER_S)
        lease = reply.body
        if not isinstance(lease, WeightLease):
            return int(RENEW_S * 100)
        self._take_lease(lease, purpose)
        return lease.wait_ms if lease.granted < weight else 0

    def _send(self, report: LeaseWeight) -> None:
        future = self._owner.member.send(self.name, report, ANSWER_S)
        future.add_done_callback(lambda done: self._on_renewed(done.result().body))

    def _on_renewed(self, lease: Message) -> None:
        if isinstance(lease, WeightLease):
            self._take_lease(lease, WeightPurpose.UNKNOWN)

    def _report(self, purpose: WeightPurpose = WeightPurpose.UNKNOWN, wanted: int = 0) -> LeaseWeight:
        now = self._now_ns()
        if now >= self._ends_ns:
            self._roll(now)
        told, limit, left_s = self._usage()
        held = self._held_until_ns if now < self._held_until_ns else 0
        return LeaseWeight(
            self._ends_ns if self._expires_ns else 0, self._spent, sum(self._stock.values()), self._canceled, told,
            limit, now + int(left_s * _S) + MARGIN_NS if left_s else 0, purpose, wanted, held,
            self._banned and held > 0,
        )  # fmt: skip

    def _take_lease(self, lease: WeightLease, purpose: WeightPurpose) -> None:
        now = self._now_ns()
        was_lapsed, self._lapsed = self._lapsed, False
        self._expires_ns = max(self._expires_ns, lease.expires_ns)
        if lease.held_until_ns:
            self._held(lease.held_until_ns, lease.banned)
        if lease.window_ends_ns <= now:
            return  # of a window that is over: what it grants is void
        if lease.window_ends_ns >= self._ends_ns + WINDOW_NS // 2 or self._ends_ns == 0:
            self._begin_window(lease.window_ends_ns)
        else:
            self._ends_ns = lease.window_ends_ns  # the same window, measured better
        if lease.standing != self._standing:
            self._stock[WeightPurpose.ORDER] = self._stock.get(WeightPurpose.ORDER, 0) + lease.standing - self._standing
            self._standing = lease.standing
        if lease.cancels != self._cancels and lease.cancels:
            self._cancels_left += lease.cancels - self._cancels
            self._cancels = lease.cancels
        if lease.granted:
            self._stock[purpose] = self._stock.get(purpose, 0) + lease.granted
        if was_lapsed:
            self._owner.log.debug("leases this host's weight", quota=self.name, limit=lease.limit)
        self._tell()

    def _roll(self, now: int) -> None:
        """The venue counts anew: what was leased of the last window is void, and the standing shares are whole."""
        if self._ends_ns == 0:  # nobody has said yet when windows end
            self._begin_window(now + WINDOW_NS)
            return
        missed = (now - self._ends_ns) // WINDOW_NS
        self._begin_window(self._ends_ns + (missed + 1) * WINDOW_NS)

    def _begin_window(self, ends_ns: int) -> None:
        self._ends_ns = ends_ns
        self.counts["weight_spent"] += self._spent + self._canceled
        self._spent = self._canceled = 0
        self._cancels_left = self._cancels
        self._stock = {WeightPurpose.ORDER: self._standing}

    # holds

    def _on_state(self, message: Message, header: Header, topic: str) -> None:
        if isinstance(message, QuotaState) and message.held_until_ns:
            self._held(message.held_until_ns, message.banned)

    def _held(self, until_ns: int, banned: bool) -> None:
        now = self._now_ns()
        if until_ns <= now or (until_ns <= self._held_until_ns and (self._banned or not banned)):
            return
        self._banned = banned or (self._banned and now < self._held_until_ns)
        self._held_until_ns = max(until_ns, self._held_until_ns)
        self._hold((self._held_until_ns - now) / _S, self._banned)

    # waiting

    def _tell(self) -> None:
        if not self._news.done():
            self._news.set_result(None)

    async def _wait_for_news(self, limit_s: float) -> None:
        """Wait until a lease has come, or for so long."""
        if self._news.done():
            self._news = self._owner.loop.create_future()
        await asyncio.wait([self._news], timeout=limit_s)
