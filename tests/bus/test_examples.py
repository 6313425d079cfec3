"""The examples of the library page, run as they stand."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "scripts" / "examples"
TOPIC = "state/actor/counter/"


class Programs:
    """Example programs of one test, killed at its end; what each prints is in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.running = folder, []  # type: ignore[var-annotated]

    def start(self, name: str, *words: str) -> tuple[subprocess.Popen[bytes], Callable[[], list[str]]]:
        file = self.folder / f"{name}{len(self.running)}.txt"
        command = [sys.executable, str(EXAMPLES / name), *words]
        with open(file, "wb") as out:
            process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, env={"PYTHONPATH": str(ROOT)})
        self.running.append(process)
        return process, lambda: file.read_text().splitlines()


@pytest.fixture
def programs(run_dir: Path) -> Iterator[Programs]:
    """Starts examples."""
    found = Programs(run_dir)
    yield found
    for process in found.running:
        process.kill()
        process.wait()


def test_a_publisher_and_a_reader_of_fifteen_lines_find_each_other_again_after_a_kill(
    programs: Programs, run_dir: Path, until: Any
) -> None:
    endpoint = f"ipc://{run_dir}/counter"
    publisher, _ = programs.start("bus_publisher.py", endpoint)
    _, read = programs.start("bus_reader.py", endpoint)
    until(lambda: len(read()) > 3, "counts")
    first = read()[0].split()[0]
    publisher.kill()
    publisher.wait()
    until(lambda: any(line.startswith("STALE") for line in read()), "the end is told")
    until(lambda: int(first) < int(time.time()), "a later second, and so a later epoch")
    programs.start("bus_publisher.py", endpoint)
    until(lambda: not read()[-1].startswith("STALE") and read()[-1].split()[0] != first, "counts of the next life")
    numbers = [line.split() for line in read() if not line.startswith("STALE")]
    for life in {words[0] for words in numbers}:
        seqs = [int(words[1]) for words in numbers if words[0] == life]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))


def test_a_reader_with_nothing_but_pyzmq_and_msgpack_follows_the_same_stream(
    programs: Programs, run_dir: Path, until: Any
) -> None:
    endpoint = f"ipc://{run_dir}/counter"
    _, read = programs.start("plain_reader.py", endpoint, TOPIC)
    programs.start("bus_publisher.py", endpoint)
    until(lambda: len(read()) > 4, "counts")
    lines = [line for line in read() if "STALE" not in line]
    assert all("['Acknowledged', " in line for line in lines)
    assert len({line.split()[1] for line in lines}) == 1
