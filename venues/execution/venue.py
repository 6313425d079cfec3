"""The whole contract of an execution actor: its key is judged at its start, and nothing is left open at its end."""

from __future__ import annotations

import asyncio
import os
from abc import abstractmethod

from actors.runtime import ActorExit, Context, ExitCode
from actors.runtime.policies import remembered_policies
from bus.messages import CancelOrder, ExitPolicy, Refused, is_of_floor, parse_order_id, strategy_code
from venues.execution.cancels import Cancels
from venues.execution.keys import ALLOW_WITHDRAWAL_KEY, KeyRights, key_problem
from venues.execution.outcomes import Failure

__all__ = ["ExecutionVenue"]

FLUSH_S = 1.0
"""How long a stopping actor tries to hand its last events over."""
ORPHAN_CANCEL_S = 2.0
"""How long an actor whose supervisor died tries to cancel what it and its earlier lives have written."""
PARENT_LOOKS, PARENT_LOOK_S = 10, 0.005
"""A stop takes 50 ms longer, in which a dead supervisor is told from one that stops the floor."""
KEY_ENDS_SOON_DAYS = 7
"""A key that may trade for less than this is a warning at each start."""
KEY_AGAIN_S = 5.0
"""Between questions about the key's rights while the venue does not answer them."""


class ExecutionVenue(Cancels):
    """Base of the execution actors. It writes an order at most once and tells the reconciler everything it learns."""

    def __init__(self, context: Context, **arguments: object) -> None:
        super().__init__(context, **arguments)
        self.allow_withdrawal_key = False
        self._parent = os.getppid()
        self._orphaned = False

    @abstractmethod
    async def disconnect(self) -> None:
        """Close the venue's sockets."""

    # the key

    async def key_rights(self) -> KeyRights | Failure | None:
        """Ask the venue what the key may do; None where it says nothing of that, a Failure where it did not answer."""
        return None

    async def judge_key(self) -> None:
        """Ask once what the key may do. Raises ActorExit (exit code 10) where that forbids to trade by it.

        Where the venue does not answer, no new order is written until it does; all else goes on. An instance whose
        key may withdraw anyway does not wait for that.
        """
        rights = await self.key_rights()
        if isinstance(rights, Failure):
            if not self.allow_withdrawal_key:
                self.why_not_new = (
                    f"the venue has not said yet what the API key may do ({rights.reason}); new orders wait for that, "
                    f"unless {ALLOW_WITHDRAWAL_KEY} = true"
                )
            self.log.warning("the key's rights are not known", reason=rights.reason, again_in_s=KEY_AGAIN_S)
            self.spawn(self._judge_later())
            return
        problem = key_problem(rights, self.instance, self.allow_withdrawal_key) if rights is not None else ""
        if problem:
            raise self.refuse_key(problem)
        if rights is not None and (rights.other or rights.may_withdraw):
            moves = (*(("withdrawals",) if rights.may_withdraw else ()), *rights.other)
            self.log.warning("the API key may move money", rights=", ".join(moves))
        if rights is not None and rights.trading_ends_ns:
            days = (rights.trading_ends_ns - self.clock.time_ns()) / 86_400e9
            say = self.log.warning if days < KEY_ENDS_SOON_DAYS else self.log.info
            say("the key's right to trade ends", in_days=round(days, 1))
        if self.why_not_new:
            self.why_not_new = ""
            self.ready(self.state)

    def refuse_key(self, problem: str) -> ActorExit:
        """Return the end of an actor whose key is no good; a person is told why."""
        self.call_person("KEY_REFUSED", problem)
        return ActorExit(ExitCode.CONFIGURATION, problem)

    async def _judge_later(self) -> None:
        await asyncio.sleep(KEY_AGAIN_S)
        await self.judge_key()

    # the end

    @property
    def lost_supervisor(self) -> bool:
        """True when the process that started this one is gone."""
        return self._orphaned or os.getppid() != self._parent

    async def _is_orphan(self) -> bool:
        """A parent's death signal may come before the new parent shows: look for a while."""
        for _ in range(PARENT_LOOKS):
            if self.lost_supervisor:
                return True
            await asyncio.sleep(PARENT_LOOK_S)
        return self.lost_supervisor

    def on_orphaned(self) -> None:
        self._orphaned = True
        super().on_orphaned()

    async def end(self) -> None:
        if await self._is_orphan():
            task = self.spawn(self._end_orders())
            await asyncio.wait([task], timeout=ORPHAN_CANCEL_S)
            if not task.done():
                self.log.error("orders may rest at the venue: it did not answer in time", seconds=ORPHAN_CANCEL_S)
        await self.disconnect()
        if not await self.outbox.flush(FLUSH_S):
            self.log.warning("events were not taken by the reconciler; it will ask the venue", events=len(self.outbox))
        self.outbox.close()

    async def _end_orders(self) -> None:
        """Nobody is left to carry out exit policies: cancel what this life has written, then what earlier ones have."""
        policies = remembered_policies(self.state_path())  # of those who have left the directory's table too
        policies |= {entry.name: entry.exit_policy for entry in self.member.directory.entries.values()}
        spared = {strategy_code(name) for name, policy in policies.items() if policy is ExitPolicy.LEAVE}
        written = [
            CancelOrder(name, self.instance, order.instrument, order.strategy, order.order_id, type=order.type)
            for name, order in self.names.working.items()
            if strategy_code(order.strategy) not in spared
        ]
        self.log.error("the supervisor is gone: canceling the floor's orders", written=len(written))
        await asyncio.gather(
            self.cancel_orders(written), self._end_found(spared, {one.client_order_id for one in written})
        )

    async def _end_found(self, spared: set[str], done: set[str]) -> None:
        found = await self.open_orders()
        if isinstance(found, Refused):
            self.log.error("orders of earlier lives may rest at the venue", reason=found.reason)
            return
        earlier = [
            CancelOrder(
                event.client_order_id, self.instance, event.instrument, event.strategy, event.order_id,
                event.venue_order_id, type=event.type,
            )
            for event in found
            if event.client_order_id not in done and self._is_to_end(event.client_order_id, spared)
        ]  # fmt: skip
        if earlier:
            self.log.error("canceling orders of earlier lives", orders=len(earlier))
            await self.cancel_orders(earlier)

    def _is_to_end(self, client_order_id: str, spared: set[str]) -> bool:
        parts = parse_order_id(client_order_id)
        return parts is not None and is_of_floor(parts, self.context.floor) and parts.strategy not in spared
