"""The benchmark of the client runs: what it measures is never judged here, for a time may not fail a test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_client_benchmark_measures_both_doors_and_what_comes_back() -> None:
    command = [sys.executable, "scripts/benchmarks/client_requests.py", "--rounds", "2", "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, timeout=60, check=True)
    found = json.loads(done.stdout)
    assert len(found) == 8
    assert all(value > 0 for value in found.values())
