"""What a strategy keeps comes back as it was, or not at all."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from actors.strategy.keeping import Kept, KeptError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "alpha"


def test_what_is_saved_is_loaded_by_the_next_life(path: Path) -> None:
    state = {"n": 1, "f": 0.5, "s": "ä", "b": b"\0", "none": None, "yes": True, "list": [1, [2.0]], "dict": {"x": {}}}
    assert Kept(path).load() is None
    assert Kept(path).save(state)
    assert Kept(path).load() == state


def test_nothing_is_written_where_nothing_changed(path: Path) -> None:
    kept = Kept(path)
    assert kept.save({"n": 1})
    written = path.stat().st_mtime_ns
    assert not kept.save({"n": 1})
    assert path.stat().st_mtime_ns == written
    again = Kept(path)
    again.load()
    assert not again.save({"n": 1})
    assert again.save({"n": 2})


@pytest.mark.parametrize(
    ("state", "named"),
    [
        ({"a": (1, 2)}, "'a'"), ({"b": Decimal(1)}, "'b'"), ({"c": {1, 2}}, "'c'"),
        ({"f": object()}, "object"), ([1], "'list'"), ({"g": 2**70}, "64"),
    ],
)  # fmt: skip
def test_what_would_not_come_back_as_it_is_costs_one_error_and_leaves_what_was(
    path: Path, state: Any, named: str
) -> None:
    kept = Kept(path)
    kept.save({"n": 1})
    with pytest.raises(KeptError, match=rf"on_save: .*{named}.*expected a dict of str or int"):
        kept.save(state)
    assert Kept(path).load() == {"n": 1}


def test_no_number_is_one_that_comes_back(path: Path) -> None:
    Kept(path).save({"x": math.nan})
    assert math.isnan((Kept(path).load() or {})["x"])


@pytest.mark.parametrize(
    "spoil", [lambda raw: raw[:-1], lambda raw: raw[:-1] + b"\0", lambda raw: b"", lambda raw: b"x" * 9]
)
def test_a_spoilt_file_is_named_and_not_believed(path: Path, spoil: Any) -> None:
    Kept(path).save({"n": 1})
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(KeptError, match=f"{path}: it is spoilt; move it away"):
        Kept(path).load()


def test_a_write_that_was_cut_leaves_what_was(path: Path) -> None:
    Kept(path).save({"n": 1})
    path.with_name("alpha.part").write_bytes(b"TFS1")
    assert Kept(path).load() == {"n": 1}
