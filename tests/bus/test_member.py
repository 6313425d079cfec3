"""A member says what it wants by name; who has it, and that it moved or died, is looked after."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from part_teller import QUESTION, Teller, taken

from bus.codec import Kind, ReplyStatus
from bus.directory import endpoints
from bus.member import RegistrationError
from bus.messages import Acknowledged, Code, GetExecution, Quote, Refused
from bus.requests import Reply, RequestFailed

TOPIC = "state/actor/a/"
QUOTE = "market/A/quote/X.A/"


class Watch:
    """What a subscription was told, in order."""

    def __init__(self, member: Any, topic: str = TOPIC) -> None:
        self.said: list[str] = []
        self.epochs: list[int] = []
        self.subscription = member.subscribe(topic, self.on_message, self.on_stale)

    def on_message(self, message: Any, header: Any, topic: str) -> None:
        self.said.append(f"{Kind(header.kind).name} {header.seq}")
        self.epochs.append(header.epoch)

    def on_stale(self, topic: str, reason: str) -> None:
        self.said.append(reason)

    @property
    def whole(self) -> bool:
        return not self.subscription.position(TOPIC).stale


async def test_what_is_subscribed_before_its_owner_exists_is_joined_when_it_comes(
    make_floor: Any, eventually: Any
) -> None:
    floor = make_floor()
    reader = await floor.join("reader")
    wide = Watch(reader, "state/")
    watch = Watch(reader)
    owner = await floor.join("owner", ("state/",))
    await eventually(lambda: watch.whole)
    owner.publisher.publish(TOPIC, Acknowledged(1))
    await eventually(lambda: "CHANGE 1" in watch.said and "CHANGE 1" in wide.said)
    assert watch.said == ["STATE 0", "CHANGE 1"]
    assert set(watch.epochs) == {owner.epoch}


async def test_an_owner_that_restarts_leaves_its_readers_stale_and_then_whole(make_floor: Any, eventually: Any) -> None:
    floor = make_floor()
    owner = await floor.join("owner", ("state/",))
    watch = Watch(await floor.join("reader"))
    await eventually(lambda: watch.whole)
    floor.kill(owner)
    floor.gone("owner")
    await eventually(lambda: not watch.whole)
    assert watch.said == ["STATE 0", "its publisher is gone"]
    owner = await floor.join("owner", ("state/",))
    await eventually(lambda: watch.whole)
    owner.publisher.publish(TOPIC, Acknowledged(1))
    await eventually(lambda: watch.said[-1] == "CHANGE 1")
    assert watch.said == ["STATE 0", "its publisher is gone", "STATE 0", "CHANGE 1"]
    assert watch.epochs[-1] == owner.epoch


async def test_a_table_that_comes_after_the_new_owners_state_takes_nothing_back(
    make_floor: Any, eventually: Any
) -> None:
    floor = make_floor()
    owner = await floor.join("owner", ("state/",))
    reader = await floor.join("reader")
    watch = Watch(reader)
    await eventually(lambda: watch.whole)
    floor.kill(owner)
    floor.pushing = False  # the directory is slow
    owner = await floor.join("owner", ("state/",))
    await eventually(lambda: owner.epoch in watch.epochs)
    heard = []
    reader.on_directory.append(heard.append)
    floor.push()
    await eventually(lambda: heard)
    assert watch.whole
    owner.publisher.publish(TOPIC, Acknowledged(1))
    await eventually(lambda: watch.said[-1] == "CHANGE 1")
    assert watch.said == ["STATE 0", "gap", "STATE 0", "CHANGE 1"]


async def test_what_a_dead_owner_left_in_the_pipe_is_not_believed(make_floor: Any, eventually: Any) -> None:
    floor = make_floor()
    owner = await floor.join("owner", ("state/",))
    reader = await floor.join("reader")
    wide, watch = Watch(reader, "state/"), Watch(reader)
    await eventually(lambda: watch.whole and wide.said)
    floor.gone("owner")
    await eventually(lambda: not watch.whole)
    late = Watch(reader)  # a join that the dead one would still answer
    wide.said.clear()
    await eventually(lambda: wide.said == ["STATE 0"])
    owner.publisher.publish_state(TOPIC)
    owner.publisher.publish(TOPIC, Acknowledged(1))
    await eventually(lambda: wide.said[-1] == "CHANGE 1")
    assert watch.said == ["STATE 0", "its publisher is gone"]
    assert late.said == []
    assert not watch.whole
    assert not late.whole


async def test_a_request_by_name_finds_its_actor_and_one_to_nobody_is_not_sent(
    make_floor: Any, eventually: Any
) -> None:
    floor = make_floor()
    caller = await floor.join("caller")
    nobody = await caller.request("server", Acknowledged(1))
    assert (nobody.status, nobody.code) == (ReplyStatus.NOT_SENT, Code.NO_SUCH_ACTOR)
    sent = caller.send("server", Acknowledged(1)).result()
    assert (sent.status, sent.code, sent.definite) == (ReplyStatus.NOT_SENT, Code.NO_SUCH_ACTOR, True)
    with pytest.raises(RequestFailed, match="NO_SUCH_ACTOR"):
        caller.chunks("server", GetExecution("alpha", 0))
    await floor.join("server", handle=lambda message, header: Acknowledged(message.upto + 1))
    await eventually(lambda: caller.is_live("server"))
    assert (await caller.request("server", Acknowledged(1))).body == Acknowledged(2)


async def test_an_answer_in_parts_is_asked_for_by_name(make_floor: Any, eventually: Any) -> None:
    floor = make_floor()
    teller = Teller(20)
    caller = await floor.join("caller")
    server = await floor.join("server", handle=teller)
    await eventually(lambda: caller.is_live("server"))
    assert await taken(caller.chunks("server", QUESTION)) == list(range(1, 21))
    teller.pauses[3] = asyncio.Event()
    asking = asyncio.ensure_future(taken(caller.chunks("server", QUESTION, 30.0)))
    await eventually(lambda: teller.given == 2)
    floor.kill(server)
    floor.gone("server")
    with pytest.raises(RequestFailed, match="LOST"):
        await asking
    teller.pauses[3].set()


async def test_what_waits_for_an_actor_that_is_gone_ends_at_once(make_floor: Any, eventually: Any) -> None:
    floor = make_floor()
    never, asked = asyncio.Event(), []

    def handle(message: Any, header: Any) -> Any:
        asked.append(message)
        return never.wait()

    caller = await floor.join("caller")
    server = await floor.join("server", handle=handle)
    await eventually(lambda: caller.is_live("server"))
    pending = asyncio.ensure_future(caller.request("server", Acknowledged(1), 30.0))
    await eventually(lambda: asked)
    floor.kill(server)
    floor.gone("server")
    reply: Reply = await asyncio.wait_for(pending, 10.0)
    assert (reply.status, reply.code) == (ReplyStatus.NO_ANSWER, Code.LOST)
    assert (await caller.request("server", Acknowledged(1))).code is Code.NO_SUCH_ACTOR


async def test_a_floor_that_refuses_says_why(make_floor: Any) -> None:
    floor = make_floor()
    floor.refusal = Refused(Code.DUPLICATE_NAME, "there is one already")
    with pytest.raises(RegistrationError, match="there is one already"):
        await floor.join("second")


async def test_one_that_leaves_hears_no_more(make_floor: Any, eventually: Any) -> None:
    floor = make_floor()
    owner = await floor.join("owner", ("state/",))
    reader = await floor.join("reader")
    watch, other = Watch(reader), Watch(reader)
    await eventually(lambda: watch.whole and other.whole)
    reader.unsubscribe(watch.subscription)
    owner.publisher.publish(TOPIC, Acknowledged(1))
    await eventually(lambda: other.said[-1] == "CHANGE 1")
    assert watch.said == ["STATE 0"]


async def test_a_members_counters_are_the_sums_of_its_sockets(make_floor: Any, eventually: Any) -> None:
    floor = make_floor()
    owner = await floor.join("owner", ("state/",), handle=lambda message, header: None)
    watch = Watch(await floor.join("reader"))
    await eventually(lambda: watch.whole)
    assert owner.counters()["published"] == 1
    assert owner.counters()["requests"] == 0
    assert owner.counters()["gaps"] == 0


async def test_a_member_conflates_where_it_is_asked_to_and_counts_it(make_floor: Any, eventually: Any) -> None:
    floor = make_floor()
    floor.wire.owner.values[QUOTE] = Quote("X.A", 1.0, 2.0, 1.0, 1.0, 0, 0, 0)
    owner = await floor.join("owner", ("market/A/",))
    reader = await floor.join("reader")
    told: list[int] = []
    reader.subscribe(QUOTE, lambda message, *_: told.append(message.seq), conflate=True)
    await eventually(lambda: told == [0])
    for seq in range(1, 1_001):
        owner.publisher.publish(QUOTE, Quote("X.A", 1.0, 2.0, 1.0, 1.0, seq, 0, 0))
    await eventually(lambda: told[-1] == 1_000)
    assert reader.counters()["conflated"] == 1_001 - len(told) > 0
    with pytest.raises(ValueError, match="cannot be conflated"):
        reader.subscribe("execution/a/", lambda *_: None, conflate=True)


async def test_what_a_member_missed_is_in_its_counters(make_floor: Any, eventually: Any) -> None:
    floor = make_floor()
    owner = await floor.join("owner", ("state/",))
    reader = await floor.join("reader")
    watch = Watch(reader)
    await eventually(lambda: watch.whole)
    for _ in range(3):
        owner.publisher._numbers.next(TOPIC)  # three messages are lost, and nothing follows them
    await eventually(lambda: watch.said[-1] == "STATE 3")
    assert watch.said == ["STATE 0", "gap", "STATE 3"]
    assert (reader.counters()["missed"], reader.counters()["gaps"]) == (3, 1)


async def test_an_owner_with_another_key_is_read_once_and_not_twice_under_a_prefix(
    make_floor: Any, eventually: Any
) -> None:
    floor = make_floor()
    reader = await floor.join("reader")
    wide, whole = Watch(reader, ""), Watch(reader)
    for key in ("first", "second"):
        floor.pushing = False
        owner = await floor.join("owner", ("state/", "execution/"))
        aside = f"ipc://{floor.wire.run_dir}/nobody.x"
        floor.entries["owner"] = msgspec.structs.replace(floor.entries["owner"], key=key, private_at=aside)
        floor.push()
        await eventually(lambda owner=owner: whole.whole and whole.epochs[-1] == owner.epoch)
        owner.publisher.publish(TOPIC, Acknowledged(1))
        await eventually(lambda: whole.said[-1] == "CHANGE 1" and "CHANGE 1" in wide.said)
        if key == "first":
            floor.kill(owner)
            floor.gone("owner")
    assert wide.said.count("CHANGE 1") == 2, "once of each life"


async def test_an_owner_that_comes_back_at_another_address_is_found_there(make_floor: Any, eventually: Any) -> None:
    floor = make_floor()
    owner = await floor.join("owner", ("state/",), lambda message, header: Acknowledged(1))
    reader = await floor.join("reader")
    watch = Watch(reader)
    await eventually(lambda: watch.whole)
    assert (await reader.request("owner", QUESTION)).ok
    floor.kill(owner)
    floor.gone("owner")
    await eventually(lambda: not watch.whole)
    there = str(floor.wire.run_dir / "there")
    Path(there).mkdir()
    moved, _ = floor._member("owner")
    moved.run_dir = there
    moved.publish_under(("state/",), floor.wire.owner.state)
    moved.serve(lambda message, header: Acknowledged(2), asyncio.ensure_future, _raise)
    moved.publisher.epoch = floor.epoch + 1
    at = endpoints(there, "owner")
    floor.entries["owner"] = msgspec.structs.replace(
        floor.entries["owner"], live=True, epoch=floor.epoch + 1, publishes_at=at.publisher, serves_at=at.server
    )
    floor.push()
    await eventually(lambda: watch.whole, "at its new address")
    assert (await reader.request("owner", QUESTION)).body == Acknowledged(2)


def _raise(error: BaseException) -> None:
    raise error
