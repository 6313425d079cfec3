"""The command that calls a person (``[floor] on_alert``): run for each alert, and never at the floor's expense.

No shell is between: the words are the program and its arguments. It gets the alert as JSON on standard input and as
``TRADEFLOOR_ALERT_*`` in its environment; what it writes goes nowhere. How it fails is logged and changes nothing.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from actors.runtime import Log
from bus.messages import Alert

__all__ = ["AlertCommand"]

RUN_S = 30.0
"""How long one run may take; then it is killed. Sending a message takes seconds."""
AT_ONCE = 4
"""Runs at the same time; what comes on top is counted and logged. A floor that falls apart alerts about everything."""
REPEAT_S = 60.0
"""The same alert does not run the command again within this."""
REMEMBERED = 1_000
"""Alerts remembered for that."""
FIELD_CHARACTERS = 4_096
"""Of a field in the environment, which has a limit; the JSON has it whole."""


class AlertCommand:
    """Runs the command. Without words it does nothing."""

    def __init__(
        self, words: tuple[str, ...], floor: str, log: Log, spawn: Callable[[Coroutine[Any, Any, None]], object]
    ) -> None:
        self.counters = {"alert_commands": 0, "alert_commands_failed": 0, "alerts_repeated": 0, "alerts_not_told": 0}
        self._words, self._floor, self._log, self._spawn = words, floor, log, spawn
        self._running = 0
        self._told: OrderedDict[tuple[str, str, str, str], float] = OrderedDict()

    @property
    def idle(self) -> bool:
        """True while none runs."""
        return not self._running

    def tell(self, alert: Alert) -> None:
        """Run the command for an alert, unless it was just told or too many run."""
        if not self._words:
            return
        key = (alert.component, alert.code, alert.instance, alert.text)
        now = asyncio.get_running_loop().time()
        if now - self._told.get(key, -REPEAT_S) < REPEAT_S:
            self.counters["alerts_repeated"] += 1
            return
        if self._running >= AT_ONCE:
            self.counters["alerts_not_told"] += 1
            self._log.error("on_alert: too many run at once; not run for this one", code=alert.code, limit=AT_ONCE)
            return
        self._remember(key, now)
        self._running += 1
        self.counters["alert_commands"] += 1
        self._spawn(self._run(alert))

    def _remember(self, key: tuple[str, str, str, str], now: float) -> None:
        self._told[key] = now
        self._told.move_to_end(key)
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)

    async def _run(self, alert: Alert) -> None:
        try:
            problem = await self._outcome(alert)
        finally:
            self._running -= 1
        if problem:
            self.counters["alert_commands_failed"] += 1
            self._log.error("on_alert: the command failed", why=problem, code=alert.code, command=self._words[0])

    async def _outcome(self, alert: Alert) -> str:
        """Run it; return what went wrong."""
        fields = {name: _clean(getattr(alert, name)) for name in ("component", "code", "text", "instance")}
        fields["floor"] = self._floor
        environment = {
            **os.environ,
            **{f"TRADEFLOOR_ALERT_{name.upper()}": text[:FIELD_CHARACTERS] for name, text in fields.items()},
        }
        null = asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                *self._words, stdin=asyncio.subprocess.PIPE, stdout=null, stderr=null, env=environment,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            return f"it cannot be started: {error.strerror}"
        try:
            async with asyncio.timeout(RUN_S):
                await process.communicate(msgspec.json.encode({**fields, "ts_init": alert.ts_init}) + b"\n")
        except TimeoutError:
            _kill_group(process.pid)
            await process.wait()
            return f"it ran for over {RUN_S:g} s and was killed"
        return f"it ended with {process.returncode}" if process.returncode else ""


def _clean(text: str) -> str:
    """Return what can stand in an environment."""
    return text.encode(errors="replace").decode().replace("\0", " ")


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
