"""What all tests share: short run directories, async tests in a real loop, captures, and waiting for a condition."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from actors.runtime.loop_actor import new_event_loop

# Properties are about values, not about time: a busy machine must not fail them. CI tries the same examples each time,
# so that it fails for a change and not by luck; at the desk they are new ones.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

TEST_S = 60.0
"""No async test takes longer; one that does hangs."""
WAIT_S = 20.0
"""How long a condition is waited for: only a failing test ever takes so long."""
LOOK_S = 0.002
ROOT = Path(__file__).parents[1]
CAPTURE_ABSENT = "no capture"
"""Begins the reason of a skip for which what the test compares with is not there."""
COMPARES = "compares_with_captures"
"""A keyword of the tests that do: their reports bear it, from whichever process they come."""
CASE = re.compile(r"tests/conformance/.*::test_[a-z]\d\d_")
"""A test of an acceptance case."""
WHOLE_FLOORS = (
    "tests/floor/",
    "tests/chaos/",
    "tests/conformance/",
    "tests/tradefloor/",
    "tests/actors/supervisor/",
    "tests/actors/runtime/",
)
"""Folders whose tests start half a dozen processes each: one of them at a time, however many tests run at once."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run two at a time: floors one after another and first, all other tests file by file beside them."""
    for item in items:
        if "captures" in getattr(item, "fixturenames", ()):
            item.keywords[COMPARES] = True
        file = item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group("floors" if file.startswith(WHOLE_FLOORS) else file))
    items.sort(key=lambda item: not item.nodeid.startswith(WHOLE_FLOORS))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an ``async def`` test in the loop of our actors; an exception in any of its callbacks fails the test."""
    test = pyfuncitem.obj
    if not inspect.iscoroutinefunction(test):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(test).parameters}
    errors: list[BaseException] = []

    def on_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        errors.append(context.get("exception") or RuntimeError(context["message"]))

    async def body() -> None:
        asyncio.get_running_loop().set_exception_handler(on_error)
        try:
            async with asyncio.timeout(TEST_S):
                await test(**arguments)
        finally:
            for argument in arguments.values():
                if hasattr(argument, "close_in_loop"):
                    argument.close_in_loop()

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(body())
    if errors:
        raise errors[0]
    return True


@pytest.fixture
def run_dir() -> Iterator[Path]:
    """A run directory whose path is short enough for sockets."""
    with short_directory() as path:
        yield path


@pytest.fixture(scope="module")
def module_run_dir() -> Iterator[Path]:
    """One for all tests of a module."""
    with short_directory() as path:
        yield path


class short_directory:
    """A directory right below /tmp, removed at the end."""

    def __enter__(self) -> Path:
        self.path = Path(tempfile.mkdtemp(prefix="tf", dir="/tmp"))
        return self.path

    def __exit__(self, *error: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


@pytest.fixture(scope="session")
def captures() -> Callable[[str], Path]:
    """Return a path in the folder of captures, or skip the test where it is not there."""
    folder = Path(os.environ.get("TRADEFLOOR_CAPTURES") or ROOT.parent / "shared" / "fixtures")

    def find(name: str) -> Path:
        path = folder / name
        if not path.exists():
            pytest.skip(f"{CAPTURE_ABSENT} {name} in {folder}; TRADEFLOOR_CAPTURES names another folder")
        return path

    return find


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests were skipped for the absence of a capture: a suite without them proves less.

    And how many acceptance cases were, for each reason: what a venue lacks.
    """
    reports = [each for told in terminalreporter.stats.values() for each in told if isinstance(each, pytest.TestReport)]
    cases = [report for report in reports if CASE.search(report.nodeid)]
    if cases:
        ran = {report.nodeid for report in cases}
        reasons = Counter(str(report.longrepr[2]) for report in cases if isinstance(report.longrepr, tuple))
        told = "; ".join(f"{reason.removeprefix('Skipped: ')} ({count})" for reason, count in sorted(reasons.items()))
        line = f"conformance: {len(ran)} cases, {sum(reasons.values())} skipped"
        terminalreporter.write_line(f"{line}: {told}" if told else line)
    compared = {report.nodeid for report in reports if COMPARES in report.keywords}
    absent = {report.nodeid for report in reports if report.skipped and CAPTURE_ABSENT in str(report.longrepr)}
    if compared:
        said = f"captures: {len(absent)} of {len(compared)} tests skipped, for their captures are absent"
        terminalreporter.write_line(said)


@pytest.fixture(scope="session")
def until() -> Callable[..., Any]:
    """``until(condition)`` looks until the condition holds and returns what it gave; fails after a deadline."""

    def wait(condition: Callable[[], Any], what: str = "", limit_s: float = WAIT_S) -> Any:
        deadline = time.monotonic() + limit_s
        while not (found := condition()):
            assert time.monotonic() < deadline, f"not within {limit_s:g} s: {what or inspect.getsource(condition)}"
            time.sleep(LOOK_S)
        return found

    return wait


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Awaitable[Any]]:
    """As `until`, to be awaited, for conditions that the test's own loop brings about."""

    async def wait(condition: Callable[[], Any], what: str = "", limit_s: float = WAIT_S) -> Any:
        deadline = time.monotonic() + limit_s
        while not (found := condition()):
            assert time.monotonic() < deadline, f"not within {limit_s:g} s: {what or inspect.getsource(condition)}"
            await asyncio.sleep(LOOK_S)
        return found

    return wait
