"""How fast the bus is, as ratios to bare pyzmq in the same run: two processes, ipc, the same frames, the same loop.

    python scripts/benchmarks/bus.py [--rounds 7] [--messages 2000] [--rate 1000] [--json]

hop          one message from `publish` to the handler in the other process, at a steady rate
throughput   a burst through `publish`, and until the last of it was handled
join         a reader's join of a book of 5,000 levels a side, until its handler has it (bare: its bytes)
request      a request and its answer, one at a time

Each is measured for the bus and for bare pyzmq, without CURVE and with it (``_curve``): on its own host the bus
encrypts requests and private topics, and market data not.

The contenders take turns within each round, so that a busy machine hits them alike. A figure is the median over the
rounds; so is a ratio, of each round's own ratio.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)  # wherever it is started from; and `bus` is the package, not this file

import zmq  # noqa: E402

from actors.runtime.loop_actor import new_event_loop  # noqa: E402
from bus.clock import SystemClock  # noqa: E402
from bus.codec import WIRE_VERSION, Header, RequestHeader, encode  # noqa: E402
from bus.messages import BookSnapshot, Empty, Message, Quote  # noqa: E402
from bus.requests import Client  # noqa: E402
from bus.streams import Publisher  # noqa: E402
from bus.transport import ZmqTransport  # noqa: E402
from scripts.benchmarks.bus_raw import RawPort, new_keys  # noqa: E402
from scripts.benchmarks.bus_sides import FAR, KINDS, NEAR, Endpoints, book_of, is_encrypted, ticks_of  # noqa: E402

TARGET_HOP = 1.25
"""What a hop through the bus may cost at the median, of one through bare pyzmq."""
LEVELS = 5_000
BURST = 50_000
"""Messages of a burst: half of what a publisher keeps for a slow reader, so that none is dropped."""
WARM_UP = 300
"""Messages and requests of a contender that are not counted: caches, allocators and the processor's clock."""

Figures = dict[str, float]


class NearSide:
    """The process that publishes and asks."""

    def __init__(self, endpoints: Endpoints, far: subprocess.Popen[str]) -> None:
        self._far = far
        loop = asyncio.get_running_loop()
        clock = SystemClock()
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context(io_threads=1)
        self._publishers: dict[str, Any] = {}
        self._callers: dict[str, Any] = {}
        self._answered: asyncio.Future[None] | None = None
        for kind in KINDS:
            published, served = endpoints.publisher(kind), endpoints.server(kind)
            if kind.startswith("raw"):
                keys = endpoints.keys if is_encrypted(kind) else None
                self._publishers[kind] = RawPort(context, zmq.XPUB, published, self._on_join(kind), keys)
                self._callers[kind] = RawPort(context, zmq.DEALER, served, self._on_answer, keys)
            else:
                transport = endpoints.transport(loop, kind, NEAR)
                places = ("", published) if is_encrypted(kind) else (published, "")
                self._publishers[kind] = self._publisher(transport, *places)
                self._callers[kind] = Client(
                    transport, loop, clock, served, "bench", server_key=endpoints.key_of(kind, FAR)
                )
        self._header = encode(Header(WIRE_VERSION, 1, "bench", 1, 1_000_000, time.time_ns()))
        self._padding = encode(_quote())[8:]

    def _publisher(self, transport: ZmqTransport, open_at: str, private_at: str) -> Publisher:
        publisher = Publisher(
            transport,
            asyncio.get_running_loop(),
            SystemClock(),
            open_at or f"{private_at}.open",
            "bench",
            ("market/", "execution/", "account/"),
            self._state,
            lambda topic: None,
            lambda topic: None,
            private_at,
            lambda key, topic: True,
        )
        publisher.epoch = 1
        return publisher

    async def ask(self, *words: str) -> Any:
        """Give the far side a command and wait for its answer, without blocking this loop."""
        assert self._far.stdin is not None
        assert self._far.stdout is not None
        self._far.stdin.write(" ".join(words) + "\n")
        self._far.stdin.flush()
        return json.loads(await asyncio.to_thread(self._far.stdout.readline))

    # one message, one request

    def publish(self, kind: str) -> None:
        """Publish a quote that carries when it was."""
        if kind.startswith("raw"):
            stamp = time.perf_counter_ns().to_bytes(8, "little")
            self._publishers[kind].send(ticks_of(kind).encode(), self._header, stamp + self._padding)
        else:
            self._publishers[kind].publish(ticks_of(kind), _quote())

    async def request(self, kind: str) -> int:
        """Ask once; return the nanoseconds until the answer."""
        began = time.perf_counter_ns()
        if kind.startswith("raw"):
            self._answered = asyncio.get_running_loop().create_future()
            header = RequestHeader(WIRE_VERSION, began, "bench", 1, began, began)
            self._callers[kind].send(encode(header), encode(Empty()))
            await self._answered
        else:
            reply = await self._callers[kind].send(Empty())
            if not reply.ok:
                raise RuntimeError(f"{kind}: {reply.status!r} {reply.reason}")
        return time.perf_counter_ns() - began

    async def connect(self, kind: str) -> None:
        """Wait until the far side's server is there."""
        while True:
            try:
                await asyncio.wait_for(self.request(kind), 0.2)
            except (RuntimeError, TimeoutError):
                await asyncio.sleep(0.02)
            else:
                return

    def _state(self, topic: str) -> Message | None:
        return _book() if topic in _BOOKS else _quote()

    def _on_join(self, kind: str) -> Callable[[list[bytes]], None]:
        """Answer a join as the bus does: with the state, once."""

        def join(frames: list[bytes]) -> None:
            if frames[0][:1] != b"\1":
                return
            topic = frames[0][1:]
            stamp = time.perf_counter_ns().to_bytes(8, "little")
            rest = encode(_book()) if topic.decode() in _BOOKS else self._padding
            self._publishers[kind].send(topic, self._header, stamp + rest)

        return join

    def _on_answer(self, frames: list[bytes]) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(None)


def _quote() -> Quote:
    return Quote("BTCUSDT.BENCH", 100_000.0, 100_000.1, 1.5, 2.5, 1, 0, time.perf_counter_ns())


_BOOKS = {book_of(kind) for kind in KINDS}
_BIDS = [(100_000.0 - level * 0.1, 1.0 + level) for level in range(LEVELS)]
_ASKS = [(100_000.1 + level * 0.1, 1.0 + level) for level in range(LEVELS)]


def _book() -> BookSnapshot:
    return BookSnapshot("BTCUSDT.BENCH", _BIDS, _ASKS, 1, 0, time.perf_counter_ns())


# the measurements: each returns the figures of one contender in one round


async def hop(near: NearSide, kind: str, options: argparse.Namespace) -> Figures:
    """One-way times at a steady rate, microseconds."""
    await near.ask("join", kind)
    await near.ask("seen", kind)
    pause_s = 1 / options.rate
    for count in range(WARM_UP + options.messages):
        if count == WARM_UP:
            await asyncio.sleep(0.05)
            await near.ask("seen", kind)
        near.publish(kind)
        await asyncio.sleep(pause_s)
    await asyncio.sleep(0.05)
    times = sorted(await near.ask("seen", kind))
    await near.ask("leave", kind)
    if len(times) != options.messages:
        raise RuntimeError(f"{kind}: {len(times)} of {options.messages} messages came")
    return {"p50_us": times[len(times) // 2] / 1e3, "p99_us": times[len(times) * 99 // 100] / 1e3}


async def throughput(near: NearSide, kind: str, options: argparse.Namespace) -> Figures:
    """A burst: messages a second through `publish`, and until the last was handled."""
    await near.ask("join", kind)
    await near.ask("seen", kind)
    began = time.perf_counter()
    for _ in range(BURST):
        near.publish(kind)
    published_s = time.perf_counter() - began
    handled = 0
    while handled < BURST:
        await asyncio.sleep(0.005)
        handled += len(await near.ask("seen", kind))
        if time.perf_counter() - began > 30:
            raise RuntimeError(f"{kind}: {handled} of {BURST} messages came")
    handled_s = time.perf_counter() - began
    await near.ask("leave", kind)
    return {"publish_per_s": BURST / published_s, "handle_per_s": BURST / handled_s}


async def join(near: NearSide, kind: str, options: argparse.Namespace) -> Figures:
    """From the wish to join a book of 5,000 levels a side until it is there, milliseconds."""
    times = []
    for _ in range(5):
        began = time.perf_counter_ns()
        times.append((await near.ask("join", kind, "book") - began) / 1e6)
        await near.ask("leave", kind, "book")
        await near.ask("seen", kind)
    return {"ms": median(times)}


async def request(near: NearSide, kind: str, options: argparse.Namespace) -> Figures:
    """Round trips, one at a time, microseconds."""
    await near.connect(kind)
    for _ in range(WARM_UP):
        await near.request(kind)
    times = sorted([await near.request(kind) for _ in range(options.messages)])
    return {"p50_us": times[len(times) // 2] / 1e3, "p99_us": times[len(times) * 99 // 100] / 1e3}


MEASURES: dict[str, Callable[[NearSide, str, argparse.Namespace], Awaitable[Figures]]] = {
    "hop": hop,
    "throughput": throughput,
    "join": join,
    "request": request,
}


async def measure(endpoints: Endpoints, far: subprocess.Popen[str], options: argparse.Namespace) -> dict[str, Any]:
    """Run all rounds; return what each contender needed, by measure."""
    near = NearSide(endpoints, far)
    found: dict[str, dict[str, list[Figures]]] = {name: {kind: [] for kind in KINDS} for name in options.only}
    for number in range(options.rounds):
        for name in options.only:
            for kind in KINDS if number % 2 == 0 else KINDS[::-1]:
                found[name][kind].append(await MEASURES[name](near, kind, options))
    return {name: _compare(kinds) for name, kinds in found.items()}


def _compare(kinds: dict[str, list[Figures]]) -> dict[str, Any]:
    """Return each contender's medians, and the median of each round's ratio to bare pyzmq without CURVE."""
    result: dict[str, Any] = {}
    for kind, rounds in kinds.items():
        for figure in rounds[0]:
            values = [each[figure] for each in rounds]
            ratios = [each[figure] / raw[figure] for each, raw in zip(rounds, kinds["raw"], strict=True)]
            result.setdefault(kind, {})[figure] = {"median": median(values), "to_raw": median(ratios)}
    return result


def table(result: dict[str, Any]) -> str:
    """Return the result for people."""
    lines = [f"{'measure':12}{'figure':16}{'contender':12}{'median':>12}{'to raw':>9}"]
    for name, kinds in result.items():
        for kind, figures in kinds.items():
            for figure, values in figures.items():
                number = f"{values['median']:,.1f}" if values["median"] < 10_000 else f"{values['median']:,.0f}"
                lines.append(f"{name:12}{figure:16}{kind:12}{number:>12}{values['to_raw']:>9.2f}")
    if "hop" in result:
        ratio = result["hop"]["ours"]["p50_us"]["to_raw"]
        lines.append(f"a hop costs {ratio:.2f} of bare pyzmq's at the median; the target is {TARGET_HOP:g} at most")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--messages", type=int, default=2000, help="of a contender in a round, where they are paced")
    parser.add_argument("--rate", type=float, default=1000.0, help="messages a second of the hop")
    parser.add_argument("--only", nargs="+", choices=tuple(MEASURES), default=list(MEASURES))
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="tf", dir="/tmp") as folder:
        endpoints = Endpoints(folder, new_keys())
        endpoints.store.ensure(NEAR, FAR)
        command = [sys.executable, "-m", "scripts.benchmarks.bus_far_side", endpoints.write()]
        far = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        try:
            assert far.stdout is not None
            far.stdout.readline()
            with asyncio.Runner(loop_factory=new_event_loop) as runner:
                result = runner.run(measure(endpoints, far, options))
        finally:
            far.kill()
            far.wait()
    sys.stdout.write(json.dumps({"schema_version": 1, **result}) if options.json else table(result))
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
