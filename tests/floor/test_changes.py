"""On a whole floor a strategy changes orders, replaces them and places lists; venue, reconciler and strategy agree."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from floors import Floor, open_orders, until
from json_lines import whole_lines

from actors.monitor.visitor import Visitor

CHANGER = '''
import asyncio
import json

from tradefloor import Strategy


class Changer(Strategy):
    """Does one thing after the other, and writes down what its orders then say."""

    instrument = "BTCUSDT.BINANCE"
    file = "told.jsonl"

    def on_start(self):
        self.begun = False
        self.subscribe_quotes(self.instrument)

    def tell(self, step, *orders):
        with open(self.file, "a") as file:
            for order in orders:
                file.write(json.dumps({
                    "step": step, "id": order.id, "attempt": order.exact.order.client_order_id,
                    "status": str(order.status), "price": order.price, "size": order.size, "filled": order.filled,
                    "trigger": order.trigger_price, "code": str(order.code), "reason": order.reason,
                    "replaces": order.replaces, "list": order.list_id, "side": str(order.side),
                }) + "\\n")

    async def partly_filled(self, name):
        while True:
            quote = self.quote(name)
            self.part = await self.buy(name, round(quote.ask_size + 0.01, 5), price=quote.ask).accepted()
            for _ in range(200):
                if self.part.filled or self.part.is_closed:
                    break
                await asyncio.sleep(0.01)
            if self.part.is_open and self.part.filled:
                return self.part
            self.part.cancel()
            await self.part.closed()

    async def on_quote(self, quote):
        if self.begun:
            return
        self.begun = True
        name, low, high = self.instrument, round(quote.bid * 0.95, 0), round(quote.ask * 1.05, 0)
        order = await self.buy(name, 0.01, price=low).accepted()
        self.tell("rests", order)
        self.tell("price", await order.modify(price=low - 100).modified())
        self.tell("smaller", await order.modify(size=0.006).modified())
        self.tell("larger", await order.modify(size=0.012).modified())
        self.tell("same", await order.modify(size=0.012).modified())
        self.tell("off step", await order.modify(price=low + 0.005).modified())
        self.tell("too small", await order.modify(size=0.00002).modified())
        self.tell("early", await self.buy(name, 0.002, price=low).modify(price=low - 50).modified())
        stop = await self.sell(name, 0.01, low - 10, type="STOP_LIMIT", trigger_price=low).accepted()
        self.tell("trigger", await stop.modify(trigger_price=low - 5).modified())
        other = order.replace(price=low - 200)
        await other.accepted()
        self.tell("replaced", order, other)
        self.tell("closed", await order.modify(price=low).modified())
        pair = await self.oco("SELL", name, 0.01, take_profit=high, stop_loss=low, stop_limit=low - 10).accepted()
        self.tell("oco", *pair)
        pair.cancel()
        self.tell("oco over", *await pair.closed())
        bracket = self.bracket(
            "BUY", name, 0.01, round(quote.ask * 1.01, 0), take_profit=high, stop_loss=low, stop_limit=low - 10
        )
        await bracket.entry.closed()
        await bracket.accepted()
        while any(order.reason for order in bracket):  # the exits are told to work after the entry is told to be filled
            await asyncio.sleep(0.01)
        self.tell("bracket", *bracket)
        waits = await self.bracket("BUY", name, 0.01, low, take_profit=high, stop_loss=low - 100).accepted()
        self.tell("waits", *waits)
        self.cancel(waits)
        self.tell("waits over", *await waits.closed())
        self.cancel_all(side="SELL")
        await bracket.closed()
        self.tell("bracket over", *bracket)
        self.tell("part", await self.partly_filled(name))
        self.tell("part changed", await self.part.modify(price=low).modified())
        self.tell("part below", await self.part.modify(size=self.part.filled).modified())
        self.part.cancel()
        self.tell("part over", await self.part.closed())
        self.tell("bad list", *self.oco("SELL", name, 0.01, take_profit=high + 0.001, stop_loss=low))
        self.tell("done", other)
'''


@pytest.fixture(scope="module")
def told(floor: Floor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[dict[str, Any]]]]:
    folder = tmp_path_factory.mktemp("changer")
    (folder / "changer.py").write_text(CHANGER)
    words = [sys.executable, "-m", "tradefloor", "attach", "changer.py:Changer", "--floor", floor.run_dir]
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines: list[dict[str, Any]] = []

    async def work(visitor: Visitor) -> None:
        async def done() -> bool:
            lines[:] = whole_lines(folder / "told.jsonl")
            assert process.poll() is None, process.communicate()[1]
            return bool(lines) and lines[-1]["step"] == "done"

        await until(done, 40.0, "the strategy is through")

    try:
        floor.visit(work)
        steps: dict[str, list[dict[str, Any]]] = {}
        for line in lines:
            steps.setdefault(line["step"], []).append(line)
        yield steps
    finally:
        process.terminate()
        print(lines[-3:], process.communicate(timeout=20)[1][-3000:])


Told = dict[str, list[dict[str, Any]]]


def test_e30_price_size_and_trigger_are_changed_under_one_id(told: Told) -> None:
    rests, price, smaller, larger = (told[step][0] for step in ("rests", "price", "smaller", "larger"))
    assert {line["id"] for line in (rests, price, smaller, larger)} == {rests["id"]}
    assert (price["price"], price["size"]) == (rests["price"] - 100, 0.01)
    assert (smaller["price"], smaller["size"]) == (price["price"], 0.006)
    assert (larger["price"], larger["size"]) == (price["price"], 0.012)
    assert price["attempt"] not in (rests["attempt"], larger["attempt"]), "these took a new attempt each"
    assert smaller["attempt"] == price["attempt"], "an order that is made smaller keeps its place"
    trigger, early = told["trigger"][0], told["early"][0]
    assert trigger["trigger"] == trigger["price"] + 5, "10 below the first trigger, and then 5 below"
    assert (early["status"], early["attempt"] == early["id"]) == ("ACCEPTED", False), "it waited for the venue's word"
    assert {line[0]["code"] for line in (told["price"], told["smaller"], told["trigger"])} == {"NONE"}


@pytest.mark.parametrize(
    ("step", "code", "named"),
    [
        ("same", "NO_CHANGE", "has these terms already"),
        ("off step", "PRICE_INCREMENT", "the nearest are"),
        ("too small", "NOTIONAL_LIMIT", "minimum 5"),
        ("closed", "TOO_LATE", "CANCELED"),
        ("part below", "SIZE_LIMIT", "which is filled"),
    ],
)
def test_e30_a_change_that_is_denied_leaves_the_order_and_says_why(
    told: Told, step: str, code: str, named: str
) -> None:
    line, before = told[step][0], told["part changed" if step == "part below" else "larger"][0]
    assert line["code"] == code
    assert named in line["reason"]
    assert [line[name] for name in ("id", "attempt", "price", "size")] == [
        before[name] for name in ("id", "attempt", "price", "size")
    ]


def test_e13_what_is_filled_stays_so_when_the_rest_is_changed(told: Told) -> None:
    part, changed, over = told["part"][0], told["part changed"][0], told["part over"][0]
    assert 0 < part["filled"] <= changed["filled"] < changed["size"] == part["size"]
    assert (changed["status"], changed["id"]) == ("PARTIALLY_FILLED", part["id"])
    assert changed["attempt"] != part["attempt"]
    assert (over["status"], over["filled"]) == ("CANCELED", changed["filled"])


def test_e31_a_replacement_is_an_order_of_its_own_that_names_the_old_one(told: Told) -> None:
    old, new = told["replaced"]
    assert (old["status"], new["status"]) == ("CANCELED", "ACCEPTED")
    assert (new["replaces"], new["id"] != old["id"]) == (old["id"], True)
    assert (new["size"], new["price"]) == (old["size"], old["price"] - 100)


def test_e50_lists_are_taken_and_end_together(told: Told) -> None:
    for step, sides in (
        ("oco", ["SELL"] * 2),
        ("bracket", ["BUY", "SELL", "SELL"]),
        ("waits", ["BUY", "SELL", "SELL"]),
    ):
        assert [line["side"] for line in told[step]] == sides
        assert len({line["list"] for line in told[step]} - {""}) == 1
        assert all(line["status"] in ("CANCELED", "FILLED") for line in told[f"{step} over"])
    entry, *exits = told["bracket"]
    assert (entry["status"], [line["status"] for line in exits]) == ("FILLED", ["ACCEPTED"] * 2)
    assert [line["reason"] for line in told["waits"]] == ["", "waits for its parent", "waits for its parent"]
    assert [line["reason"] for line in told["bracket"]] == ["", "", ""], "they work, and say no more that they wait"
    assert [line["status"] for line in told["bad list"]] == ["DENIED"] * 2
    assert told["bad list"][0]["id"] in told["bad list"][1]["reason"]


def test_the_reconciler_says_the_same_at_the_end(floor: Floor, told: Told) -> None:
    resting = floor.visit(lambda visitor: open_orders(visitor, strategy="changer"))
    left = {told[step][0]["id"] for step in ("early",)} | {told["done"][0]["id"]}
    assert {state.order.order_id for state in resting} == left
    assert {state.order.client_order_id for state in resting} == {told["early"][0]["attempt"], told["done"][0]["id"]}
