"""The actor that keeps one venue host's rate limit."""

from __future__ import annotations

from actors.quota.ledger import Ledger
from actors.runtime import Actor, Context
from bus import topics
from bus.codec import RequestHeader
from bus.messages import Code, LeaseWeight, Message, QuotaState, Refused, WeightLease

__all__ = ["LEASE_S", "RENEW_S", "QuotaActor"]

LEASE_S = 3.0
"""How long a lease is good: a quota actor that is killed is back in half a second, one that freezes is killed after
three seconds of silence and is back then. Longer would let its actors trade on what nobody counts."""
RENEW_S = 1.0
"""Between an actor's renewals."""
ASK_AGAIN_S = 1.0
"""The longest that an actor is told to wait before it asks again: what the venue tells may have made room."""
_S = 1_000_000_000


class QuotaActor(Actor):
    """
    Owns: the ledger of one venue host's weight; ``state/quota/<name>/``.
    Listens: the venue actors of that host, which lease, and tell what they spent and what the venue says.
    Sends: leases; at once to all of them that the venue told to wait; an alert for each such wait.
    Fails when: by its own faults alone; its actors then keep their cancel share, and orders what their lease has left.
    Restart means: everybody tells what it holds and until when it must wait; nothing new is leased before that.
    """

    def __init__(self, context: Context, **arguments: object) -> None:
        super().__init__(context, **arguments)  # type: ignore[arg-type]
        settings = context.settings
        self.host = str(settings["host"])
        self.ledger = Ledger(int(settings["weight"]), tuple(settings["actors"]), tuple(settings["cancelers"]))
        self.topic = topics.topic("state", "quota", context.name)
        self.prefixes = (self.topic,)
        self.counts = {"leases": 0, "granted": 0, "refused_leases": 0, "holds": 0, "bans": 0}
        self._why_held = ""

    async def begin(self) -> None:
        self.every(RENEW_S, self._look)

    def topic_state(self, topic: str) -> Message | None:
        return self._state()

    def counters(self) -> dict[str, int]:
        ledger = self.ledger
        figures = {"weight_limit": ledger.limit, "weight_used": ledger.used, "weight_others": ledger.others}
        return {**super().counters(), **self.counts, **figures}

    def on_lease_weight(self, message: LeaseWeight, header: RequestHeader) -> Message:
        """Take what an actor of this host tells, and lease what it asks for."""
        ledger, name, now = self.ledger, header.caller, self.clock.boottime_ns()
        if name not in ledger.actors:
            self.counts["refused_leases"] += 1
            return Refused(Code.NOT_ALLOWED, f"{name} is no venue actor of {self.host}; {', '.join(ledger.actors)} are")
        before = (ledger.held_until_ns, ledger.banned)
        ledger.report(name, message, now)
        if now < ledger.held_until_ns and (ledger.held_until_ns, ledger.banned) != before:
            self._say_held(name, now)
        granted = ledger.lease(name, message.purpose, message.wanted, now)
        self.counts["leases"] += 1
        self.counts["granted"] += granted
        is_canceler = name in ledger.cancelers
        wait_ns = min(max(ledger.window_ends_ns, ledger.held_until_ns) - now, int(ASK_AGAIN_S * _S))
        return WeightLease(
            now + int(LEASE_S * _S),
            ledger.window_ends_ns,
            ledger.limit,
            granted,
            ledger.standing if is_canceler else 0,
            ledger.cancels if is_canceler else 0,
            0 if granted else max(1, wait_ns // 1_000_000),
            ledger.held_until_ns,
            ledger.banned,
        )

    def _say_held(self, name: str, now: int) -> None:
        ledger = self.ledger
        left_s = (ledger.held_until_ns - now) / _S
        self.counts["bans" if ledger.banned else "holds"] += 1
        word = "BANNED" if ledger.banned else "HELD"
        what = "has banned this address" if ledger.banned else "told to wait"
        self._why_held = f"{self.host} {what}, for {left_s:.1f} s more; told to {name}"
        self.publisher.publish(self.topic, self._state())
        self.ready(word, self._why_held)
        self.log.error("nobody may ask this host", why=self._why_held)
        self.call_person("BANNED" if ledger.banned else "RATE_LIMITED", self._why_held)

    def _look(self) -> None:
        now = self.clock.boottime_ns()
        self.ledger.roll(now)
        if self._why_held and now >= self.ledger.held_until_ns:
            self._why_held = ""
            self.log.info("this host may be asked again", host=self.host)
        if not self._why_held:
            used, limit = self.ledger.used, self.ledger.limit
            self.ready("READY", f"{used} of {limit} used or leased" if used > limit // 2 else "")
        self.publisher.publish(self.topic, self._state())

    def _state(self) -> QuotaState:
        ledger, now = self.ledger, self.clock.boottime_ns()
        return QuotaState(
            self.host, ledger.limit, ledger.used, ledger.committed, ledger.others, ledger.window_ends_ns,
            self.clock.time_ns(), ledger.held_until_ns if now < ledger.held_until_ns else 0, ledger.banned,
            self._why_held, ledger.leasing(now - int(LEASE_S * _S)),
        )  # fmt: skip
