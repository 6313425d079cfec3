"""Many feeds at once on a whole floor: how long until all are live, and what they cost by the second.

    python scripts/benchmarks/many_feeds.py [--symbols 500] [--books 50] [--seconds 20] [--rate 4] [--json]

A twin with so many symbols, the floor with its market-data, execution and book actors, gate, reconciler and supervisor,
and a reader of every symbol's quotes and of some books (deltas, from the venue's actor, and the best ten levels, from
the book actor; by snapshots of 1,000 levels, for fifty of 5,000 are twice what the venue lets an address ask
in a minute). Printed are the seconds from the wish until every topic has its state, and then by process what was
used: processor time a second, and memory. The twin and the reader are processes of the same host and are listed apart.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)  # wherever it is started from; and `bus` is the package, not a file beside this one

from bus import topics  # noqa: E402
from bus.messages import GetInstruments, InstrumentsAnswer, Message  # noqa: E402
from bus.requests import RequestFailed  # noqa: E402
from tradefloor.connection import Connection, NotConnected  # noqa: E402

FLOOR = """
[floor]
name = "many"
log_level = "WARNING"
[venues.BINANCE]
adapter = "binance"
account_type = "spot"
environment = "twin"
snapshot_levels = 1000
[venues.BINANCE.twin]
symbols = {symbols}
rate = {rate}
levels = {levels}
"""
START_S = 180.0
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Reader(Connection):
    """Counts what comes of each topic."""

    def read(self, names: list[str]) -> dict[str, int]:
        """Join all; the counts go on."""
        counts = dict.fromkeys(names, 0)

        def take(message: Message, header: Any, topic: str) -> None:
            counts[topic] += 1

        async def join() -> None:
            for name in names:
                self._visitor.member.subscribe(name, take)

        self._run(join(), 60.0)
        return counts


def _until(condition: Any, what: str) -> float:
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > START_S:
            raise SystemExit(f"not within {START_S:g} s: {what}")
        time.sleep(0.02)
    return time.monotonic() - began


def _used(pid: int) -> tuple[float, int]:
    """(processor seconds, bytes of memory) of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS, int(fields[21]) * PAGE


def _names(supervisor: int) -> dict[int, str]:
    """The floor's processes by number."""
    found = {supervisor: "supervisor"}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        if parent != supervisor:
            continue
        spec = next((word for word in words if word.endswith(b".spec")), b"")
        found[int(entry.name)] = Path(spec.decode()).stem if spec else "twin"
    return found


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Run a floor, and return the figures."""
    with tempfile.TemporaryDirectory(prefix="tf", dir="/tmp") as folder:
        config, run_dir = Path(folder, "floor.toml"), str(Path(folder, "run"))
        config.write_text(FLOOR.format(symbols=options.symbols, rate=options.rate, levels=options.levels))
        words = [sys.executable, "-m", "tradefloor", "up", str(config), "--run-dir", run_dir]
        words += ["--state-dir", str(Path(folder, "state"))]
        floor = subprocess.Popen(words, cwd=folder)
        try:
            began = time.monotonic()
            reader = _connected(run_dir)
            listed = _instruments(reader)
            ready_s = time.monotonic() - began
            quotes = [topics.market("BINANCE", "quote", name) for name in listed]
            deltas = [topics.market("BINANCE", "book", name) for name in listed[: options.books]]
            depths = [topics.book_depth("BINANCE", name, 10) for name in listed[: options.books]]
            counts = reader.read([*quotes, *deltas, *depths])
            live_s = _until(lambda: all(counts.values()), "every topic has its state")
            names = _names(floor.pid) | {os.getpid(): "reader"}
            before, read = {pid: _used(pid)[0] for pid in names}, sum(counts.values())
            time.sleep(options.seconds)
            after = {pid: _used(pid) for pid in names}
            processes = {
                name: {
                    "cpu": round((after[pid][0] - before[pid]) / options.seconds, 3),
                    "memory_mib": round(after[pid][1] / 2**20),
                }
                for pid, name in sorted(names.items(), key=lambda pair: pair[1])
            }
            rate = (sum(counts.values()) - read) / options.seconds
            reader.close()
            return {
                "quotes": len(quotes),
                "books": len(deltas),
                "ready_s": round(ready_s, 1),
                "live_s": round(live_s, 1),
                "messages_per_s": round(rate),
                "processes": processes,
            }
        finally:
            floor.terminate()
            floor.wait(60)


def _connected(run_dir: str) -> Reader:
    deadline = time.monotonic() + START_S
    while True:
        try:
            return Reader(run_dir, "many")
        except NotConnected:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _instruments(reader: Reader) -> list[str]:
    deadline = time.monotonic() + START_S
    while True:
        try:
            answer = reader.request("market_data.BINANCE", GetInstruments("BINANCE"))
        except RequestFailed:
            answer = None
        if isinstance(answer, InstrumentsAnswer) and answer.instruments:
            return [each.id for each in answer.instruments]
        if time.monotonic() > deadline:
            raise SystemExit("the instruments are not read")
        time.sleep(0.1)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--symbols", type=int, default=500, help="of the twin; the quotes of all are read")
    parser.add_argument("--books", type=int, default=50, help="of them with their books")
    parser.add_argument("--levels", type=int, default=100, help="of a side of each book at the twin")
    parser.add_argument("--rate", type=float, default=4.0, help="actions a second in each symbol's market")
    parser.add_argument("--seconds", type=float, default=20.0, help="measured once all is live")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args(arguments)
    found = measure(options)
    if options.json:
        sys.stdout.write(json.dumps({"schema_version": 1, **found}) + "\n")
        return 0
    sys.stdout.write(
        f"{found['quotes']} symbols' quotes and {found['books']} books: the floor knows its instruments after "
        f"{found['ready_s']} s, all topics are live {found['live_s']} s later, {found['messages_per_s']:,} messages/s\n"
    )
    sys.stdout.write(f"{'process':24}{'cpu':>8}{'MiB':>8}\n")
    for name, used in found["processes"].items():
        sys.stdout.write(f"{name:24}{used['cpu']:>8.2f}{used['memory_mib']:>8}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
