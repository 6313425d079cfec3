"""What a strategy sees and keeps on a whole floor: data of every kind, timers, long work, state over its lives."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from binance_floor import wait_for
from elsewhere import gone
from floors import Floor
from json_lines import whole_lines

WATCHER = '''
import json, time
from pathlib import Path
from tradefloor import Strategy


def slow_sum(numbers, seconds):
    time.sleep(seconds)
    return sum(numbers)


class Watcher(Strategy):
    """Writes down what it sees."""

    instrument = "BTCUSDT.BINANCE"

    def tell(self, what, **fields):
        with Path("told.jsonl").open("a") as file:
            file.write(json.dumps({"what": what, **fields}) + "\\n")

    def once(self, what, **fields):
        if what not in self.seen:
            self.seen.add(what)
            self.tell(what, **fields)

    def on_load(self, state):
        self.lives = state["lives"]
        self.tell("load", lives=self.lives)

    async def on_start(self):
        self.seen = set()
        self.lives = getattr(self, "lives", 0) + 1
        self.save()
        name = self.instrument
        self.subscribe_quotes(name)
        self.subscribe_trades(name)
        self.subscribe_book(name, depth=5)
        self.subscribe_depth(name, depth=5)
        self.subscribe_bars(name, "1-SECOND")
        self.subscribe_ticker(name)
        self.subscribe_status(name)
        self.subscribe_bars(name, "7-MINUTE")
        self.subscribe_quotes("NOSUCH.BINANCE")
        try:
            self.subscribe_quotes("BTCUSDT.BINANCES")
        except ValueError as error:
            self.tell("typo", error=str(error))
        self.after("50ms", lambda: self.tell("after"))
        self.after("50ms", lambda: self.tell("never")).cancel()
        self.at(self.clock.time_ns() + 60_000_000, lambda: self.tell("at"))
        bars = await self.history(name, "bars", "2024-06-10", "2024-06-10T01:00:00Z", "1-MINUTE")
        self.tell("history", rows=len(bars), missing=bars.missing)
        self.spawn(self.works())

    async def works(self):
        self.tell("compute", sum=await self.compute(slow_sum, [1, 2, 3], 0.3))
        try:
            await self.compute(slow_sum, [1], 60, timeout="200ms")
        except Exception as error:
            self.tell("too long", error=str(error))

    def on_save(self):
        return {"lives": self.lives}

    def on_quote(self, quote):
        newest = self.quote(self.instrument)
        self.once("quote", bid=quote.bid, at_hand=newest is not None and newest.ts_init >= quote.ts_init)

    def on_trade(self, trade):
        self.once("trade", price=trade.price)

    def on_book(self, book):
        self.once("book", levels=len(book.bids))

    def on_depth(self, depth):
        self.once("depth", levels=len(depth.bids))

    def on_bar(self, bar):
        newest = self.bar(self.instrument, "1-SECOND")
        self.once("bar", closed=bar.closed, interval=bar.interval, newest=newest is not None)

    def on_ticker(self, ticker):
        self.once("ticker", last=ticker.last)

    def on_status(self, status):
        self.once("status", status=str(status.status))

    def on_balance(self, balance):
        self.once("balance", asset=balance.asset)
        usdt = self.balance("USDT")
        if usdt is not None:
            self.once("usdt", total=str(usdt.total), instance=usdt.instance)

    def on_book_state(self, instrument, state, reason):
        if state == "REFUSED":
            self.once(f"refused {instrument}", reason=reason)

    def on_venue_state(self, instance, state, reason):
        self.once(f"{instance} {state}", known=self.venue_states[instance])
'''
KINDS = ("quote", "trade", "book", "depth", "bar", "ticker", "status", "balance", "usdt", "BINANCE SYNCED")


class Attached:
    """The strategy, attached from a folder of its own."""

    def __init__(self, floor: Floor, folder: Path) -> None:
        (folder / "watcher.py").write_text(WATCHER)
        self.told = folder / "told.jsonl"
        self.told.unlink(missing_ok=True)
        words = [sys.executable, "-m", "tradefloor", "attach", "watcher.py:Watcher", "--floor", floor.run_dir]
        self.log = (folder / "log.txt").open("ab")
        self.process = subprocess.Popen(words, cwd=folder, stderr=self.log, stdout=self.log)

    def wait(self, *whats: str) -> dict[str, dict[str, Any]]:
        """Wait until all was told; return it by what it was about."""

        def found() -> dict[str, dict[str, Any]]:
            assert self.process.poll() is None, Path(self.log.name).read_text()[-2000:]
            return {line["what"]: line for line in whole_lines(self.told)}

        wait_for(lambda: set(whats) <= set(found()), f"all of {whats} is told", 40)
        return found()

    def kill(self, floor: Floor) -> None:
        """Kill it, and wait until the floor knows."""
        self.process.kill()
        self.process.wait(30)
        self.log.close()
        floor.visit(lambda visitor: gone(visitor, "watcher"))

    def close(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        self.log.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def watcher(floor: Floor, folder: Path) -> Iterator[Attached]:
    attached = Attached(floor, folder)
    yield attached
    if attached.process.poll() is None:
        attached.close()


def test_a_strategy_sees_every_kind_of_data_and_does_long_work_beside_it(watcher: Attached) -> None:
    told = watcher.wait(*KINDS, "after", "at", "history", "compute", "too long", "typo")
    assert told["quote"]["at_hand"]
    assert told["book"]["levels"] == told["depth"]["levels"] == 5
    assert told["bar"] == {"what": "bar", "closed": True, "interval": "1-SECOND-LAST", "newest": True}
    assert told["status"]["status"] == "TRADING"
    assert told["usdt"]["instance"] == "BINANCE"
    assert told["BINANCE SYNCED"]["known"] == "SYNCED"
    assert (told["history"]["rows"], told["history"]["missing"]) == (60, "")
    assert told["compute"]["sum"] == 6
    assert told["too long"]["error"] == "slow_sum took longer than 0.2 s; its process was ended"
    assert "never" not in told
    assert told["typo"]["error"].endswith("of: BINANCE (BINANCE); did you mean BTCUSDT.BINANCE?")


def test_data_that_there_is_not_is_said_to_the_strategy_with_what_there_is(watcher: Attached) -> None:
    told = watcher.wait("refused NOSUCH.BINANCE", "refused BTCUSDT.BINANCE")
    assert "NOSUCH.BINANCE" in told["refused NOSUCH.BINANCE"]["reason"]
    assert "'7-MINUTE-LAST'; it has: 1-SECOND-LAST" in told["refused BTCUSDT.BINANCE"]["reason"]


def test_what_a_strategy_keeps_is_there_after_a_kill_and_after_a_stop(floor: Floor, folder: Path) -> None:
    (floor.state_dir / "kept" / "watcher").unlink(missing_ok=True)
    first = Attached(floor, folder)
    assert "load" not in first.wait("history")
    first.kill(floor)
    second = Attached(floor, folder)
    assert second.wait("history")["load"]["lives"] == 1
    second.close()
    third = Attached(floor, folder)
    assert third.wait("history")["load"]["lives"] == 2
    third.close()


def test_the_worker_of_a_killed_strategy_ends_with_it(floor: Floor, watcher: Attached) -> None:
    watcher.wait("compute")
    children = Path(f"/proc/{watcher.process.pid}/task/{watcher.process.pid}/children").read_text().split()
    assert children
    watcher.kill(floor)
    wait_for(lambda: not any(Path(f"/proc/{pid}/cmdline").exists() for pid in children), "its worker is gone", 20)


def test_a_spoilt_state_is_named_and_the_strategy_does_not_begin(floor: Floor, folder: Path) -> None:
    kept = floor.state_dir / "kept" / "watcher"
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(b"spoilt")
    attached = Attached(floor, folder)
    assert attached.process.wait(30) == 10
    attached.log.close()
    assert f"{kept}: it is spoilt; move it away" in (folder / "log.txt").read_text()
    kept.unlink()
