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
from twin_client import CLIENT_SCRIPTS, ROOT, ForeignEnvironment, Twin
from witness import Witness

PIP_S = 300.0
SCRIPT_S = 90.0
CLIENTS = ["python-binance==1.0.37", "ccxt==4.5.90", "aiohttp==3.14.5", "websockets==17.4"]
"""Their transports are pinned too: both clients take whatever version is newest."""
NAUTILUS = ["nautilus_trader==1.221.0"]
"""The last version for Python 3.11; it has wheels up to 3.13."""


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
    """Makes, once, a virtual environment with the given requirements and keeps it for later runs.

    It is filled by our own pip and left uncompiled: python compiles what a client uses of its packages at its first
    run, which is a small part of them.
    """

    def build(name: str, requirements: list[str]) -> ForeignEnvironment:
        digest = hashlib.sha256("\n".join([sys.version, *requirements]).encode()).hexdigest()[:12]
        cache = Path(os.environ.get("TRADEFLOOR_CACHE") or Path.home() / ".cache" / "tradefloor")
        folder = cache / "envs" / f"{name}-{digest}"
        python, ready = folder / "bin" / "python", folder / "ready"
        folder.parent.mkdir(parents=True, exist_ok=True)
        with open(folder.parent / f"{folder.name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # whoever runs beside us may want the same one
            if not ready.exists():
                make = [sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)]
                subprocess.run(make, check=True, timeout=PIP_S)
                pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-compile"]
                install = [*pip, "--disable-pip-version-check", *requirements]
                done = subprocess.run(install, capture_output=True, text=True, timeout=PIP_S, check=False)
                assert done.returncode == 0, f"pip install {requirements}:\n{done.stderr[-3000:]}"
                ready.touch()
        return ForeignEnvironment(python)

    return build


@pytest.fixture(scope="session")
def clients_env(third_party_env: Callable[[str, list[str]], ForeignEnvironment]) -> ForeignEnvironment:
    """python-binance and ccxt, which share one environment."""
    return third_party_env("clients", CLIENTS)


@pytest.fixture(scope="module")
def witness(start_twin: Callable[..., Twin], clients_env: ForeignEnvironment) -> Callable[..., Witness]:
    """Runs a script of python-binance or ccxt against a fresh twin: what it saw, and what the twin says of it."""

    def run(script: str, *args: str) -> Witness:
        twin = start_twin(*args)
        seen = clients_env.run(CLIENT_SCRIPTS / script, twin.greeting, SCRIPT_S)
        return Witness(seen, twin.log())

    return run


@pytest.fixture(scope="module")
def nautilus_env(third_party_env: Callable[[str, list[str]], ForeignEnvironment]) -> ForeignEnvironment:
    """NautilusTrader in an environment of its own, for it pins half of the scientific stack."""
    if sys.version_info >= (3, 14):
        pytest.skip(f"{NAUTILUS[0]} has no wheel for Python {sys.version_info.major}.{sys.version_info.minor}")
    return third_party_env("nautilus", NAUTILUS)
