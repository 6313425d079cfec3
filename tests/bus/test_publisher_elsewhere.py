"""A publisher that other hosts read too: one demand over both sockets, and the key that each of them asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bus.clock import SystemClock
from bus.messages import Acknowledged
from bus.security import Guard, KeyStore
from bus.streams import Publisher, Reader, Subscription
from bus.streams import publisher as publishing
from bus.transport import Welcome, ZmqTransport

TOPIC = "state/actor/a/"
LINGER_S = 0.05


class Both:
    """A publisher on ipc and on tcp, and its readers on either side."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store = folder, KeyStore(folder / "keys")
        self.store.ensure("actor:owner", "strategy:far", "monitor")
        self.transports: list[ZmqTransport] = []
        self.told: list[str] = []

    def open(self) -> None:
        """Bind, in the test's loop."""
        identity = self.store.identity("actor:owner")
        assert identity.ring is not None
        self.guard = Guard(identity.ring, lambda who, what: None)
        self.transport = self._transport(identity, self.guard.on_stranger)
        self.publisher = Publisher(
            self.transport, asyncio.get_running_loop(), SystemClock(), f"ipc://{self.folder}/p", "owner", ("state/",),
            lambda topic: Acknowledged(0),
            lambda topic: self.told.append("opened"), lambda topic: self.told.append("closed"),
            remote="tcp://127.0.0.1:*",
        )  # fmt: skip
        self.publisher.epoch = 1

    def _transport(self, identity: Any, *more: Any) -> ZmqTransport:
        transport = ZmqTransport(asyncio.get_running_loop(), identity, *more)
        self.transports.append(transport)
        return transport

    def reads(self, far: bool, role: str = "monitor", store: KeyStore | None = None) -> tuple[list[Any], Reader]:
        """Subscribe here or from elsewhere; what arrives is in the list."""
        heard: list[Any] = []
        transport = self._transport((store or self.store).identity(role, serves=False))
        at, key = (
            (self.publisher.remote, self.store.load("actor:owner").public) if far else (f"ipc://{self.folder}/p", "")
        )
        reader = Reader(transport, asyncio.get_running_loop(), at, "owner", key)
        reader.subscribe(Subscription(TOPIC, lambda message, header, name: heard.append(message), None))
        return heard, reader

    def close_in_loop(self) -> None:
        for transport in reversed(self.transports):
            transport.close()


@pytest.fixture
def both(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Both:
    """A publisher that a test opens in its own loop."""
    monkeypatch.setattr(publishing, "LINGER_S", LINGER_S)
    return Both(run_dir)


@pytest.mark.parametrize("far_leaves_first", [True, False])
async def test_the_last_reader_on_one_socket_closes_nothing_that_is_read_on_the_other(
    both: Both, eventually: Callable[..., Any], far_leaves_first: bool
) -> None:
    both.open()
    (near, near_reader), (far, far_reader) = both.reads(far=False), both.reads(far=True)
    await eventually(lambda: near and far and both.publisher._read_on[TOPIC] == 3)
    assert both.told == ["opened"]
    first, last, heard = (far_reader, near_reader, near) if far_leaves_first else (near_reader, far_reader, far)
    first.close()
    await eventually(lambda: both.publisher._read_on[TOPIC] in (1, 2), "the publisher saw it leave")
    asked = asyncio.get_running_loop().time()
    await eventually(lambda: asyncio.get_running_loop().time() > asked + 3 * LINGER_S)
    both.publisher.publish(TOPIC, Acknowledged(1))
    await eventually(lambda: Acknowledged(1) in heard)
    assert both.told == ["opened"]
    last.close()
    await eventually(lambda: both.told == ["opened", "closed"])
    assert TOPIC not in both.publisher.demand


async def test_a_far_reader_whose_key_was_taken_off_the_list_is_sent_nothing_more(
    both: Both, eventually: Callable[..., Any]
) -> None:
    both.open()
    (gone, _), (stays, _), (near, _) = both.reads(True, "strategy:far"), both.reads(True), both.reads(False)
    await eventually(lambda: gone and stays and near)
    both.store.revoke("strategy:far")
    assert both.guard.ring.refresh()
    both.publisher.admit_anew()
    await eventually(lambda: both.guard.counters["strangers"], "it came again and was not let in")

    def told() -> bool:
        both.publisher.publish(TOPIC, Acknowledged(2))
        return Acknowledged(2) in stays and Acknowledged(2) in near

    await eventually(told, "the others are back at the same address")
    assert Acknowledged(2) not in gone


async def test_what_is_read_by_a_revoked_key_alone_is_closed(both: Both, eventually: Callable[..., Any]) -> None:
    both.open()
    gone, _ = both.reads(True, "strategy:far")
    await eventually(lambda: gone)
    both.store.revoke("strategy:far")
    assert both.guard.ring.refresh()
    both.publisher.admit_anew()
    await eventually(lambda: both.told == ["opened", "closed"])


async def test_a_loss_that_the_door_saw_first_is_not_hidden_from_who_cuts_off(both: Both) -> None:
    both.open()
    assert not both.guard.ring.has_lost()
    both.store.revoke("strategy:far")
    assert both.guard.ring.refresh(), "as the ZAP handler does at each new connection"
    assert not both.guard.ring.refresh()
    assert both.guard.ring.has_lost()
    assert not both.guard.ring.has_lost(), "told once"


async def test_a_knock_tells_how_a_key_is_taken(both: Both, tmp_path: Path) -> None:
    both.open()
    owner = both.store.load("actor:owner").public
    elsewhere = KeyStore(tmp_path / "elsewhere")
    elsewhere.ensure("monitor")
    known = both._transport(both.store.identity("monitor", serves=False))
    stranger = both._transport(elsewhere.identity("monitor", serves=False))
    server = both.transport.server(f"ipc://{both.folder}/s", lambda frames, key: None, "tcp://127.0.0.1:*")
    at = server.remote
    assert await known.knock(at, owner, 10.0) is Welcome.LET_IN
    assert await stranger.knock(at, owner, 10.0) is Welcome.NOT_LET_IN
    assert await known.knock(at, elsewhere.load("monitor").public, 10.0) is Welcome.NOT_KNOWN
    assert await known.knock(f"ipc://{both.folder}/nobody", owner, 0.5) is Welcome.NO_ANSWER
