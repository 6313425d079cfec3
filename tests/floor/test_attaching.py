"""Strategies from a user's own files, attached to a running floor."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from floors import ROOT, Floor, kill, open_orders, until
from freezing import freeze

from actors.monitor.visitor import Visitor
from bus.messages import GetOrders, GetPositions, OrderList, PositionsAnswer

README = ROOT / "README.md"
EXAMPLE = ROOT / "scripts" / "strategies" / "imbalance.py"

ONE_SHOT = '''
from helper_of_mine import SIZE
from tradefloor import Strategy


class OneShot(Strategy):
    """Buys once, waits until that is over, and sells what it got."""

    instrument = "BTCUSDT.BINANCE"
    cushion = 5.0

    def on_start(self):
        self.subscribe_quotes(self.instrument)
        self.busy = False

    async def on_quote(self, quote):
        if self.busy or self.instrument not in self.instruments:
            return
        self.busy = True
        price = self.instruments[self.instrument].price(quote.ask + self.cushion)
        order = await self.buy(self.instrument, SIZE, price=price, time_in_force="IOC").closed()
        self.log.info("first is over", order=order, profit=self.profit())
        if not order.filled:
            self.busy = False  # denied or missed: once more with the next quote
            return
        while not self.position(self.instrument).is_flat:
            await self.close(self.instrument).closed()
        self.log.info("all is over", position=self.position(self.instrument))
'''

QUIET = '''
from tradefloor import Strategy


class Quiet(Strategy):
    """Rests one order far away."""

    def on_start(self):
        self.subscribe_quotes("BTCUSDT.BINANCE")

    def on_quote(self, quote):
        if not self.orders.open:
            self.buy("BTCUSDT.BINANCE", 0.001, price=round(quote.bid * 0.9, 2))
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's own folder, with a module beside the strategies."""
    (tmp_path / "helper_of_mine.py").write_text('SIZE = "0.003"\n')
    (tmp_path / "one_shot.py").write_text(ONE_SHOT)
    (tmp_path / "quiet.py").write_text(QUIET)
    (tmp_path / "imbalance.py").write_text(EXAMPLE.read_text())
    return tmp_path


@pytest.fixture
def attach(floor: Floor, folder: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts ``tradefloor attach WORDS`` in the user's folder; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, *words, "--floor", floor.run_dir]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=pipe, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


TRADEFLOOR_ATTACH = ("-m", "tradefloor", "attach")


def names(visitor: Visitor) -> set[str]:
    return {entry.name for entry in visitor.member.directory.entries.values() if entry.live}


async def orders_of(visitor: Visitor, strategy: str) -> tuple[Any, ...]:
    reply = await visitor.request("reconciler", GetOrders(strategy, open_only=False))
    return reply.body.orders if isinstance(reply.body, OrderList) else ()


def test_a_strategy_in_a_users_own_folder_trades_and_detaches(
    floor: Floor, attach: Callable[..., subprocess.Popen[str]]
) -> None:
    process = attach(*TRADEFLOOR_ATTACH, "one_shot.py:OneShot", "--set", "cushion=9")

    async def work(visitor: Visitor) -> None:
        async def done() -> bool:
            reply = await visitor.request("reconciler", GetPositions("oneshot"))
            positions = reply.body.positions if isinstance(reply.body, PositionsAnswer) else ()
            return any(each.bought > 0 and each.sold > 0 and abs(each.size) < 0.00001 for each in positions)

        await until(done, 30, "it bought and sold")
        process.send_signal(signal.SIGINT)

        async def gone() -> bool:
            return "oneshot" not in names(visitor)

        await until(gone, 10, "it has left the directory")

    floor.visit(work)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 0, errors
    assert "all is over" in errors


def test_the_example_of_the_documentation_runs_as_it_stands(
    floor: Floor, attach: Callable[..., subprocess.Popen[str]]
) -> None:
    process = attach("imbalance.py", "--set", "threshold=-1", "--name", "example")

    async def work(visitor: Visitor) -> None:
        async def filled() -> bool:
            return any(state.filled for state in await orders_of(visitor, "example"))

        await until(filled, 40, "a fill")

    floor.visit(work)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 0, errors
    assert "filled side=BUY size=0.001" in errors


def test_a_live_duplicate_is_refused_and_its_name_is_free_again_afterwards(
    floor: Floor, attach: Callable[..., subprocess.Popen[str]]
) -> None:
    first = attach(*TRADEFLOOR_ATTACH, "quiet.py:Quiet")

    async def rests(visitor: Visitor) -> None:
        async def open_one() -> Any:
            return [state for state in await open_orders(visitor, strategy="quiet") if state.label == "ACCEPTED"]

        await until(open_one, 20, "an order rests")

    floor.visit(rests)
    second = attach(*TRADEFLOOR_ATTACH, "quiet.py:Quiet")
    _, errors = second.communicate(timeout=20)
    assert second.returncode == 10
    assert "'quiet' is on the floor already" in errors.splitlines()[-1]
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=10)
    third = attach(*TRADEFLOOR_ATTACH, "quiet.py:Quiet")
    floor.visit(rests)
    assert third.poll() is None


@pytest.mark.parametrize("how", ["ends", "is killed", "falls silent"])
def test_the_orders_of_a_strategy_that_is_gone_are_cancelled(
    floor: Floor, attach: Callable[..., subprocess.Popen[str]], how: str
) -> None:
    name = "gone_" + how.split()[-1]
    process = attach(*TRADEFLOOR_ATTACH, "quiet.py:Quiet", "--name", name)

    async def work(visitor: Visitor) -> None:
        async def rests() -> Any:
            return [state for state in await open_orders(visitor, strategy=name) if state.label == "ACCEPTED"]

        await until(rests, 20, "an order rests")
        if how == "falls silent":
            freeze(process.pid)
        else:
            kill(process.pid, {"ends": signal.SIGTERM, "is killed": signal.SIGKILL}[how])

        async def cancelled() -> bool:
            return not await open_orders(visitor, strategy=name)

        await until(cancelled, 30, "its order is cancelled")

    floor.visit(work)
    if how == "falls silent":  # thawed, it finds that its life was given up, and sends nothing more
        process.send_signal(signal.SIGCONT)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 12, errors


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("nothing.py:Quiet",), "there is no such file"),
        (("quiet.py:Loud",), "expected a strategy class Loud; the file has: Quiet"),
        (("one_shot.py:OneShot", "--set", "cushion=wide"), "OneShot.cushion: expected float like 5.0"),
        (("one_shot.py:OneShot", "--set", "pillow=1"), "OneShot has no parameter 'pillow'"),
        (("quiet.py:Quiet", "--name", "9lives"), "--name '9lives': expected a letter"),
    ],
)
def test_bad_input_costs_one_clear_error(
    attach: Callable[..., subprocess.Popen[str]], words: tuple[str, ...], expected: str
) -> None:
    process = attach(*TRADEFLOOR_ATTACH, *words)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 10
    assert len(errors.splitlines()) == 1
    assert expected in errors
