"""What the accounts hold, as a strategy sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from bus import topics
from bus.codec import Header
from bus.member import Member
from bus.messages import Balance, Message, PositionsAnswer

__all__ = ["Balances"]


class Owner(Protocol):
    """The strategy."""

    member: Member

    def _call(self, handler: Callable[..., Any], *arguments: Any) -> None: ...

    def on_balance(self, balance: Balance) -> Any: ...


class Balances:
    """Follows the accounts of all instances. What is stale is not shown: nothing is better than what was."""

    def __init__(self, owner: Owner, instances: tuple[str, ...]) -> None:
        self._owner, self._instances = owner, instances
        self._held: dict[str, dict[str, Balance]] = {instance: {} for instance in instances}
        for instance in instances:
            owner.member.subscribe(topics.topic("account", instance), self._on_account, self._on_stale)

    def of(self, instance: str) -> dict[str, Balance]:
        """Return an account's balances by asset, without what is nothing.

        Raises ValueError for no such instance, and where there are several and none is named.
        """
        name = instance or (self._instances[0] if len(self._instances) == 1 else "")
        if name not in self._held:
            problem = f"instance {instance!r} is not on the floor" if instance else "instance=... says whose balances"
            raise ValueError(f"{problem}; there are: {', '.join(self._instances) or 'none'}")
        return {asset: balance for asset, balance in self._held[name].items() if balance.total}

    def _on_account(self, message: Message, header: Header, topic: str) -> None:
        if isinstance(message, PositionsAnswer):
            held = {balance.asset: balance for balance in message.balances}
            self._held[topics.segments(topic)[1]] = held
            for balance in held.values():
                self._owner._call(self._owner.on_balance, balance)
        elif isinstance(message, Balance):
            self._held[message.instance][message.asset] = message
            self._owner._call(self._owner.on_balance, message)

    def _on_stale(self, topic: str, reason: str) -> None:
        self._held[topics.segments(topic)[1]].clear()
