"""The runner that breaks the code on purpose: only a test that goes red by the patch counts."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path

import pytest

from scripts.broken import ROOT, judge

NAME = "venues/tombstones.py"
FILE = ROOT / NAME
TEST = "tests/venues/test_tombstones.py"
HARMLESS = ("    def add(", "    # nobody minds\n    def add(")


def patch(folder: Path, old: str, new: str, test: str = TEST) -> Path:
    """Write a patch that puts `new` in the place of `old`."""
    before = FILE.read_text()
    lines = [text.splitlines(keepends=True) for text in (before, before.replace(old, new))]
    diff = "".join(unified_diff(*lines, f"a/{NAME}", f"b/{NAME}"))
    file = folder / "tried.patch"
    file.write_text(f"# breaks: what is tried here\n# test: {test}\n{diff}")
    return file


def test_a_patch_that_its_test_notices_is_caught_and_the_working_tree_is_left_alone(tmp_path: Path) -> None:
    before = FILE.read_bytes()
    verdict = judge(patch(tmp_path, "    def covers(", "    def hides("))
    assert verdict.caught, verdict.words
    assert FILE.read_bytes() == before


def test_a_patch_that_no_test_notices_is_not_caught(tmp_path: Path) -> None:
    verdict = judge(patch(tmp_path, *HARMLESS))
    assert not verdict.caught
    assert "stays green" in verdict.words


def test_a_patch_whose_test_is_not_there_is_not_caught(tmp_path: Path) -> None:
    verdict = judge(patch(tmp_path, *HARMLESS, test=f"{TEST}::test_that_is_not_there"))
    assert not verdict.caught
    assert "cannot be run" in verdict.words


def test_a_patch_that_does_not_apply_any_more_is_not_caught(tmp_path: Path) -> None:
    file = patch(tmp_path, *HARMLESS)
    file.write_text(file.read_text().replace("OrderedDict", "SortedDict").replace("def add", "def put"))
    verdict = judge(file)
    assert not verdict.caught
    assert "does not apply" in verdict.words


@pytest.mark.parametrize("test", ["", " "])
def test_a_patch_that_names_no_test_is_not_caught(tmp_path: Path, test: str) -> None:
    verdict = judge(patch(tmp_path, *HARMLESS, test=test))
    assert not verdict.caught
    assert "its first lines must be" in verdict.words
