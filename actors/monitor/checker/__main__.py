"""``python -m actors.monitor.checker``: watch a floor until told to judge it.

It says ``{"ready": true}`` on a line of its own once every stream is joined. On SIGTERM, SIGINT or a line ``judge`` on
its standard input it reads what was written down and prints its verdict, one JSON document. Exit code 0: everybody
tells one story and no loss went unmarked; 1: not so; 10: it cannot look at all.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from actors.monitor.checker.verdict import Places, judge
from actors.monitor.checker.watch import Watch, Watched
from actors.monitor.visitor import FloorRefused, FloorUnreachable, Visitor

__all__ = ["main"]

EXIT_GOOD, EXIT_BAD, EXIT_CONFIGURATION = 0, 1, 10
STDIN = 0
LOOK_S = 0.01
"""Between looks at whether every stream is joined."""
REACH_S = 10.0
"""How long a floor that is just starting may take to answer."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the checker; return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        places = _places(options)
        return asyncio.run(_run(places, options.json))
    except (ValueError, FloorRefused, FloorUnreachable) as error:
        print(f"checker: {error}", file=sys.stderr)
        return EXIT_CONFIGURATION


async def _run(places: Places, is_line: bool) -> int:
    asked = _asked_to_judge()
    watch = Watch(places.watched)
    floor = await _reach(places.run_dir, asked)
    try:
        watch.join(floor)
        while not (watch.joined or asked.is_set()):
            await _wait(asked, LOOK_S)
        if watch.joined:
            print('{"ready": true}', flush=True)
        await asked.wait()
        watch.finish(floor)
    finally:
        await floor.__aexit__(None, None, None)
    verdict = judge(places, watch)
    document = msgspec.json.encode(verdict)
    print((document if is_line else msgspec.json.format(document)).decode(), flush=True)
    return EXIT_GOOD if verdict.is_good else EXIT_BAD


async def _wait(event: asyncio.Event, limit_s: float) -> None:
    try:
        async with asyncio.timeout(limit_s):
            await event.wait()
    except TimeoutError:
        pass


async def _reach(run_dir: str, asked: asyncio.Event) -> Visitor:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + REACH_S
    while True:
        try:
            return await Visitor(run_dir, f"checker-{os.getpid()}").__aenter__()
        except FloorUnreachable:
            if loop.time() > deadline or asked.is_set():
                raise


def _asked_to_judge() -> asyncio.Event:
    """Return an event that a signal or a line ``judge`` sets."""
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    heard = bytearray()
    is_pipe = stat.S_ISFIFO(os.fstat(STDIN).st_mode)

    def on_input() -> None:
        data = os.read(STDIN, 4096)
        heard.extend(data)
        if b"judge" in heard.splitlines() or (not data and is_pipe):  # whoever held the pipe's other end is gone
            asked.set()
        if not data or asked.is_set():
            loop.remove_reader(STDIN)

    try:
        loop.add_reader(STDIN, on_input)
    except OSError:
        pass  # a plain file, or closed: signals alone are listened to
    return asked


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="checker", description="Watch a floor, then judge it by its venues' logs.")
    parser.add_argument("--run-dir", required=True, help="the floor's run directory")
    parser.add_argument("--twin", action="append", required=True, metavar="INSTANCE=LOGFILE")
    parser.add_argument("--events", type=Path, required=True, help="the reconciler's events.db")
    parser.add_argument("--views", type=Path, required=True, help="the folder of the strategies' records")
    parser.add_argument("--instrument", action="append", default=[], metavar="INSTANCE:INSTRUMENT")
    parser.add_argument("--json", action="store_true", help="the verdict on one line")
    return parser


def _places(options: argparse.Namespace) -> Places:
    """Read the options. Raises ValueError naming the one that is wrong."""
    twins: dict[str, Path] = {}
    for text in options.twin:
        instance, equals, file = text.partition("=")
        if not (instance and equals and file):
            raise ValueError(f"--twin {text!r}: expected INSTANCE=LOGFILE")
        twins[instance] = Path(file)
    watched: dict[Watched, None] = {}
    for text in options.instrument:
        instance, colon, instrument = text.partition(":")
        if not (instance and colon and "." in instrument):
            raise ValueError(f"--instrument {text!r}: expected INSTANCE:SYMBOL.VENUE, such as BINANCE:BTCUSDT.BINANCE")
        if instance not in twins:
            raise ValueError(f"--instrument {text!r}: no --twin {instance}=LOGFILE is given")
        watched[Watched(instance, instrument)] = None
    return Places(options.run_dir, twins, options.events, options.views, tuple(watched))


if __name__ == "__main__":
    sys.exit(main())
