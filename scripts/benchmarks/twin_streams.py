"""How fast the twin of Binance Spot streams to one client: messages a second, and what they cost it.

    python scripts/benchmarks/twin_streams.py [--symbols 20] [--rate 500] [--seconds 3] [--json]

A twin in a process of its own moves its symbols at the given rate; a plain socket reads bookTicker, trade and
depth@100ms of all of them and does nothing but cut the bytes into messages. `decoded` is how many of the same messages
`json.loads` reads a second in this process, and `ratio` the messages a second over that: under 1, a client in Python
that decodes each message is never the faster of the two.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
STREAMS = ("bookTicker", "trade", "depth@100ms")
READ_BYTES = 1 << 18
WARM_UP_S = 0.5
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def connect(port: int, symbols: list[str]) -> tuple[socket.socket, bytes]:
    """A WebSocket on the combined streams, and what of it came with the handshake."""
    names = "/".join(f"{symbol.lower()}@{kind}" for symbol in symbols for kind in STREAMS)
    raw = socket.create_connection(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    raw.sendall(
        f"GET /stream?streams={names} HTTP/1.1\r\nHost: twin\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += raw.recv(READ_BYTES)
    if not answer.startswith(b"HTTP/1.1 101"):
        raise SystemExit(f"the twin refused: {answer[:200]!r}")
    return raw, answer.partition(b"\r\n\r\n")[2]


def cut(data: bytes, messages: list[bytes]) -> bytes:
    """Cut whole text frames from the bytes; what is left over."""
    at = 0
    while len(data) - at >= 2:
        length, head = data[at + 1], 2
        if length >= 126:
            head = 4 if length == 126 else 10
            length = int.from_bytes(data[at + 2 : at + head], "big")
        if len(data) - at < head + length or len(data) - at < head:
            break
        if data[at] & 15 == 1:
            messages.append(data[at + head : at + head + length])
        at += head + length
    return data[at:]


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def measure(symbols: int, rate: float, seconds: float) -> dict[str, Any]:
    """Run a twin and read it."""
    command = [sys.executable, "-m", "venues.binance.twin", "--seed", "7"]
    command += ["--symbols", str(symbols), "--rate", str(rate)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as twin:
        try:
            assert twin.stdout is not None
            greeting = json.loads(twin.stdout.readline())
            with urlopen(f"{greeting['rest']}/api/v3/ticker/price") as answer:
                names = [one["symbol"] for one in json.load(answer)]
            return read(int(greeting["rest"].rpartition(":")[2]), names, twin.pid, seconds)
        finally:
            twin.terminate()


def read(port: int, symbols: list[str], pid: int, seconds: float) -> dict[str, Any]:
    """Read for so long, then decode what was read."""
    raw, rest = connect(port, symbols)
    messages: list[bytes] = []
    with raw:
        until = time.perf_counter() + WARM_UP_S
        while time.perf_counter() < until:
            rest = cut(rest + raw.recv(READ_BYTES), messages)
        messages.clear()
        begin, used_s, mine_s = time.perf_counter(), cpu_s(pid), time.process_time()
        while time.perf_counter() < begin + seconds:
            rest = cut(rest + raw.recv(READ_BYTES), messages)
        passed = time.perf_counter() - begin
        used_s, mine_s = cpu_s(pid) - used_s, time.process_time() - mine_s
    begin = time.perf_counter()
    for message in messages:
        json.loads(message)
    decoded = len(messages) / (time.perf_counter() - begin)
    return {
        "messages_per_s": len(messages) / passed,
        "bytes_per_s": sum(map(len, messages)) / passed,
        "twin_cpu_share": used_s / passed,
        "reader_cpu_share": mine_s / passed,
        "decoded_per_s": decoded,
        "ratio": len(messages) / passed / decoded,
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Messages a second from the twin to one client.")
    parser.add_argument("--symbols", type=int, default=20)
    parser.add_argument("--rate", type=float, default=500.0, help="book changes a second and symbol")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.symbols, options.rate, options.seconds)
    if options.json:
        print(json.dumps({"schema_version": 1, **found}))
        return 0
    for name, value in found.items():
        print(f"{name:18} {value:14,.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
