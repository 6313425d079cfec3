"""A floor from another host: over tcp, by a key file, with nothing of its directories at hand."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq
from elsewhere import MAKER, Elsewhere, agrees_but_for_makers_record, free_port, gone, listening, none_open, resting
from floors import Floor, actor, kill, open_orders, synced, until
from json_lines import whole_lines

from actors.monitor.visitor import Visitor
from bus.messages import GetPositions, PositionsAnswer
from bus.security import Keys, KeyStore, read_keys, write_keys

REFUSED_S = 10.0
"""A refusal is said at once; this is for a busy machine."""

QUIET = '''
from tradefloor import Strategy


class Quiet(Strategy):
    """Rests one order far away."""

    def on_start(self):
        self.subscribe_quotes("BTCUSDT.BINANCE")

    def on_quote(self, quote):
        if not self.orders.open:
            self.buy("BTCUSDT.BINANCE", 0.001, price=round(quote.bid * 0.9, 2))
'''


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """A floor that listens; all tests here reach it."""
    folder = tmp_path_factory.mktemp("floor")
    running = Floor(listening(folder, f"tcp://127.0.0.1:{free_port()}"), folder)
    try:
        running.visit(lambda visitor: synced(visitor, "BINANCE"))
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def address(floor: Floor) -> str:
    async def look(visitor: Visitor) -> str:
        return visitor.member.directory.entries["supervisor"].remote_serves_at

    return str(floor.visit(look))


@pytest.fixture
def elsewhere(floor: Floor, address: str, tmp_path: Path) -> Iterator[Elsewhere]:
    host = Elsewhere(floor, address, tmp_path)
    yield host
    host.close()


# looking and commanding


def test_a_monitors_key_looks_at_everything(elsewhere: Elsewhere) -> None:
    key = elsewhere.key("monitor")
    status = json.loads(elsewhere.command("status", "--json", key=key))
    assert {each["name"] for each in status["actors"]} >= {"supervisor", "gate", "reconciler", "book.BINANCE"}
    assert json.loads(elsewhere.command("orders", "--all", "--json", key=key))["orders"] is not None
    assert json.loads(elsewhere.command("positions", "--json", key=key))["balances"]


@pytest.mark.parametrize(
    "prefix", ["market/BINANCE/quote/BTCUSDT.BINANCE/", "account/BINANCE/", "state/actor/gate/", "heartbeat/"]
)
def test_a_monitors_key_taps_open_and_private_topics(elsewhere: Elsewhere, prefix: str) -> None:
    lines = elsewhere.command("tap", prefix, "--count", "1", "--json", key=elsewhere.key("monitor")).splitlines()
    assert [json.loads(line)["topic"].startswith(prefix) for line in lines] == [True]


def test_P12_a_monitors_key_commands_nothing_from_there_either(elsewhere: Elsewhere) -> None:
    key = elsewhere.key("monitor")
    for words in (("halt", "floor"), ("stop",), ("restart", "gate")):
        assert elsewhere.command(*words, key=key, code=1).startswith("NOT_ALLOWED: monitor may not ask for")
    assert json.loads(elsewhere.command("status", "--json", key=key))["instances"][0]["trading_state"] == "ACTIVE"


def test_an_operators_key_halts_resumes_and_cancels(elsewhere: Elsewhere, floor: Floor) -> None:
    key = elsewhere.key("operator")
    (elsewhere.home / "quiet.py").write_text(QUIET)
    elsewhere.attach("quiet", "quiet.py:Quiet")
    floor.visit(lambda visitor: resting(visitor, "quiet"))
    assert elsewhere.command("halt", "floor", key=key) == "done\n"
    state = json.loads(elsewhere.command("status", "--json", key=key))["instances"][0]["trading_state"]
    assert state == "HALTED"
    assert elsewhere.command("cancel", "--all", key=key) == "1 cancels sent\n"
    floor.visit(lambda visitor: none_open(visitor, "quiet"))
    assert elsewhere.command("resume", "floor", key=key) == "done\n"
    floor.visit(lambda visitor: resting(visitor, "quiet"))


# who is not let in


def test_without_a_key_there_is_one_clear_error(elsewhere: Elsewhere) -> None:
    for words in (("status",), ("tap",), ("stop",), ("attach", str(MAKER) + ":MarketMaker")):
        said = elsewhere.command(*words, key=None, code=10)
        assert "expected --key FILE; the floor's host makes one: tradefloor keys new" in said


def a_strangers_key(file: Path, supervisor: str) -> Path:
    public, secret = (each.decode() for each in zmq.curve_keypair())
    write_keys(file, Keys("operator", public, secret, supervisor))
    return file


def test_B04_a_strangers_key_is_told_that_it_is_not_let_in(elsewhere: Elsewhere) -> None:
    stranger = a_strangers_key(elsewhere.home / "stranger.key", read_keys(elsewhere.key("monitor")).supervisor)
    (elsewhere.home / "quiet.py").write_text(QUIET)
    for words in (("status",), ("halt", "floor"), ("tap",), ("attach", "quiet.py:Quiet")):
        began = time.monotonic()
        said = elsewhere.command(*words, key=stranger, code=10)
        assert f"the floor at {elsewhere.address} does not let the key of {stranger} (operator) in" in said
        assert time.monotonic() - began < REFUSED_S


def test_a_key_of_another_floor_is_told_that_this_is_not_its_floor(elsewhere: Elsewhere) -> None:
    other = a_strangers_key(elsewhere.home / "other.key", zmq.curve_keypair()[0].decode())
    said = elsewhere.command("status", key=other, code=10)
    assert f"what listens at {elsewhere.address} is not the floor that has made the key of {other}" in said


@pytest.mark.parametrize(
    ("address", "code", "expected"),
    [
        ("tcp://127.0.0.1:{free}", 1, "nobody answers at tcp://127.0.0.1:"),
        ("tcp://127.0.0.1", 10, "expected tcp://HOST:PORT"),
        ("tcp://:5555", 10, "expected tcp://HOST:PORT"),
    ],
)
def test_an_address_where_no_floor_is_costs_one_clear_error(
    elsewhere: Elsewhere, address: str, code: int, expected: str
) -> None:
    key = elsewhere.key("monitor")
    elsewhere.address = address.format(free=free_port())
    assert expected in elsewhere.command("status", key=key, code=code)


def test_a_key_file_that_is_none_costs_one_clear_error_at_once(elsewhere: Elsewhere) -> None:
    assert "there is no such key" in elsewhere.command("status", key=elsewhere.home / "nothing.key", code=10)
    (elsewhere.home / "open.key").write_text("{}")
    (elsewhere.home / "open.key").chmod(0o644)
    assert "can be read by others" in elsewhere.command("status", key=elsewhere.home / "open.key", code=10)


@pytest.mark.parametrize("words", [("logs",), ("keys",), ("keys", "revoke", "monitor")])
def test_what_lies_in_the_floors_directories_is_refused_from_there(
    elsewhere: Elsewhere, words: tuple[str, ...]
) -> None:
    assert "this is done on the floor's own host only" in elsewhere.command(*words, key=None, code=10)


def test_B04_no_publisher_lets_a_stranger_read_over_tcp(floor: Floor) -> None:
    async def look(visitor: Visitor) -> dict[str, list[str]]:
        return {
            entry.name: [at for at in (entry.remote_publishes_at, entry.remote_private_at) if at]
            for entry in visitor.member.directory.entries.values()
        }

    context = zmq.Context()
    heard = zmq.Poller()
    sockets = []
    places = floor.visit(look)
    assert len(places["market_data.BINANCE"]) == 1
    assert len(places["reconciler"]) == 2
    keys = KeyStore.of_floor(floor.run_dir)
    for name, ends in places.items():
        for at in ends:
            for server in (None, keys.load(f"actor:{name}").public):
                reader = context.socket(zmq.SUB)
                reader.linger = 0
                if server is not None:
                    reader.curve_serverkey = server.encode()
                    reader.curve_publickey, reader.curve_secretkey = zmq.curve_keypair()
                reader.connect(at)
                reader.subscribe(b"")
                heard.register(reader, zmq.POLLIN)
                sockets.append(reader)
    assert len(sockets) >= 10
    assert heard.poll(2_500) == [], "for longer than two heartbeats of each stream"
    for reader in sockets:
        reader.close()
    context.term()


def test_an_address_that_is_taken_costs_one_clear_error_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        floor = Floor(listening(tmp_path, address), tmp_path, command="up")
        try:
            assert floor.process.wait(timeout=60) == 10
            assert f"tradefloor up: floor.listen: {address} is in use" in floor.said().splitlines()[-1]
            assert "started actor" not in floor.said()
        finally:
            floor.close()


# strategies


def test_a_strategy_trades_from_there_with_a_record_of_its_own(elsewhere: Elsewhere, floor: Floor) -> None:
    words = (f"{MAKER}:MarketMaker", "--set", "move=2")
    process = elsewhere.attach("maker", *words)
    record = elsewhere.home / "state" / "tradefloor" / "far" / "views" / "maker.jsonl"

    async def trades(visitor: Visitor) -> None:
        async def filled() -> bool:
            reply = await visitor.request("reconciler", GetPositions("maker"))
            found = reply.body.positions if isinstance(reply.body, PositionsAnswer) else ()
            return any(each.fills >= 3 for each in found)

        async def recorded() -> bool:
            return record.exists() and sum('"trade_id"' in line for line in record.read_text().splitlines()) >= 3

        await until(filled, 60, "three fills")
        await until(recorded, 60, "three fills in the record over there")
        kill(process.pid)
        await gone(visitor, "maker")
        await none_open(visitor, "maker")
        reply = await visitor.request("reconciler", GetPositions("maker"))
        assert isinstance(reply.body, PositionsAnswer)
        lines = whole_lines(record)
        kept = sum(1 for line in lines if line.get("trade_id"))
        assert 3 <= kept <= sum(each.fills for each in reply.body.positions)

    floor.visit(trades)
    assert not (floor.state_dir / "views" / "maker.jsonl").exists()
    again = elsewhere.attach("maker", *words)

    async def catches_up(visitor: Visitor) -> None:
        async def whole() -> bool:
            reply = await visitor.request("reconciler", GetPositions("maker"))
            assert isinstance(reply.body, PositionsAnswer)
            lines = whole_lines(record)
            kept = sum(1 for line in lines if line.get("trade_id"))
            return kept == sum(each.fills for each in reply.body.positions) > 3

        await until(whole, 60, "what it missed is in its record, and more came")
        again.send_signal(signal.SIGINT)
        await gone(visitor, "maker")
        await none_open(visitor, "maker")

    floor.visit(catches_up)
    _, errors = again.communicate(timeout=20)
    assert again.returncode == 0, errors


def test_a_strategy_whose_key_is_revoked_is_cut_off_and_its_exit_policy_is_carried_out(
    elsewhere: Elsewhere, floor: Floor
) -> None:
    (elsewhere.home / "quiet.py").write_text(QUIET)
    process = elsewhere.attach("doomed", "quiet.py:Quiet")
    floor.visit(lambda visitor: resting(visitor, "doomed"))
    floor.command("keys", "revoke", "strategy:doomed")

    async def cut(visitor: Visitor) -> None:
        await gone(visitor, "doomed", 5.0)
        await none_open(visitor, "doomed", 10.0)

    floor.visit(cut)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 12, errors
    assert "the floor hears 'doomed' no more" in errors.splitlines()[-1]
    refused = elsewhere.command("attach", "quiet.py:Quiet", key=elsewhere.key("strategy:doomed"), code=10)
    assert "does not let the key of" in refused


def test_a_strategy_follows_an_actor_to_the_ports_of_its_next_life(elsewhere: Elsewhere, floor: Floor) -> None:
    (elsewhere.home / "quiet.py").write_text(QUIET)
    process = elsewhere.attach("follower", "quiet.py:Quiet")
    operator = elsewhere.key("operator")

    async def moves(visitor: Visitor) -> None:
        for name in ("gate", "market_data.BINANCE", "reconciler", "execution.BINANCE"):
            order = await resting(visitor, "follower")
            before = await visitor.status()
            assert before is not None
            at = visitor.member.directory.entries[name].remote_serves_at
            assert elsewhere.command("restart", name, key=operator) == "done\n"

            async def back(name: str = name, epoch: int = actor(before, name).epoch) -> bool:
                status = await visitor.status()
                return status is not None and actor(status, name).epoch > epoch and actor(status, name).state == "READY"

            await until(back, 30, f"{name} is back")
            assert visitor.member.directory.entries[name].remote_serves_at != at
            await synced(visitor, "BINANCE")

            async def cancelled(order: str = order) -> bool:
                elsewhere.command("cancel", "--all", "--strategy", "follower", key=operator)
                return order not in {state.order.order_id for state in await open_orders(visitor, strategy="follower")}

            await until(cancelled, 30, "the order is cancelled")
            assert await resting(visitor, "follower") != order, "it hears quotes and fills, and the gate hears it"

    floor.visit(moves)
    assert process.poll() is None


def test_an_operators_key_stops_the_floor_and_waits_until_it_is_gone(elsewhere: Elsewhere, floor: Floor) -> None:
    assert elsewhere.command("stop", key=elsewhere.key("operator")) == "done\n"
    agrees_but_for_makers_record(floor.summary(40.0))
