"""Break the code on purpose, line by line, and see the test that guards the line go red: ``scripts/test --broken``.

Each ``tests/broken/NAME.patch`` begins with what it breaks and which test must notice::

    # breaks: a reader takes the next frame for the one after it
    # test: tests/bus/test_position.py::TestStream::runTest
    diff --git ...

A patch breaks one line, and is never applied to the working tree: its files, as they are now, are copied to a temporary
directory, where the test must be green first and red with the patch. Red is a test that ran and failed: what cannot
be collected, set up or imported any more proves nothing about the line. Exit code 1 when a patch does not apply,
when its test stays green, or when it cannot be run at all.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATCHES = ROOT / "tests" / "broken"
JOBS = 2
"""Patches at a time: tests wait for processes more than they compute."""
TEST_S = 180.0
"""How long one run of a test may take; a test that hangs has not gone red."""
PACKAGES = ("bus", "actors", "venues", "tradefloor")
LINES_SHOWN = 12
"""Of a test's output, where it did not do what it should."""

PASSED, FAILED = 0, 1
"""pytest's exit codes for "nothing failed" and "something did"; any other means that it could not run the test."""
REPORT = "report.xml"
"""What pytest writes of a run, in the copy: its exit code does not tell a failure from a fixture's error."""


class Unusable(Exception):
    """A patch cannot be judged; the message says why."""


@dataclass(frozen=True)
class Patch:
    """A patch and what it says of itself."""

    path: Path
    breaks: str
    test: str
    modules: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Patch:
        """Read a patch's header. Raises Unusable."""
        lines = path.read_text().splitlines()
        said = {}
        for line in lines:
            if not line.startswith("# "):
                break
            name, _, value = line[2:].partition(": ")
            said[name] = value.strip()
        if not said.get("breaks") or not said.get("test"):
            raise Unusable('its first lines must be "# breaks: WHAT" and "# test: PYTEST-ID"')
        files = [line.removeprefix("+++ b/").strip() for line in lines if line.startswith("+++ ")]
        for sign in "+-":
            if sum(line.startswith(sign) for line in lines) > len(files) + 1:
                raise Unusable("it changes more than one line, so its test would not say which one matters")
        modules = tuple(name.removesuffix(".py").replace("/", ".") for name in files if name.endswith(".py"))
        return cls(path, said["breaks"], said["test"], modules)


@dataclass(frozen=True)
class Run:
    """What came of a test, or of the several that one id names."""

    code: int
    output: str
    passed: int = 0
    failed: int = 0

    @property
    def is_green(self) -> bool:
        """True where something was tried and all of it passed; a test that was skipped has shown nothing."""
        return self.code == PASSED and self.passed > 0

    @property
    def is_red(self) -> bool:
        """True where a test ran and failed; an error in what it needs is no failure of its own."""
        return self.code == FAILED and self.failed > 0

    def expect(self, as_expected: bool, otherwise: str) -> None:
        """Raise Unusable with the end of the output, unless all is as expected."""
        if as_expected:
            return
        if not (self.is_green or self.is_red):
            otherwise = f"cannot be run (pytest ended with {self.code}, {self.passed} passed, {self.failed} failed)"
        shown = "\n    ".join(self.output.strip().splitlines()[-LINES_SHOWN:])
        raise Unusable(f"its test {otherwise}:\n    {shown}")


@dataclass(frozen=True)
class Verdict:
    """What came of a patch."""

    name: str
    caught: bool
    words: str
    seconds: float
    test: str = ""
    breaks: str = ""


class Copy:
    """The working tree's files as they are now, in a directory of their own; its tests run the copy's code."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        for name in filter(None, listed.stdout.decode().split("\0")):
            source, target = ROOT / name, folder / name
            if source.is_file():  # one that was deleted is still listed
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        if (ROOT / ".venv").is_dir():
            (folder / ".venv").symlink_to(ROOT / ".venv")  # for tests that run the scripts
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(folder),  # comes before what is installed, which is the working tree
            "PYTHONDONTWRITEBYTECODE": "1",
            "CI": "1",  # properties try the same examples each time
        }

    def check_imports(self) -> None:
        """Raise Unusable unless it is the copy that is imported."""
        code = f"import {', '.join(PACKAGES)}\nfor one in ({', '.join(PACKAGES)}): print(one.__file__)"
        done = self._run([sys.executable, "-c", code])
        found = [Path(line) for line in done.stdout.split()]
        if len(found) != len(PACKAGES) or not all(path.is_relative_to(self.folder) for path in found):
            raise Unusable(f"not the copy in {self.folder} would be tested, but {done.stdout.split()} {done.stderr}")

    def apply(self, patch: Patch) -> None:
        """Apply a patch. Raises Unusable."""
        done = self._run(["git", "apply", str(patch.path)])
        if done.returncode:
            raise Unusable(f"does not apply: {' '.join(done.stderr.split())}")

    def check_modules(self, modules: tuple[str, ...]) -> None:
        """Raise Unusable unless what a patch has changed can still be imported."""
        done = self._run([sys.executable, "-c", f"import {', '.join(modules)}"])
        if done.returncode:
            raise Unusable(f"with it, {', '.join(modules)} cannot be imported: {done.stderr.strip().splitlines()[-1]}")

    def test(self, test: str) -> Run:
        """Run one test."""
        report = self.folder / REPORT
        report.unlink(missing_ok=True)
        done = self._run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={report}", test])
        output = done.stdout + done.stderr
        if done.returncode not in (PASSED, FAILED):
            return Run(done.returncode, output)
        suite = ElementTree.parse(report).find("testsuite")
        assert suite is not None
        counted = {name: int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")}
        passed = counted["tests"] - counted["failures"] - counted["errors"] - counted["skipped"]
        return Run(done.returncode, output, passed, counted["failures"])

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a command in the copy, and end whatever it started when its time is over."""
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                output, errors = process.communicate(timeout=TEST_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise Unusable(f"{command[-1]}: not over within {TEST_S:g} s") from None
        return subprocess.CompletedProcess(command, process.returncode, output, errors)


def judge(path: Path) -> Verdict:
    """Try one patch."""
    began = time.monotonic()
    patch = Patch(path, "", "")
    with tempfile.TemporaryDirectory(prefix="tfb", dir="/tmp") as folder:  # short: sockets have to fit below it
        try:
            patch = Patch.read(path)
            copy = Copy(Path(folder))
            copy.check_imports()
            run = copy.test(patch.test)
            run.expect(run.is_green, "is not green without the patch")
            copy.apply(patch)
            copy.check_modules(patch.modules)
            run = copy.test(patch.test)
            run.expect(run.is_red, "stays green")
        except Unusable as problem:
            return Verdict(path.stem, False, str(problem), time.monotonic() - began, patch.test, patch.breaks)
    return Verdict(path.stem, True, "red", time.monotonic() - began, patch.test, patch.breaks)


def chosen(names: list[str]) -> list[Path]:
    """Return the patches of these names or patterns, each once; all where none is named. Raises Unusable."""
    paths: dict[Path, None] = {}
    for name in names or ["*"]:
        found = sorted(PATCHES.glob(f"{name.removesuffix('.patch')}.patch"))
        if not found:
            raise Unusable(f"no such patch in tests/broken: {name}")
        paths.update(dict.fromkeys(found))
    return list(paths)


def main(arguments: list[str] | None = None) -> int:
    """Try all patches, or those that are named."""
    parser = argparse.ArgumentParser(
        prog="scripts/test --broken", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="patches of tests/broken, or 'streams_*'; else all")
    parser.add_argument("--jobs", type=int, default=JOBS, help=f"at a time (default {JOBS})")
    options = parser.parse_args(arguments)
    try:
        paths = chosen(options.names)
    except Unusable as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    width = max(len(path.stem) for path in paths)
    began, failed = time.monotonic(), 0
    sys.stdout.write(f"{'patch':{width}}  {'verdict':10}  {'took':>7}  what it breaks\n")
    sys.stdout.flush()
    with ThreadPoolExecutor(options.jobs) as pool:
        for verdict in pool.map(judge, paths):
            failed += not verdict.caught
            mark = "caught" if verdict.caught else "NOT CAUGHT"
            sys.stdout.write(f"{verdict.name:{width}}  {mark:10}  {verdict.seconds:5.1f} s  {verdict.breaks}\n")
            if not verdict.caught:
                sys.stdout.write(f"  {verdict.test}: {verdict.words}\n")
            sys.stdout.flush()
    caught, seconds = len(paths) - failed, time.monotonic() - began
    sys.stdout.write(f"{caught} of {len(paths)} ways to break it are caught, in {seconds:.0f} s\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
