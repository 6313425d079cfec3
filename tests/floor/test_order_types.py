"""On a whole floor every type of order that Binance Spot has goes from the strategy to the venue's book and back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from floors import Floor, open_orders, until

from actors.monitor.visitor import Visitor
from bus.messages import Code, GetOrders, OrderList, OrderType

PLACER = '''
from tradefloor import Strategy


class Placer(Strategy):
    """Places one order of each kind once it knows the markets, and one that the venue lacks."""

    instrument = "BTCUSDT.BINANCE"
    other = "ETHUSDT.BINANCE"

    def on_start(self):
        self.placed = False
        self.subscribe_quotes(self.instrument)
        self.subscribe_quotes(self.other)

    def on_quote(self, quote):
        name = self.instrument
        quote, other = self.quote(name), self.quote(self.other)
        if self.placed or quote is None or other is None:
            return
        self.placed = True
        low, high = round(quote.bid * 0.97, 0), round(quote.ask * 1.03, 0)
        trailing = {"trailing_offset": 500, "trailing_offset_type": "BASIS_POINTS"}
        self.buy(name, 0.001, price=low)
        self.buy(name, 0.001, price=low, post_only=True)
        self.sell(name, 0.001, type="STOP_MARKET", trigger_price=low)
        self.sell(name, 0.001, price=low - 100, type="STOP_LIMIT", trigger_price=low)
        self.sell(name, 0.001, type="MARKET_IF_TOUCHED", trigger_price=high)
        self.sell(name, 0.001, price=high, type="LIMIT_IF_TOUCHED", trigger_price=high)
        self.sell(name, 0.001, type="TRAILING_STOP_MARKET", **trailing)
        self.sell(self.other, 0.1, price=round(other.bid * 0.9, 0), type="TRAILING_STOP_LIMIT", **trailing)
        self.buy(name, 0.01, price=low, display_size=0.001)
        self.sell(name, 0.001, price=high, params={"selfTradePreventionMode": "EXPIRE_TAKER"})
        self.sell(name, 0.001, type="MARKET_TO_LIMIT", price=high)
'''
RESTING = 10


@pytest.fixture
def placer(floor: Floor, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    (tmp_path / "placer.py").write_text(PLACER)
    words = [sys.executable, "-m", "tradefloor", "attach", "placer.py:Placer", "--floor", floor.run_dir]
    process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    yield process
    process.terminate()
    process.communicate(timeout=20)


def test_each_type_of_order_rests_at_the_venue_as_the_strategy_said_it(
    floor: Floor, placer: subprocess.Popen[str]
) -> None:
    async def work(visitor: Visitor) -> tuple[Any, Any]:
        async def rest() -> Any:
            found = await open_orders(visitor, strategy="placer")
            return found if len([state for state in found if state.label == "ACCEPTED"]) == RESTING else None

        resting = await until(rest, 30.0, "all of them rest")
        reply = await visitor.request("reconciler", GetOrders("placer", open_only=False))
        assert isinstance(reply.body, OrderList)
        return resting, [state for state in reply.body.orders if not state.is_open]

    resting, ended = floor.visit(work)
    assert {state.order.type for state in resting} == set(OrderType) - {
        OrderType.UNKNOWN, OrderType.MARKET, OrderType.MARKET_TO_LIMIT
    }  # fmt: skip
    (denied,) = ended
    assert (denied.order.type, denied.code) == (OrderType.MARKET_TO_LIMIT, Code.UNSUPPORTED_ORDER_TYPE)
    lines = (floor.state_dir / "twins" / "BINANCE.jsonl").read_text().splitlines()
    sent = [json.loads(line)["params"] for line in lines if '"order.place"' in line and '"received"' in line]
    assert sorted(each["newClientOrderId"] for each in sent) == sorted(s.order.client_order_id for s in resting)
    by_id = {state.order.client_order_id: state.order for state in resting}
    for each in sent:
        order = by_id[each["newClientOrderId"]]
        for ours, theirs in (
            (order.price, "price"),
            (order.trigger_price, "stopPrice"),
            (order.display_size, "icebergQty"),
            (order.trailing_offset, "trailingDelta"),
        ):
            assert (None if ours is None else Decimal(ours)) == (Decimal(each[theirs]) if theirs in each else None)
