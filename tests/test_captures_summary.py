"""A suite that lacks its captures says so at its end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SESSIONS = "tests/venues/binance/test_sessions.py"


def last_words(folder: Path, *tests: str) -> str:
    """Run tests with the captures of a folder and return what pytest says."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "TRADEFLOOR_CAPTURES": str(folder)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_tests_without_their_captures_are_counted_aloud(tmp_path: Path) -> None:
    for how in ([], ["--numprocesses", "2", "--dist", "loadgroup"]):
        said = last_words(tmp_path, SESSIONS, *how)
        assert "captures: 5 of 5 tests skipped, for their captures are absent" in said


def test_captures_that_are_there_are_not_counted_as_absent(tmp_path: Path) -> None:
    for name in ("spot/http_json/ping_response.json", "py_resources/x.json", "rust_test_data/spot/x.json"):
        file = tmp_path / "nautilus/binance" / name
        file.parent.mkdir(parents=True)
        file.write_text("{}")
    (tmp_path / "nautilus/binance/spot/x.json").write_text("{}")
    name = "tests/venues/binance/test_examples.py::test_the_second_copy_of_nautilus_spot_examples_is_the_same"
    assert "captures: 0 of 1 tests skipped" in last_words(tmp_path, name)


def test_where_nothing_compares_with_captures_nothing_is_said_of_them(tmp_path: Path) -> None:
    assert "captures" not in last_words(tmp_path, "tests/venues/test_addresses.py")
