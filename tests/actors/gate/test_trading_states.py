"""How execution actors are told of trading states."""

from __future__ import annotations

from typing import Any

from actors.gate import Gate
from actors.runtime import Context
from bus.codec import ReplyStatus
from bus.messages import Code, Empty, SetTradingState, TradingState, TradingStates
from bus.requests import Reply
from tradefloor.testing import run_virtual

HALT = SetTradingState("floor", TradingState.HALTED)


class Deaf:
    """A member whose execution actor does not answer; after `resumed` tries somebody resumes the floor."""

    def __init__(self, gate: Gate, resumed: int) -> None:
        self.trading, self.asked, self._resumed = TradingStates({"floor": TradingState.HALTED}), 0, resumed
        held: Any = gate
        held.member, held.view = self, self

    def is_live(self, name: str) -> bool:
        return True

    async def request(self, name: str, message: SetTradingState, timeout_s: float) -> Reply:
        self.asked += 1
        if self.asked == self._resumed:
            self.trading = TradingStates()
        return Reply(ReplyStatus.NO_ANSWER, Code.TIMED_OUT, Empty())


def test_a_halt_that_was_not_taken_is_not_repeated_once_trading_was_resumed() -> None:
    gate = Gate(Context("gate", "gate", "/nowhere", "/nowhere", "test"))
    deaf = Deaf(gate, resumed=2)
    run_virtual(gate._tell_executor("execution.ONE", HALT))
    assert deaf.asked == 2


def test_a_halt_that_still_holds_is_repeated() -> None:
    gate = Gate(Context("gate", "gate", "/nowhere", "/nowhere", "test"))
    deaf = Deaf(gate, resumed=0)
    run_virtual(gate._tell_executor("execution.ONE", HALT))
    assert deaf.asked > 2
