"""The twin as a process: its greeting, its keys, its end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twin_client import ROOT, Client, Twin

from venues.binance.twin.options import parse
from venues.binance.twin.settings import Settings, SettingsError

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


def test_a_signal_ends_it_within_a_second_whatever_hangs(twin: Twin, eventually: Callable[..., Any]) -> None:
    port = int(twin.greeting["rest"].rsplit(":", 1)[1])

    async def test(client: Client) -> float:
        for kind in ("ack_lost", "request_lost"):
            twin.admin.fault(kind, method="GET /api/v3/time")
        twin.admin.fault("request_late", method="ping", delay_ms=60_000)
        twin.admin.fault("late_ack", method="GET /api/v3/depth", delay_ms=60_000)
        urls = ["/api/v3/time", "/api/v3/time", "/api/v3/depth?symbol=BTCUSDT"]
        asking = [asyncio.ensure_future(client.session.get(client.greeting["rest"] + url)) for url in urls]
        async with client.api() as api, client.stream("/ws/btcusdt@bookTicker") as stream:
            await api.raw.send_str(client.request("ping", signed=False))
            await eventually(lambda: not twin.admin.armed())
            twin.admin.fault("mute", pings=False)
            twin.admin.fault("server_shutdown", after_s=60)
            with socket.create_connection(("127.0.0.1", port)) as half, socket.create_connection(("127.0.0.1", port)):
                half.sendall(b"POST /api/v3/order HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
                assert await client.public("/api/v3/ping") == {}
                begin = time.monotonic()
                os.kill(twin.process.pid, signal.SIGTERM)
                assert await stream.closed() is not None
                code = await asyncio.get_running_loop().run_in_executor(None, lambda: twin.process.wait(timeout=5))
                took = time.monotonic() - begin
        assert code == 0
        assert not [one for one in await asyncio.gather(*asking, return_exceptions=True) if one is None]
        return took

    assert twin.run(test) < 1.0
    assert twin.log("stop")


@pytest.mark.parametrize(("option", "address"), [("--port", "rest"), ("--admin-port", "admin")])
def test_a_taken_port_is_one_clear_line_and_exit_code_ten(shared_twin: Twin, option: str, address: str) -> None:
    port = shared_twin.greeting[address].rsplit(":", 1)[1]
    done = subprocess.run([*COMMAND, option, port], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 10
    assert done.stderr.count("\n") == 1
    assert port in done.stderr
    assert option in done.stderr


def test_the_help_has_groups_sentences_and_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for part in ("where it listens:", "the market:", "the account:", "the venue's rules:", "truth and faults:"):
        assert part in text
    assert "examples:" in text
    for name in Settings.__dataclass_fields__:
        others = {"keys": "key-file", "balances": "balance", "orders_per_ten_seconds": "orders-per-10s"}
        option = (others | {"replay_starts_at_once": "replay-start"}).get(name, name)
        assert f"--{option.replace('_', '-')}" in text, name
    assert max(len(line) for line in text.splitlines()) <= 120


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--symbols", "BTCUSDT,NOPE"], "--symbols: unknown NOPE; known are BTCUSDT"),
        (["--levels", "0"], "--levels: '0'; expected a number from 1 to"),
        (["--replay", "nowhere"], "--replay: no file nowhere; expected a capture"),
        (["--rate", "-1"], "--rate: '-1'; expected a number of 0 or more"),
        (["--rate", "nan"], "expected a number of 0 or more"),
        (["--port", "70000"], "--port: '70000'; expected a number from 0 to 65535"),
        (["--balance", "BTC"], "--balance: 'BTC'; expected ASSET=AMOUNT such as BTC=10"),
        (["--balance", "BTC=0.123456789"], "at most eight decimals"),
        (["--weight-per-minute", "none"], "--weight-per-minute: 'none'; expected a whole number above 0"),
        (["--faults", "often"], "--faults: 'often'; expected SEED or SEED:RATE such as 42:0.02"),
        (["--faults", "1:2"], "expected a RATE above 0 and at most 1"),
        (["--key-type", "dsa"], "--key-type: invalid choice: 'dsa'"),
        (["--colour", "red"], "unrecognized arguments: --colour red; --help tells all options"),
    ],
)
def test_a_bad_option_is_told_with_what_was_expected(arguments: list[str], text: str) -> None:
    with pytest.raises(SettingsError) as error:
        parse(arguments)
    assert text in str(error.value)


def test_a_bad_option_is_one_line_and_exit_code_ten() -> None:
    command = [*COMMAND, "--rate", "-1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (10, "")
    assert done.stderr.startswith("binance twin: argument --rate: '-1'")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_the_first_key_may_be_a_private_key_and_is_used_again(start_twin: Any, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "key.json"
    twin = start_twin("--key-file", str(path), "--key-type", kind)
    assert twin.greeting["api_secret"].startswith("-----BEGIN PRIVATE KEY-----")

    async def test(client: Client) -> None:
        assert (await client.signed("GET", "/api/v3/account"))[0] == 200

    twin.run(test)
    again = start_twin("--key-file", str(path))
    assert again.greeting["api_secret"] == twin.greeting["api_secret"]
    again.run(test)


def test_a_key_file_that_holds_no_key_is_told(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    for content in ("{}", "nonsense", '{"api_key":"a","api_secret":"-----BEGIN PRIVATE KEY-----"}'):
        path.write_text(content)
        path.chmod(0o600)
        with pytest.raises(SettingsError, match="expected JSON with api_key and api_secret"):
            parse(["--key-file", str(path)])


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
