"""A floor with two instances at one address: one twin, two accounts, one budget."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from binance_floor import TwinProcess
from floors import MAKER, ROOT, Floor, actor, synced, until

from actors.monitor.visitor import Visitor
from bus.codec import ReplyStatus
from bus.messages import ActorState, CancelOrder, HistoryAnswer, QueryHistory
from bus.requests import Reply
from bus.security import OPERATOR

__all__ = ["QUOTA", "SharedHost"]

QUOTA = "quota.ONE"
"""Named after the first instance of its host."""
FROZEN_S = 8.0
"""How long the quota actor may be silent here before it is killed: well over its leases, so that they lapse."""
INSTANCES = ("ONE", "TWO")
BALANCES = {"BTC": "10", "USDT": "1000000"}


class SharedHost:
    """Both instances as a user configures them for the live venue, whose addresses are the twin's."""

    def __init__(self, folder: Path, weight: int, makers: bool = True) -> None:
        self.weight, self.has_makers = weight, makers
        self.twin = TwinProcess(folder, "--weight-per-minute", str(weight))
        greeting = self.twin.greeting
        other = self.twin.admin.post("accounts", balances=BALANCES)
        text = '[floor]\nname = "shared"\n'
        for name, keys in zip(INSTANCES, (greeting, other), strict=True):
            text += f'[venues.{name}]\nadapter = "binance"\naccount_type = "spot"\nenvironment = "live"\n'
            for key in ("api_key", "api_secret"):
                file = folder / f"{name}.{key}"
                file.touch(mode=0o600)
                file.write_text(keys[key])
                text += f'{key} = "file:{file}"\n'
            for key, found in (("rest_url", "rest"), ("stream_url", "stream"), ("ws_api_url", "ws_api")):
                text += f'{key} = "{greeting[found]}"\n'
            if makers:
                text += MAKER.format(name=f"maker_{name.lower()}", root=ROOT, instance=name, move=2)
        text += f'[supervisor.actors."{QUOTA}"]\nheartbeat_timeout_s = {FROZEN_S}\n'
        config = folder / "floor.toml"
        config.write_text(text)
        self.floor = Floor(config, folder)
        try:
            self.floor.visit(self._up)
        except BaseException:
            self.close()
            raise

    async def _up(self, visitor: Visitor) -> None:
        for name in INSTANCES:
            await synced(visitor, name)
            if self.has_makers:  # its book is whole too
                await self.becomes(
                    visitor, lambda state: state.counters.get("orders_written"), "it trades", f"execution.{name}"
                )

    async def state(self, visitor: Visitor, name: str = QUOTA) -> ActorState:
        """How an actor is."""
        status = await visitor.status()
        assert status is not None
        return actor(status, name)

    async def becomes(
        self, visitor: Visitor, condition: Callable[[ActorState], object], what: str, name: str = QUOTA
    ) -> ActorState:
        """Wait until an actor is as said."""

        async def look() -> ActorState | None:
            found = await self.state(visitor, name)
            return found if condition(found) else None

        found: ActorState = await until(look, 20.0, what)
        return found

    async def download(self, visitor: Visitor, pages: int, timeout_s: float) -> list[Reply]:
        """Ask both instances for so many pages of trades at once, weight 29 each."""
        start = time.time_ns() - 3_600_000_000_000
        await until(lambda: self._knows(visitor), 5.0, "the visitor knows the market-data actors")
        asked = (
            visitor.request(
                f"market_data.{INSTANCES[number % 2]}",
                QueryHistory(INSTANCES[number % 2], "BTCUSDT.BINANCE", "trade", start, limit=10 + number),
                timeout_s,
            )
            for number in range(pages)
        )
        return list(await asyncio.gather(*asked))

    async def cancel(self, instance: str, name: str) -> Reply:
        """Cancel an order that there is not, as an operator: what matters is whether the venue is asked."""
        async with Visitor(self.floor.run_dir, "cancels", OPERATOR) as visitor:
            order = CancelOrder(name, instance, "BTCUSDT.BINANCE", "")
            return await visitor.request(f"execution.{instance}", order)

    @staticmethod
    async def _knows(visitor: Visitor) -> bool:
        return all(visitor.member.is_live(f"market_data.{name}") for name in INSTANCES)

    @staticmethod
    def served(replies: list[Reply]) -> int:
        """How many pages came."""
        return sum(isinstance(reply.body, HistoryAnswer) and reply.status is ReplyStatus.OK for reply in replies)

    def used(self) -> int:
        """What the venue has counted for this address in the present minute."""
        return sum(int(each["used"]) for each in self.twin.admin.state()["addresses"].values())

    def answers(self) -> list[dict[str, Any]]:
        """Every answer of the venue, so far."""
        return self.lines("answered")

    def lines(self, *kinds: str) -> list[dict[str, Any]]:
        """The truth log's lines of these kinds, so far."""
        self.twin.admin.state()  # writes what is waiting
        lines = (json.loads(line) for line in self.twin.log_path.read_text().splitlines())
        return [line for line in lines if line["kind"] in kinds]

    def close(self) -> None:
        """End both."""
        self.floor.close()
        self.twin.stop()
