"""A strategy in a network of its own: nothing of the floor's loopback, its directories or its sockets is there."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from elsewhere import MAKER, Elsewhere, agrees_but_for_makers_record, free_port, gone, listening, none_open
from floors import Floor, synced, until

from actors.monitor.visitor import Visitor
from bus.messages import GetPositions, PositionsAnswer


@pytest.fixture
def another_network(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A network of its own that a pair of cables joins to ours: its name, and our address on the cable."""
    name, number = f"tf{os.getpid()}", os.getpid() % 16_384
    block = f"198.18.{number // 64}."  # addresses for benchmarks, which no network routes
    here, there = (f"{block}{number % 64 * 4 + last}" for last in (1, 2))
    commands = (
        f"netns add {name}",
        f"link add {name}a type veth peer name {name}b netns {name}",
        f"addr add {here}/30 dev {name}a",
        f"link set {name}a up",
        f"-n {name} addr add {there}/30 dev {name}b",
        f"-n {name} link set {name}b up",
    )
    try:
        for words in commands:
            try:
                done = subprocess.run(["ip", *words.split()], capture_output=True, text=True, check=False)
            except FileNotFoundError:
                pytest.skip("needs ip (iproute2)")
            if done.returncode:
                pytest.skip(f"needs the right to make networks: ip {words}: {done.stderr.strip()}")
        yield name, here
    finally:
        for words in (f"link delete {name}a", f"netns delete {name}"):
            subprocess.run(["ip", *words.split()], capture_output=True, check=False)


def pull_cable(network: str) -> None:
    subprocess.run(["ip", "link", "set", f"{network}a", "down"], check=True)


def test_a_strategy_in_a_network_of_its_own_trades(another_network: tuple[str, str], tmp_path: Path) -> None:
    network, here = another_network
    folders = [tmp_path / name for name in ("here", "there")]
    for folder in folders:
        folder.mkdir()
    address = f"tcp://{here}:{free_port()}"
    floor = Floor(listening(folders[0], address), folders[0])
    host = Elsewhere(floor, address, folders[1], ("ip", "netns", "exec", network))
    try:
        floor.visit(lambda visitor: synced(visitor, "BINANCE"))
        process = host.attach("maker", f"{MAKER}:MarketMaker", "--set", "move=2")

        async def trades(visitor: Visitor) -> None:
            async def filled() -> bool:
                reply = await visitor.request("reconciler", GetPositions("maker"))
                found = reply.body.positions if isinstance(reply.body, PositionsAnswer) else ()
                return any(each.fills >= 3 for each in found)

            await until(filled, 60, "three fills")
            pull_cable(network)
            await gone(visitor, "maker")
            await none_open(visitor, "maker")

        floor.visit(trades)
        _, errors = process.communicate(timeout=30)
        assert "the supervisor does not answer; stopping" in errors
        assert (host.home / "state" / "tradefloor" / "far" / "views" / "maker.jsonl").exists()
        agrees_but_for_makers_record(floor.stop())
    finally:
        host.close()
        floor.close()
