"""What becomes of a strategy's orders when it ends, dies or falls silent.

``cancel``: every order of its ended lives is cancelled by the execution actors, and again until the reconciler knows
of none that is open; bounded in time, and loud where the bound is reached. ``leave``: they stay, and that is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from actors.runtime import Log
from bus.codec import ReplyStatus
from bus.messages import CancelAll, ExitPolicy, GetOrders, Message, OrderList, OrderState, parse_order_id
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
    """Carries out one strategy's exit policy."""

    def __init__(
        self,
        request: Callable[[str, Message, float], Awaitable[Reply]],
        executors: Callable[[], dict[str, str]],
        log: Log,
    ) -> None:
        self._request, self._executors, self._log = request, executors, log

    async def carry_out(self, strategy: str, policy: ExitPolicy, until_epoch: int, limit_s: float = LIMIT_S) -> Outcome:
        """Do what `policy` says with the orders of the strategy's lives up to `until_epoch`."""
        if policy is ExitPolicy.LEAVE:
            orders = await self._open_orders(strategy, until_epoch)
            if orders is None:
                self._log.warning("exit policy leave: which orders stay is not known", strategy=strategy)
                return Outcome(False, 0)
            self._log.info("exit policy leave: orders stay at the venue", strategy=strategy, orders=len(orders))
            return Outcome(True, 0, tuple(state.order.order_id for state in orders))
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit_s
        seen: set[str] = set()
        left: tuple[str, ...] = ()
        clean = 0
        while True:
            orders = await self._open_orders(strategy, until_epoch)
            if orders is not None:
                left = tuple(state.order.order_id for state in orders)
                seen.update(left)
                # an order that was on its way through the gate may show up one look later
                clean = clean + 1 if not orders else 0
                if clean >= 2:
                    self._log.info("exit policy cancel: done", strategy=strategy, orders=len(seen))
                    return Outcome(True, len(seen))
                if orders:
                    await self._cancel(strategy, orders, until_epoch)
            if loop.time() >= deadline:
                return Outcome(False, len(seen) - len(left), left)
            await asyncio.sleep(RETRY_S)

    async def _open_orders(self, strategy: str, until_epoch: int) -> tuple[OrderState, ...] | None:
        reply = await self._request("reconciler", GetOrders(strategy=strategy), 2.0)
        if reply.status is not ReplyStatus.OK or not isinstance(reply.body, OrderList):
            return None
        return tuple(state for state in reply.body.orders if _is_of_life(state, until_epoch))

    async def _cancel(self, strategy: str, orders: tuple[OrderState, ...], until_epoch: int) -> None:
        by_instance: dict[str, list[tuple[str, str]]] = {}
        for state in orders:
            by_instance.setdefault(state.order.instance, []).append(
                (state.order.instrument, state.order.client_order_id)
            )
        for instance, names in by_instance.items():
            executor = self._executors().get(instance)
            if executor is not None:
                command = CancelAll(instance, strategy, client_order_ids=tuple(names), until_epoch=until_epoch)
                await self._request(executor, command, 2.0)


def _is_of_life(state: OrderState, until_epoch: int) -> bool:
    parts = parse_order_id(state.order.order_id)
    return parts is None or parts.epoch <= until_epoch
