"""The benchmark of payloads runs: what it measures is never judged here, for a time may not fail a test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_payload_benchmark_compares_every_kind_with_json_loads() -> None:
    command = [sys.executable, "scripts/benchmarks/payloads.py", "--rounds", "1", "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, timeout=60, check=True)
    result = json.loads(done.stdout)
    assert len(result) == 8
    assert all(times["to_json"] > 0 and times["parse"] <= times["parse_and_map"] * 10 for times in result.values())
