"""What becomes of a strategy's orders when it ends, dies or falls silent.

``cancel``: the gate is told first that these lives are over, so that nothing of theirs passes any more; then every
order of theirs is cancelled by the execution actors, and again, until the reconciler knows of none that is open. Its
word counts only once it has taken every intent that the gate had passed by then. Bounded in time, and loud where the
bound is reached. ``leave``: the orders stay, and that is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from actors.runtime import Log
from bus.codec import ReplyStatus
from bus.messages import (
    CancelAll,
    EndStrategy,
    ExitPolicy,
    GetOrders,
    IntentsAnswer,
    Message,
    OrderList,
    OrderState,
    parse_order_id,
)
from bus.requests import Reply

__all__ = ["ExitPolicyRun", "Outcome"]

LIMIT_S = 30.0
"""How long orders are chased before a person is called."""
RETRY_S = 0.25
"""Between looks."""


class Outcome(msgspec.Struct, frozen=True):
    """How an exit policy ended."""

    done: bool
    canceled: int
    left: tuple[str, ...] = ()


class ExitPolicyRun:
    """Carries out one strategy's exit policy. `until_epoch` may grow while it runs: another life ended meanwhile."""

    def __init__(
        self,
        request: Callable[[str, Message, float], Awaitable[Reply]],
        executors: Callable[[], dict[str, str]],
        log: Log,
    ) -> None:
        self._request, self._executors, self._log = request, executors, log

    async def carry_out(
        self, strategy: str, policy: ExitPolicy, until_epoch: Callable[[], int], limit_s: float = LIMIT_S
    ) -> Outcome:
        """Do what `policy` says with the orders of the strategy's lives up to `until_epoch()`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit_s
        seen: set[str] = set()
        left: tuple[str, ...] = ()
        ended, passed = 0, -1
        while True:
            epoch = until_epoch()
            if ended != epoch or passed < 0:
                ended, passed = epoch, await self._end_at_gate(strategy, epoch)
            listed = await self._ask_reconciler(strategy)
            if listed is not None:
                orders = tuple(state for state in listed.orders if _is_of_life(state, epoch))
                left = tuple(state.order.order_id for state in orders)
                seen.update(left)
                is_all = 0 <= passed <= listed.last_intent and until_epoch() == epoch
                if is_all and policy is ExitPolicy.LEAVE:
                    self._log.info("exit policy leave: orders stay at the venue", strategy=strategy, orders=len(left))
                    return Outcome(True, 0, left)
                if is_all and not orders:
                    self._log.info("exit policy cancel: done", strategy=strategy, orders=len(seen))
                    return Outcome(True, len(seen))
                if policy is ExitPolicy.CANCEL:
                    await self._cancel(strategy, orders, epoch)
            if loop.time() >= deadline:
                return Outcome(False, len(seen) - len(left), left)
            await asyncio.sleep(RETRY_S)

    async def _end_at_gate(self, strategy: str, until_epoch: int) -> int:
        """Return the number of the last intent that can be of these lives; -1 while the gate does not answer."""
        reply = await self._request("gate", EndStrategy(strategy, until_epoch), 2.0)
        return reply.body.last if isinstance(reply.body, IntentsAnswer) else -1

    async def _ask_reconciler(self, strategy: str) -> OrderList | None:
        reply = await self._request("reconciler", GetOrders(strategy=strategy), 2.0)
        return reply.body if reply.status is ReplyStatus.OK and isinstance(reply.body, OrderList) else None

    async def _cancel(self, strategy: str, orders: tuple[OrderState, ...], until_epoch: int) -> None:
        by_instance: dict[str, list[tuple[str, str]]] = {}
        for state in orders:
            names = [(state.order.instrument, name) for name in state.names_at_work]
            by_instance.setdefault(state.order.instance, []).extend(names)
        commands = [
            self._request(
                executor, CancelAll(instance, strategy, client_order_ids=tuple(names), until_epoch=until_epoch), 2.0
            )
            for instance, names in by_instance.items()
            if (executor := self._executors().get(instance)) is not None
        ]
        await asyncio.gather(*commands)  # a hung venue does not delay another's cancels


def _is_of_life(state: OrderState, until_epoch: int) -> bool:
    parts = parse_order_id(state.order.order_id)
    return parts is None or parts.epoch <= until_epoch
