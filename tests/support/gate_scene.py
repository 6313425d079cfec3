"""A gate whose floor is the test: every strategy speaks for itself, and what it sends and tells is kept."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from msgspec.structs import replace
from order_samples import BTC, INSTANCE, a_state, an_instrument, an_order

from actors.gate import Gate
from actors.gate.journal import IntentJournal
from actors.gate.rules import Limits
from actors.gate.view import FloorView
from actors.runtime import Context
from bus import topics
from bus.codec import WIRE_VERSION, Header, ReplyStatus, RequestHeader
from bus.messages import (
    Code,
    Empty,
    ExecutionState,
    ExecutionUpdate,
    InstanceState,
    Intent,
    Message,
    ModifyOrder,
    NewOrder,
    OrderState,
    OrderStatus,
    ReferencePrice,
    Refused,
    TradingStates,
    mint_order_id,
)
from bus.requests import Reply
from tradefloor.testing import VirtualClock

__all__ = ["GATES_EPOCH", "STRATEGYS_EPOCH", "GateScene", "a_change", "minted"]

GATES_EPOCH, STRATEGYS_EPOCH = 100, 101
HEADER = Header(1, 1, "reconciler", 1, 1, 1)


def minted(count: int, strategy: str = "alpha", epoch: int = STRATEGYS_EPOCH) -> str:
    return mint_order_id("test", strategy, epoch, count)


class GateScene:
    """One gate on virtual time; it is its own member and publisher."""

    def __init__(self, folder: Path) -> None:
        self.loop = asyncio.get_running_loop()
        self.folder, self.epoch = folder, GATES_EPOCH
        self.sent: list[tuple[str, Message]] = []
        self.answers: list[asyncio.Future[Reply]] = []
        self.published: list[Intent] = []
        self._subscriptions: dict[str, Callable[..., None]] = {}
        self.directory = SimpleNamespace(
            entries={"alpha": SimpleNamespace(kind="strategy", live=True, epoch=STRATEGYS_EPOCH)}
        )
        self.publisher = self
        self.begin()

    def begin(self) -> None:
        """A new life of the gate, which knows what its journal says and nothing else."""
        gate: Any = Gate(Context("gate", "gate", "/nowhere", str(self.folder), "test"))
        gate.loop, gate.member, gate.clock = self.loop, self, VirtualClock(self.loop)
        gate.instances = (INSTANCE,)
        gate.journal = self.journal = IntentJournal(self.folder / "intents.db")
        gate.view = self.view = FloorView(self, Limits(), (INSTANCE,), TradingStates())  # type: ignore[arg-type]
        self.gate, self.clock = gate, gate.clock
        self.view.follow_instrument(INSTANCE, BTC)
        self.view.follow_strategy("alpha")
        self.tell(topics.topic("state", "instance", INSTANCE), InstanceState(INSTANCE, True, "", 1))
        self.tell_rules()
        self.tell(topics.topic("execution", "alpha"), ExecutionState("alpha", 0))

    def tell_rules(self) -> None:
        """The instrument's rules and a whole book of it."""
        self.tell(topics.market(INSTANCE, "instrument", BTC), an_instrument())
        self.tell(topics.book_reference(INSTANCE, BTC), ReferencePrice(BTC, 100.0, True, 1, 1))

    def restart(self) -> None:
        self.journal.close()
        self.epoch += 10
        self.begin()

    # the member

    def subscribe(self, topic: str, handler: Callable[..., None], on_stale: Any = None) -> None:
        self._subscriptions[topic] = handler

    def is_live(self, name: str) -> bool:
        return True

    def send(self, name: str, message: Message, timeout_s: float) -> asyncio.Future[Reply]:
        self.sent.append((name, message))
        self.answers.append(self.loop.create_future())
        return self.answers[-1]

    def publish(self, topic: str, message: Intent, seq: int) -> None:
        self.published.append(message)

    # what a test does

    def tell(self, topic: str, message: Message) -> None:
        self._subscriptions[topic](message, HEADER, topic)

    def knows(self, count: int = 1, status: OrderStatus = OrderStatus.ACCEPTED, **facts: Any) -> OrderState:
        """The reconciler tells an order of the strategy."""
        order = facts.pop("order", None) or an_order(minted(count), client_order_id=minted(count))
        state = replace(a_state(status), order=order, **facts)
        self.tell(topics.topic("execution", "alpha"), ExecutionUpdate(state))
        return state

    async def ask(self, message: Message, epoch: int = STRATEGYS_EPOCH, caller: str = "alpha") -> Any:
        """Ask as a strategy asks."""
        deadline = self.clock.monotonic_ns() + 5 * 10**9
        header = RequestHeader(WIRE_VERSION, 1, caller, epoch, deadline, 1)
        name = {ModifyOrder: "on_modify_order"}.get(type(message), "on_submit_order_list")
        answer = getattr(self.gate, name)(message, header)
        return await answer if inspect.isawaitable(answer) else answer

    async def answer(self, status: ReplyStatus, code: Code = Code.NONE, reason: str = "") -> None:
        """The execution actor answers what it was sent last."""
        body = Refused(code, reason) if code is not Code.NONE else Empty()
        self.answers[-1].set_result(Reply(status, code, body))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    def intents(self) -> tuple[Intent, ...]:
        return self.journal.after(0)


def a_change(state: OrderState, tried: int = 50, **wanted: Any) -> ModifyOrder:
    """A change as a strategy asks for it."""
    order: NewOrder = state.order
    known = {name: Decimal(value) for name, value in wanted.items()}
    return ModifyOrder(
        order.order_id, order.client_order_id, "", order.instance, order.instrument, order.strategy,
        new_client_order_id=minted(tried), **known,
    )  # fmt: skip
