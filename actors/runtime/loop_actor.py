"""A Pykka actor whose thread runs one asyncio loop.

Pykka has actors that block on a queue, one thread each. Here the actor's single thread is an asyncio loop (uvloop
where it is installed) in which the actor's sockets are readers and its inbox one wake-up, so nothing hops threads
between a venue's socket and the bus. `tell`, `ask`, proxies and `stop` work from any thread, as with any Pykka actor.

What is used of Pykka beyond its public names: `_create_actor_inbox`, `_create_future`, `_start_actor_loop` (made for
new actor types), `_actor_loop`, `_stop`, `_handle_receive`, `_handle_failure` and `messages._ActorStop`. The tests
hold these against the installed version; the dependency is pinned below the next major one.

Failure, in one table:

    in a tell, a reader, a timer, a task    the actor ends, `failure` holds the exception
    in an ask                               the caller gets it, then the actor ends
    in on_start                             the actor ends without having taken a message
    in on_stop, in on_closed                the actor ends all the same, `failure` holds the exception
"""

from __future__ import annotations

import asyncio
import inspect
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Self

import pykka
from pykka import ActorDeadError, ActorRegistry
from pykka.messages import _ActorStop

from actors.runtime.inbox import LoopInbox

__all__ = ["LoopActor", "maybe", "new_event_loop"]


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a uvloop loop, or asyncio's own where uvloop is not installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class LoopActor(pykka.Actor):
    """Base of all actors: handlers run in one loop, one at a time between their awaits."""

    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.failure: BaseException | None = None
        self._done: asyncio.Future[Any] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._timers: list[Callable[[], None]] = []

    # Pykka's extension points

    @staticmethod
    def _create_actor_inbox() -> LoopInbox:
        return LoopInbox()

    @staticmethod
    def _create_future() -> pykka.Future[Any]:
        return pykka.ThreadingFuture()

    def _start_actor_loop(self) -> None:
        threading.Thread(target=self._actor_loop, name=type(self).__name__).start()

    def run_here(self) -> Self:
        """Run the actor in the calling thread until it ends; then `failure` tells how it ended.

        A process runs its actor so in its main thread: SIGTERM and SIGINT stop it, and there is no second thread.
        """
        ActorRegistry.register(self.actor_ref)
        self._actor_loop()
        return self

    def _actor_loop(self) -> None:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            try:
                runner.run(self._live())
            finally:
                self.actor_stopped.set()
                ActorRegistry.unregister(self.actor_ref)
                self.inbox.close()

    @property
    def inbox(self) -> LoopInbox:
        """The actor's inbox."""
        assert isinstance(self.actor_inbox, LoopInbox)
        return self.actor_inbox

    # life

    async def _live(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._done = self.loop.create_future()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self.loop.add_signal_handler(number, self.on_signal, number)
        self.loop.set_exception_handler(self._on_loop_exception)
        try:
            await self._enter()
        except Exception as error:  # noqa: BLE001 - the actor's outermost loop: it becomes an exit code
            self.fail(error)
        self.inbox.attach(self.loop, self._drain)
        reply_to = await self._done
        for end_timer in list(self._timers):
            end_timer()
        try:
            await self._end()
        except Exception as error:  # noqa: BLE001 - the actor's outermost loop: it becomes an exit code
            self.failure = self.failure or error
            self._handle_failure(*sys.exc_info())
        finally:
            if reply_to is not None:
                reply_to.set(None)

    async def _end(self) -> None:
        try:
            if self.failure is None:
                await self._leave()
            else:
                self.hush()
        finally:
            await self._end_tasks()
            await self._say_last()
            self.on_closed()

    async def _enter(self) -> None:
        """Start; `on_start` is part of it and may be a coroutine function."""
        await maybe(self.on_start())  # type: ignore[func-returns-value]

    async def _leave(self) -> None:
        """Stop by request; `on_stop` is part of it and may be a coroutine function."""
        await maybe(self.on_stop())  # type: ignore[func-returns-value]

    def on_signal(self, number: int) -> None:
        """Hook: SIGTERM or SIGINT came, where the actor has the main thread."""
        self.stop()

    def on_closed(self) -> None:
        """Hook: the very last thing in the loop, after a stop and after a failure."""

    def hush(self) -> None:
        """Hook: the actor failed; take nothing more in while its tasks end and its last answers go out."""

    async def _say_last(self) -> None:
        """Let what was said arrive before everything is closed."""

    def stop(self) -> None:
        """Stop, from any thread; one that is stopping already goes on stopping."""
        try:
            super().stop()
        except ActorDeadError:
            pass

    async def _end_tasks(self) -> None:
        current = asyncio.current_task()
        tasks = [task for task in self._tasks if task is not current]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)

    def _stop(self, reply_to: Any = None) -> None:
        ActorRegistry.unregister(self.actor_ref)
        self.actor_stopped.set()
        if self._done is not None and not self._done.done():
            self._done.set_result(reply_to)

    def fail(self, error: BaseException) -> None:
        """End the actor because of `error`. Only the first failure counts."""
        if self.failure is not None:
            return
        self.failure = error
        self._handle_failure(type(error), error, error.__traceback__)
        try:
            self.on_failure(type(error), error, error.__traceback__)
        except Exception:  # noqa: BLE001 - the actor's outermost loop: `error` is the exit code already
            self._handle_failure(*sys.exc_info())
        if self._done is not None and not self._done.done():
            self._done.set_result(None)

    def _on_loop_exception(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.fail(context.get("exception") or RuntimeError(str(context.get("message"))))

    # messages

    def _drain(self) -> None:
        envelopes = self.inbox.take()
        while envelopes:
            if self._done is None or self._done.done():  # it ends: the rest is answered when the inbox closes
                self.inbox.give_back(envelopes)
                return
            envelope = envelopes.popleft()
            if isinstance(envelope.message, _ActorStop):
                self.inbox.give_back(envelopes)
                self._stop(envelope.reply_to)
                return
            try:
                result = self._handle_receive(envelope.message)
            except Exception as error:  # noqa: BLE001 - the actor's outermost loop: answered, then it ends
                if envelope.reply_to is not None:
                    envelope.reply_to.set_exception()
                self.inbox.give_back(envelopes)
                self.fail(error)
                return
            if inspect.iscoroutine(result):
                self.spawn(result, envelope.reply_to)
            elif envelope.reply_to is not None:
                envelope.reply_to.set(result)

    def spawn(self, coroutine: Coroutine[Any, Any, Any], reply_to: Any = None) -> asyncio.Task[Any]:
        """Run a coroutine as a task that this actor owns: its failure is the actor's, and it ends with the actor."""
        task = self.loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._on_task_done(done, reply_to))
        return task

    def _on_task_done(self, task: asyncio.Task[Any], reply_to: Any) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            if reply_to is not None:
                error = ActorDeadError("the actor stopped while handling the message")
                reply_to.set_exception((ActorDeadError, error, None))
            return
        failure = task.exception()
        if failure is not None:
            if reply_to is not None:
                reply_to.set_exception((type(failure), failure, failure.__traceback__))
            self.fail(failure)
        elif reply_to is not None:
            reply_to.set(task.result())

    def every(self, seconds: float, callback: Callable[[], Any]) -> Callable[[], None]:
        """Call `callback` every `seconds`, the first time after that long; returns what ends it.

        Calls keep to their rhythm; after a stall the missed ones are left out. None comes once the actor stops.
        """
        due = self.loop.time() + seconds
        timer: asyncio.TimerHandle | None = None
        ended = False

        def call() -> None:
            nonlocal due, timer
            if ended:
                return
            due = max(due + seconds, self.loop.time())
            timer = self.loop.call_at(due, call)
            result = callback()
            if inspect.iscoroutine(result):
                self.spawn(result)

        def end() -> None:
            nonlocal ended
            ended = True
            if timer is not None:
                timer.cancel()
            if end in self._timers:
                self._timers.remove(end)

        timer = self.loop.call_at(due, call)
        self._timers.append(end)
        return end


async def maybe(result: object) -> None:
    """Await what a hook returned, if it is to be awaited."""
    if inspect.isawaitable(result):
        await result
