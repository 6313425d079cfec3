"""Twins in processes of their own, and environments for clients that nobody here wrote."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from twin_client import ROOT, ForeignEnvironment, Twin

PIP_S = 300.0


@pytest.fixture(scope="module")
def start_twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Twin]]:
    """Starts twins with a seed and more arguments; stops them at the module's end."""
    started: list[Twin] = []

    def start(*args: str) -> Twin:
        log = tmp_path_factory.mktemp("twin") / "truth.jsonl"
        command = [sys.executable, "-m", "venues.binance.twin", "--seed", "7", "--log", str(log), *args]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"the twin said nothing and ended with {process.wait()}"
        twin = Twin(process, json.loads(line), log)
        started.append(twin)
        return twin

    yield start
    for twin in started:
        twin.stop()


@pytest.fixture
def twin(start_twin: Callable[..., Twin]) -> Iterator[Twin]:
    """A fresh twin for one test."""
    twin = start_twin()
    yield twin
    twin.stop()


@pytest.fixture(scope="module")
def shared_twin(start_twin: Callable[..., Twin]) -> Twin:
    """One twin for all tests of a module that leave nothing behind."""
    return start_twin()


@pytest.fixture(scope="session")
def third_party_env() -> Callable[[str, list[str]], ForeignEnvironment]:
    """Makes, once, a virtual environment with the given requirements and keeps it for later runs."""

    def build(name: str, requirements: list[str]) -> ForeignEnvironment:
        digest = hashlib.sha256("\n".join([sys.version, *requirements]).encode()).hexdigest()[:12]
        cache = Path(os.environ.get("TRADEFLOOR_CACHE") or Path.home() / ".cache" / "tradefloor")
        folder = cache / "envs" / f"{name}-{digest}"
        python, ready = folder / "bin" / "python", folder / "ready"
        folder.parent.mkdir(parents=True, exist_ok=True)
        with open(folder.parent / f"{folder.name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # whoever runs beside us may want the same one
            if not ready.exists():
                subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True, timeout=PIP_S)
                install = [str(python), "-m", "pip", "install", "-q", *requirements]
                done = subprocess.run(install, capture_output=True, text=True, timeout=PIP_S, check=False)
                assert done.returncode == 0, f"pip install {requirements}:\n{done.stderr[-3000:]}"
                ready.touch()
        return ForeignEnvironment(python)

    return build
