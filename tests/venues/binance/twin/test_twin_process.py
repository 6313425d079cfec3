"""The twin as a process: its greeting, its keys, its end."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from twin_client import ROOT, Client, Twin

COMMAND = [sys.executable, "-m", "venues.binance.twin"]


def test_the_greeting_tells_where_everything_is(twin: Twin) -> None:
    assert twin.greeting["venue"] == "binance"
    assert twin.greeting["account_type"] == "spot"
    assert twin.greeting["pid"] == twin.process.pid
    assert twin.greeting["seed"] == 7
    assert len(twin.greeting["api_key"]) == len(twin.greeting["api_secret"]) == 64

    async def test(client: Client) -> None:
        assert await client.public("/api/v3/ping") == {}

    twin.run(test)
    lines = twin.log()
    assert (lines[0]["kind"], lines[-1]["kind"]) == ("start", "stop")
    assert lines[0]["balances"][twin.greeting["api_key"]]["BTC"] == {
        "free": "10.00000000",
        "locked": "0.00000000",
    }
    assert all(isinstance(line["ts_ns"], int) for line in lines)
    assert twin.greeting["api_secret"] not in twin.log_path.read_text()


def test_a_signal_ends_it_within_a_second_with_sockets_open(twin: Twin) -> None:
    async def test(client: Client) -> float:
        async with client.stream("/ws/btcusdt@trade") as stream, client.api() as api:
            begin = time.monotonic()
            os.kill(twin.process.pid, signal.SIGINT)
            assert await stream.closed() is not None
            assert await api.closed() is not None
            assert twin.process.wait(timeout=5) == 0
            return time.monotonic() - begin

    assert twin.run(test) < 1.0
    assert len(twin.log("socket_close")) == 2


def test_a_taken_port_is_one_clear_line_and_exit_code_ten(twin: Twin) -> None:
    port = twin.greeting["rest"].rsplit(":", 1)[1]
    done = subprocess.run([*COMMAND, "--port", port], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 10
    assert done.stderr.count("\n") == 1
    assert port in done.stderr


def test_a_key_file_is_made_once_and_used_again(start_twin: Any, tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    first = start_twin("--key-file", str(path)).greeting
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == {"api_key": first["api_key"], "api_secret": first["api_secret"]}
    assert start_twin("--key-file", str(path)).greeting["api_key"] == first["api_key"]
    path.chmod(0o644)
    command = [*COMMAND, "--key-file", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 10
    assert "0600" in done.stderr


def test_balances_and_symbols_are_as_told(start_twin: Any) -> None:
    async def test(client: Client) -> None:
        _, account = await client.signed("GET", "/api/v3/account", omitZeroBalances="true")
        assert {b["asset"]: b["free"] for b in account["balances"]}["SOL"] == "1.50000000"
        assert [s["symbol"] for s in (await client.public("/api/v3/exchangeInfo"))["symbols"]] == ["SOLUSDT"]

    start_twin("--symbols", "SOLUSDT", "--balance", "SOL=1.5").run(test)


def test_it_ends_when_its_supervisor_is_not_its_parent(tmp_path: Path) -> None:
    environment = os.environ | {"TRADEFLOOR_SUPERVISOR_PID": "1"}
    done = subprocess.run(COMMAND, cwd=ROOT, capture_output=True, timeout=20, check=False, env=environment)
    assert (done.returncode, done.stdout) == (0, b"")


def test_a_reader_that_reads_nothing_is_cut_off_and_the_others_go_on(start_twin: Any) -> None:
    twin = start_twin("--rate", "8000")
    port = int(twin.greeting["rest"].rsplit(":", 1)[1])

    async def test(client: Client) -> None:
        with socket.create_connection(("127.0.0.1", port)) as raw:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            names = "/".join(f"{s}usdt@{k}" for s in ("btc", "eth") for k in ("trade", "depth@100ms", "bookTicker"))
            raw.sendall(
                f"GET /stream?streams={names} HTTP/1.1\r\nHost: x\r\n"
                "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            async with client.stream("/ws/btcusdt@depth@100ms") as other:
                last = await other.next()
                while b"too slow" not in twin.log_path.read_bytes():
                    event = await other.next()
                    assert event["U"] == last["u"] + 1
                    last = event

    twin.run(test)
    (cut,) = twin.log("socket_cut")
    (slow,) = [line["socket"] for line in twin.log("socket_open") if line["path"].startswith("/stream")]
    assert (cut["socket"], cut["reason"]) == (slow, "too slow")
