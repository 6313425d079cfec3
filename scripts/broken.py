"""Break the code on purpose, line by line, and see the test that guards the line go red: ``scripts/test --broken``.

Each ``tests/broken/NAME.patch`` begins with what it breaks and which test must notice::

    # breaks: a reader takes the next frame for the one after it
    # test: tests/bus/test_position.py::TestStream::runTest
    diff --git ...

A patch is never applied to the working tree: its files, as they are now, are copied to a temporary directory, where
the test must be green first and red with the patch. Exit code 1 when a patch does not apply, when its test stays
green, or when it cannot be run at all.
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

GREEN, RED = 0, 1
"""pytest's exit codes for "all passed" and "some failed"; any other means that it could not run the test."""


class Unusable(Exception):
    """A patch cannot be judged; the message says why."""


@dataclass(frozen=True)
class Patch:
    """A patch and what it says of itself."""

    path: Path
    breaks: str
    test: str

    @classmethod
    def read(cls, path: Path) -> Patch:
        """Read a patch's header. Raises Unusable."""
        said = {}
        for line in path.read_text().splitlines():
            if not line.startswith("# "):
                break
            name, _, value = line[2:].partition(": ")
            said[name] = value.strip()
        if not said.get("breaks") or not said.get("test"):
            raise Unusable('its first lines must be "# breaks: WHAT" and "# test: PYTEST-ID"')
        return cls(path, said["breaks"], said["test"])


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

    def test(self, test: str) -> subprocess.CompletedProcess[str]:
        """Run one test."""
        return self._run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test])

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
            _expect(GREEN, "is not green without the patch", copy.test(patch.test))
            copy.apply(patch)
            _expect(RED, "stays green", copy.test(patch.test))
        except Unusable as problem:
            return Verdict(path.stem, False, str(problem), time.monotonic() - began, patch.test, patch.breaks)
    return Verdict(path.stem, True, "red", time.monotonic() - began, patch.test, patch.breaks)


def _expect(code: int, otherwise: str, done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode != code:
        words = otherwise if done.returncode in (GREEN, RED) else f"cannot be run (pytest ended with {done.returncode})"
        shown = "\n    ".join((done.stdout + done.stderr).strip().splitlines()[-LINES_SHOWN:])
        raise Unusable(f"its test {words}:\n    {shown}")


def main(arguments: list[str] | None = None) -> int:
    """Try all patches, or those that are named."""
    parser = argparse.ArgumentParser(
        prog="scripts/test --broken", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="patches of tests/broken; all by default")
    parser.add_argument("--jobs", type=int, default=JOBS, help=f"at a time (default {JOBS})")
    options = parser.parse_args(arguments)
    paths = [PATCHES / f"{name.removesuffix('.patch')}.patch" for name in options.names] or sorted(
        PATCHES.glob("*.patch")
    )
    missing = [path.stem for path in paths if not path.is_file()]
    if missing or not paths:
        sys.stderr.write(f"no such patch in tests/broken: {', '.join(missing) or 'there is none at all'}\n")
        return 2
    width = max(len(path.stem) for path in paths)
    failed = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for verdict in pool.map(judge, paths):
            failed += not verdict.caught
            mark = "caught" if verdict.caught else "NOT CAUGHT"
            sys.stdout.write(f"{verdict.name:{width}}  {mark:10}  {verdict.seconds:5.1f} s  {verdict.breaks}\n")
            if not verdict.caught:
                sys.stdout.write(f"  {verdict.test}: {verdict.words}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(paths) - failed} of {len(paths)} ways to break it are caught\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
