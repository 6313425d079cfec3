"""The actor as any thread sees it: Pykka's contract, kept by one asyncio loop."""

from __future__ import annotations

import asyncio
import inspect
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pykka
import pytest
from pykka import ActorDeadError, ActorRegistry, messages

from actors.runtime import ExitCode
from actors.runtime import inbox as inbox_module
from actors.runtime.inbox import InboxFull, LoopInbox
from actors.runtime.loop_actor import LoopActor
from actors.runtime.process import exit_code

LIMIT_S = 20.0


class Plain(LoopActor):
    """Handles numbers, callables and coroutine functions; writes down its life."""

    made: Any = None

    def __init__(self) -> None:
        super().__init__()
        Plain.made = self
        self.handled: list[Any] = []
        self.life: list[str] = []
        self.threads: set[int] = set()
        self.waiting = 0

    def on_start(self) -> Any:
        self.life.append("start")

    def on_stop(self) -> Any:
        self.life.append("stop")

    def on_failure(self, *error: Any) -> None:
        self.life.append("failure")

    def hush(self) -> None:
        self.life.append("hushed")

    def on_closed(self) -> None:
        self.life.append("closed")

    def on_receive(self, message: Any) -> Any:
        self.threads.add(threading.get_ident())
        if callable(message):
            return message(self)
        self.handled.append(message)
        return message

    def double(self, number: int) -> int:
        return 2 * number

    async def double_later(self, number: int) -> int:
        await asyncio.sleep(0)
        return 2 * number

    async def wait_for_ever(self) -> None:
        self.waiting += 1
        await asyncio.get_running_loop().create_future()


@pytest.fixture
def start() -> Iterator[Callable[..., tuple[Any, Any]]]:
    """Starts actors in threads of their own, and stops those that live at the end."""
    started: list[Any] = []

    def begin(kind: type[LoopActor] = Plain) -> tuple[Any, Any]:
        reference = kind.start()
        started.append(reference)
        return reference, Plain.made

    yield begin
    for reference in started:
        reference.stop(timeout=LIMIT_S)


def fail(actor: Any) -> None:
    raise ArithmeticError("a bug of ours")


def ended(until: Any, actor: Any) -> None:
    """Wait until the actor is gone altogether."""
    until(lambda: actor.inbox._closed, "the actor's end")
    assert not actor.actor_ref.is_alive()
    assert ActorRegistry.get_by_urn(actor.actor_urn) is None


# Pykka's contract


def test_tells_from_several_threads_are_all_handled_each_threads_in_order(start: Any, until: Any) -> None:
    reference, actor = start()

    def tell(sender: int) -> None:
        for number in range(5_000):
            reference.tell((sender, number))

    threads = [threading.Thread(target=tell, args=(sender,)) for sender in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: len(actor.handled) == 20_000)
    for sender in range(4):
        assert [number for who, number in actor.handled if who == sender] == list(range(5_000))
    assert len(actor.threads) == 1


def test_asks_from_several_threads_are_all_answered(start: Any) -> None:
    reference, _ = start()
    answers: list[int] = []

    def ask() -> None:
        answers.extend(reference.ask(number, timeout=LIMIT_S) for number in range(200))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == sorted(list(range(200)) * 4)


def test_a_proxy_calls_gets_and_sets(start: Any) -> None:
    reference, actor = start()
    proxy = reference.proxy()
    assert proxy.double(21).get(timeout=LIMIT_S) == 42
    assert proxy.double_later(21).get(timeout=LIMIT_S) == 42
    proxy.colour = "red"
    assert proxy.colour.get(timeout=LIMIT_S) == "red"
    assert actor.colour == "red"


def test_async_asks_overlap_and_do_not_hold_up_others(start: Any, until: Any) -> None:
    reference, actor = start()
    pending = [reference.ask(Plain.wait_for_ever, block=False) for _ in range(50)]
    until(lambda: actor.waiting == 50)
    assert reference.ask(1, timeout=LIMIT_S) == 1
    reference.stop(timeout=LIMIT_S)
    for future in pending:
        with pytest.raises(ActorDeadError):
            future.get(timeout=LIMIT_S)


def test_an_actor_lives_from_start_to_stop_in_one_thread(start: Any) -> None:
    reference, actor = start()
    reference.tell(1)
    assert reference.stop(timeout=LIMIT_S)
    assert actor.handled == [1]
    assert actor.life == ["start", "stop", "closed"]
    assert actor.failure is None
    assert not reference.is_alive()
    assert reference.stop(timeout=LIMIT_S) is False
    with pytest.raises(ActorDeadError):
        reference.tell(2)
    with pytest.raises(ActorDeadError):
        reference.ask(2, timeout=LIMIT_S)


def test_what_is_told_before_a_stop_is_handled_and_what_comes_after_is_not(start: Any) -> None:
    reference, actor = start()
    gate = threading.Event()
    reference.tell(lambda _: gate.wait(LIMIT_S) and None)
    reference.tell(1)
    stopped = reference.stop(block=False)
    late = reference.ask(2, block=False)
    reference.tell(3)
    gate.set()
    assert stopped.get(timeout=LIMIT_S)
    assert actor.handled == [1]
    with pytest.raises(ActorDeadError):
        late.get(timeout=LIMIT_S)


def test_nothing_is_handled_while_an_actor_stops(start: Any, until: Any) -> None:
    reference, actor = start()
    leaving, may_leave = threading.Event(), threading.Event()

    async def leave() -> None:
        leaving.set()
        await asyncio.get_running_loop().run_in_executor(None, may_leave.wait)

    actor.on_stop = leave
    stopped = reference.stop(block=False)
    leaving.wait(LIMIT_S)
    late = pykka.ThreadingFuture()
    actor.inbox.put(pykka._envelope.Envelope(1, reply_to=late))  # got past the check of life just before
    second = pykka.ThreadingFuture()
    actor.inbox.put(pykka._envelope.Envelope(messages._ActorStop(), reply_to=second))
    may_leave.set()
    assert stopped.get(timeout=LIMIT_S)
    assert second.get(timeout=LIMIT_S) is None
    with pytest.raises(ActorDeadError):
        late.get(timeout=LIMIT_S)
    assert actor.handled == []


def test_a_second_stop_while_it_stops_is_no_failure(start: Any) -> None:
    reference, actor = start()

    async def leave() -> None:
        actor.loop.call_soon(actor.on_signal, 15)  # as the loop calls it
        for _ in range(5):
            await asyncio.sleep(0)

    actor.on_stop = leave
    assert reference.stop(timeout=LIMIT_S)
    assert actor.failure is None


def test_a_hundred_stops_in_the_midst_of_asks_leave_no_future_unresolved() -> None:
    for number in range(100):
        reference = Plain.start()
        futures: list[Any] = []
        begun = threading.Event()

        def ask(reference: Any = reference, futures: list[Any] = futures, begun: threading.Event = begun) -> None:
            for count in range(40):
                futures.append(reference.ask(Plain.wait_for_ever if count % 4 == 3 else count, block=False))
                if count == 10:
                    begun.set()

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        begun.wait(LIMIT_S)
        if number % 3 == 0:
            reference.tell(fail)
        reference.stop(timeout=LIMIT_S)
        for thread in threads:
            thread.join()
        for future in futures:
            try:
                future.get(timeout=LIMIT_S)
            except ActorDeadError:
                pass
        assert len(futures) == 80


# how it fails: each line of the table


def test_an_exception_in_a_tell_ends_the_actor(start: Any, until: Any) -> None:
    reference, actor = start()
    gate = threading.Event()
    reference.tell(lambda _: gate.wait(LIMIT_S) and None)
    reference.tell(fail)
    reference.tell(1)
    late = reference.ask(2, block=False)
    gate.set()
    ended(until, actor)
    assert isinstance(actor.failure, ArithmeticError)
    assert actor.handled == []
    assert actor.life == ["start", "failure", "hushed", "closed"]
    with pytest.raises(ActorDeadError):
        late.get(timeout=LIMIT_S)


def test_an_exception_in_an_ask_is_answered_and_then_ends_the_actor(start: Any, until: Any) -> None:
    reference, actor = start()
    with pytest.raises(ArithmeticError, match="a bug of ours"):
        reference.ask(fail, timeout=LIMIT_S)
    ended(until, actor)
    assert isinstance(actor.failure, ArithmeticError)


def test_an_exception_in_an_async_ask_is_answered_and_then_ends_the_actor(start: Any, until: Any) -> None:
    async def fail_later(actor: Any) -> None:
        await asyncio.sleep(0)
        fail(actor)

    reference, actor = start()
    with pytest.raises(ArithmeticError, match="a bug of ours"):
        reference.ask(fail_later, timeout=LIMIT_S)
    ended(until, actor)
    assert isinstance(actor.failure, ArithmeticError)


class FailsAtStart(Plain):
    """Leaves a task behind that takes some turns to end, while messages wait."""

    async def on_start(self) -> None:
        self.spawn(self.stubborn())
        await asyncio.sleep(0)
        self.actor_inbox.put(pykka._envelope.Envelope("waiting"))
        fail(self)

    async def stubborn(self) -> None:
        try:
            await self.wait_for_ever()
        finally:
            for _ in range(20):
                await asyncio.sleep(0)


def test_an_exception_in_on_start_ends_the_actor_before_it_takes_a_message(start: Any, until: Any) -> None:
    _, actor = start(FailsAtStart)
    ended(until, actor)
    assert isinstance(actor.failure, ArithmeticError)
    assert actor.waiting == 1
    assert actor.handled == []
    assert actor.life == ["failure", "hushed", "closed"]


def test_an_exception_in_on_stop_is_the_actors_failure_and_it_ends_all_the_same(
    start: Any, until: Any, caplog: pytest.LogCaptureFixture
) -> None:
    reference, actor = start()
    actor.on_stop = lambda: fail(actor)
    assert reference.stop(timeout=LIMIT_S)
    ended(until, actor)
    assert isinstance(actor.failure, ArithmeticError)
    assert exit_code(actor) == ExitCode.FAILED
    assert "a bug of ours" in caplog.text
    assert actor.life == ["start", "closed"]


def test_an_exception_in_on_closed_leaves_nobody_waiting(
    start: Any, until: Any, caplog: pytest.LogCaptureFixture
) -> None:
    reference, actor = start()
    actor.on_closed = lambda: fail(actor)
    assert reference.stop(timeout=LIMIT_S)
    ended(until, actor)
    assert isinstance(actor.failure, ArithmeticError)
    assert "a bug of ours" in caplog.text


def in_a_task(actor: Any) -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        fail(actor)

    actor.spawn(work())


def in_a_timer(actor: Any) -> None:
    actor.every(0.001, lambda: fail(actor))


def in_an_async_timer(actor: Any) -> None:
    async def work() -> None:
        fail(actor)

    actor.every(0.001, work)


def in_a_reader(actor: Any) -> None:
    actor.pair = socket.socketpair()

    def read() -> None:
        actor.loop.remove_reader(actor.pair[0])
        for each in actor.pair:
            each.close()
        fail(actor)

    actor.loop.add_reader(actor.pair[0], read)
    actor.pair[1].send(b"x")


@pytest.mark.parametrize("somewhere", [in_a_task, in_a_timer, in_an_async_timer, in_a_reader])
def test_an_exception_anywhere_in_the_loop_ends_the_actor(start: Any, until: Any, somewhere: Any) -> None:
    reference, actor = start()
    reference.tell(somewhere)
    ended(until, actor)
    assert isinstance(actor.failure, ArithmeticError)
    assert actor.life == ["start", "failure", "hushed", "closed"]


def test_only_the_first_failure_counts(start: Any, until: Any) -> None:
    reference, actor = start()

    def twice(actor: Any) -> None:
        actor.fail(KeyError("first"))
        actor.fail(ArithmeticError("second"))

    reference.tell(twice)
    ended(until, actor)
    assert isinstance(actor.failure, KeyError)
    assert actor.life.count("failure") == 1


def test_a_stop_behind_a_handler_that_failed_without_raising_is_answered(start: Any, until: Any) -> None:
    reference, actor = start()
    gate = threading.Event()
    reference.tell(lambda _: gate.wait(LIMIT_S) and None)
    reference.tell(lambda actor: actor.fail(KeyError("said, not raised")))
    reference.tell(1)
    stopped = reference.stop(block=False)
    gate.set()
    stopped.get(timeout=LIMIT_S)
    ended(until, actor)
    assert actor.handled == []


def test_what_failed_takes_nothing_in_while_its_tasks_end(start: Any, until: Any) -> None:
    reference, actor = start()

    async def stubborn(actor: Any) -> None:
        try:
            await actor.wait_for_ever()
        finally:
            actor.life.append("task ends")

    reference.tell(stubborn)
    until(lambda: actor.waiting)
    reference.tell(fail)
    ended(until, actor)
    assert actor.life == ["start", "failure", "hushed", "task ends", "closed"]


# timers


def test_a_timer_keeps_its_rhythm_leaves_missed_calls_out_and_ends(start: Any, until: Any) -> None:
    reference, _ = start()
    calls: list[float] = []
    ends: list[Callable[[], None]] = []
    reference.ask(lambda actor: ends.append(actor.every(0.01, lambda: calls.append(time.monotonic()))), timeout=LIMIT_S)
    until(lambda: len(calls) >= 3)

    def block(actor: Any) -> int:
        before = len(calls)
        time.sleep(0.2)  # a handler that holds the loop up for twenty periods
        return before

    before = reference.ask(block, timeout=LIMIT_S)
    until(lambda: len(calls) >= before + 3)
    assert len(calls) - 1 <= (calls[-1] - calls[0] - 0.2) / 0.01 + 3  # caught up with none of the twenty
    reference.ask(lambda actor: ends[0](), timeout=LIMIT_S)
    known = len(calls)
    second: list[int] = []
    reference.ask(lambda actor: actor.every(0.03, lambda: second.append(1)), timeout=LIMIT_S)
    until(lambda: second)
    assert len(calls) == known


# the inbox


def test_an_inbox_that_runs_over_says_so_and_still_takes_a_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "INBOX_LIMIT", 3)
    inbox = LoopInbox()
    for number in range(3):
        inbox.put(pykka._envelope.Envelope(number))
    with pytest.raises(InboxFull, match="3 messages wait"):
        inbox.put(pykka._envelope.Envelope(3))
    inbox.put(pykka._envelope.Envelope(messages._ActorStop()))
    assert [envelope.message for envelope in list(inbox.take())[:3]] == [0, 1, 2]
    assert inbox.empty()


def test_what_is_given_back_comes_first() -> None:
    inbox = LoopInbox()
    for number in (1, 2, 3):
        inbox.put(pykka._envelope.Envelope(number))
    taken = inbox.take()
    taken.popleft()
    inbox.put(pykka._envelope.Envelope(4))
    inbox.give_back(taken)
    assert [inbox.get().message for _ in range(3)] == [2, 3, 4]


# Pykka's extension points


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("_create_actor_inbox", []),
        ("_create_future", []),
        ("_start_actor_loop", ["self"]),
        ("_actor_loop", ["self"]),
        ("_stop", ["self"]),
        ("_handle_receive", ["self", "message"]),
        ("_handle_failure", ["self", "exception_type", "exception_value", "traceback"]),
        ("on_start", ["self"]),
        ("on_stop", ["self"]),
        ("on_failure", ["self", "exception_type", "exception_value", "traceback"]),
        ("stop", ["self"]),
    ],
)
def test_pykka_has_the_extension_points_that_are_used(name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(pykka.Actor, name)).parameters) == parameters


def test_pykka_has_the_names_that_are_used() -> None:
    envelope = pykka._envelope.Envelope("message", reply_to=None)
    assert (envelope.message, envelope.reply_to) == ("message", None)
    assert inspect.isclass(messages._ActorStop)
    assert {"register", "unregister", "get_by_urn"} <= set(dir(ActorRegistry))
    future = pykka.ThreadingFuture()
    assert list(inspect.signature(future.set_exception).parameters) == ["exc_info"]
    reference = Plain.start()
    assert isinstance(reference.actor_inbox, LoopInbox)
    assert isinstance(reference.actor_stopped, threading.Event)
    reference.stop(timeout=LIMIT_S)


def test_the_inbox_is_what_pykka_asks_for() -> None:
    wanted = {name for name in dir(pykka._actor.ActorInbox) if not name.startswith("_")}
    assert wanted == {"put", "get", "empty"}
    assert wanted <= set(dir(LoopInbox))
