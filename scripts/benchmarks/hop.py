"""Where the time of one hop goes: a quote from `publish` in one process to the handler in another, over ipc.

    python scripts/benchmarks/hop.py [--rates 50 1000 5000] [--messages 1500] [--json]

encode    the header and the message become bytes
send      libzmq takes the three frames
wake      libzmq's two I/O threads pass them on, and the reader's loop wakes up
receive   the reader takes the three frames
judge     numbers compared, the message noted (should it end this process), decoded, and handed on

Each figure is the median in microseconds; a stamp of the clock, at every border, is some 0.1 of them. ``wake`` is the
kernel's and libzmq's. All is dearer where messages are rare: the core sleeps and its caches are cold; and where they
are dense a loop finds several at a wake, and the wait of the later ones is in ``receive``. What the whole costs beside
bare pyzmq is measured by ``bus.py``, without stamps in between.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)  # wherever it is started from; and `bus` is the package, not this file

import bus.streams.publisher as publishing  # noqa: E402
from actors.runtime.loop_actor import new_event_loop  # noqa: E402
from bus.clock import SystemClock  # noqa: E402
from bus.codec import Header  # noqa: E402
from bus.messages import Message, Quote  # noqa: E402
from bus.streams import Publisher, Reader, Subscription  # noqa: E402
from bus.transport import Frames, ZmqTransport  # noqa: E402
from bus.transport.ports import Port  # noqa: E402

TOPIC = "market/BENCH/quote/BTCUSDT.BENCH/"
PARTS = ("encode", "send", "wake", "receive", "judge")
WARM_UP = 200
"""Messages that are not counted: caches, allocators and the processor's clock."""
JOIN_S = 10.0

_now = time.perf_counter_ns
"""CLOCK_MONOTONIC, which is one for all processes of a host."""


class Stamped(Reader):
    """A reader that notes when its loop woke up and when it had the frames."""

    woke_ns = 0
    had_ns = 0

    def _on_message(self, frames: Frames) -> None:
        self.had_ns = _now()
        super()._on_message(frames)


async def read(endpoint: str) -> None:
    """The far side: print, for each quote that came, its number and three stamps."""
    loop = asyncio.get_running_loop()
    reader = Stamped(ZmqTransport(loop), loop, endpoint, "bench")
    stamps: list[tuple[int, int, int, int]] = []
    drain = Port._drain

    def woken(port: Port) -> None:
        reader.woke_ns = _now()
        drain(port)

    Port._drain = woken  # type: ignore[method-assign]
    loop.remove_reader(reader._link._fd)  # type: ignore[attr-defined]
    loop.add_reader(reader._link._fd, reader._link._drain)  # type: ignore[attr-defined]

    def take(message: Message, header: Header, topic: str) -> None:
        now = _now()
        if isinstance(message, Quote):
            stamps.append((message.seq, reader.woke_ns, reader.had_ns, now))

    reader.subscribe(Subscription(TOPIC, take, None))
    await asyncio.to_thread(sys.stdin.readline)
    sys.stdout.write(json.dumps(stamps) + "\n")


def _quote(number: int) -> Quote:
    return Quote("BTCUSDT.BENCH", 100_000.0, 100_000.1, 1.5, 2.5, number, 0, _now())


async def publish(endpoint: str, far: subprocess.Popen[str], rate: float, messages: int) -> dict[str, float]:
    """The near side: publish at a rate, and return the medians of each part."""
    loop = asyncio.get_running_loop()
    joined = loop.create_future()
    encoded: list[int] = []
    plain = publishing.encode

    def encode(message: Any) -> bytes:
        raw = plain(message)
        encoded.append(_now())
        return raw

    publisher = Publisher(
        ZmqTransport(loop), loop, SystemClock(), endpoint, "bench", ("market/",), lambda topic: _quote(0),
        lambda topic: joined.set_result(None), lambda topic: None,
    )  # fmt: skip
    publisher.epoch = 1
    await asyncio.wait_for(joined, JOIN_S)
    publishing.encode = encode
    near: dict[int, tuple[int, int, int]] = {}
    due = loop.time()
    for number in range(1, WARM_UP + messages + 1):
        due += 1 / rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        began = _now()
        publisher.publish(TOPIC, _quote(number))
        near[number] = (began, encoded[-1], _now())
    publishing.encode = plain
    await asyncio.sleep(0.2)
    told, _ = far.communicate("done\n")
    parts = []
    for number, woke, had, handled in json.loads(told):
        began, bytes_ns, sent = near.get(number, (0, 0, 0))
        if number > WARM_UP and began:
            borders = (began, bytes_ns, sent, max(woke, sent), max(had, sent), handled)
            parts.append([(end - start) / 1e3 for start, end in pairwise(borders)])
    if len(parts) < messages:
        raise RuntimeError(f"{len(parts)} of {messages} quotes came")
    found = {name: median(column) for name, column in zip(PARTS, zip(*parts, strict=True), strict=True)}
    return {**found, "whole": median(map(sum, parts))}


def measure(rate: float, messages: int) -> dict[str, float]:
    """Run both sides once."""
    with tempfile.TemporaryDirectory(prefix="tf", dir="/tmp") as folder:
        endpoint = f"ipc://{folder}/pub"
        command = [sys.executable, __file__, "--far", endpoint]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as far:
            try:
                with asyncio.Runner(loop_factory=new_event_loop) as runner:
                    return runner.run(publish(endpoint, far, rate, messages))
            finally:
                far.kill()


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=float, nargs="+", default=[50.0, 1000.0, 5000.0], help="messages a second")
    parser.add_argument("--messages", type=int, default=1500, help="of each rate, at most 20 seconds of them")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--far", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.far:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(read(options.far))
        return 0
    found = {f"{rate:g}": measure(rate, min(options.messages, int(rate * 20))) for rate in options.rates}
    if options.json:
        sys.stdout.write(json.dumps({"schema_version": 1, "medians_us": found}) + "\n")
        return 0
    names = (*PARTS, "whole")
    sys.stdout.write(f"{'quotes/s':>9}" + "".join(f"{name:>10}" for name in names) + "\n")
    for label, parts in found.items():
        sys.stdout.write(f"{label:>9}" + "".join(f"{parts[name]:>10.1f}" for name in names) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
