"""The runner that breaks the code on purpose: only a test that goes red by the patch counts."""

from __future__ import annotations

import subprocess
from difflib import unified_diff
from pathlib import Path

import pytest

from scripts.broken import PATCHES, ROOT, Patch, Unusable, chosen, judge

NAME = "venues/tombstones.py"
FILE = ROOT / NAME
TEST = "tests/venues/test_tombstones.py"
PROBE = """\
import pytest
from venues.tombstones import Tombstones

def test_red(): assert False
"""
FIXTURE = """
@pytest.fixture
def covers(): return Tombstones().covers
def test_probe(covers): pass
"""
SKIPPED = """
@pytest.mark.skip
def test_probe(): pass
"""
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


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    def covers(", "    def covers)", "cannot be imported"),
        ("class Tombstones", "class Stones", "cannot be run"),
    ],
    ids=["it does not compile", "its test is not collected"],
)
def test_a_patch_whose_test_is_not_reached_any_more_is_not_caught(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    verdict = judge(patch(tmp_path, old, new))
    assert not verdict.caught
    assert words in verdict.words


@pytest.mark.parametrize(
    ("probe", "words"),
    [("", "is not green"), (FIXTURE, "cannot be run"), (SKIPPED, "cannot be run")],
    ids=["it is red without the patch", "its fixture fails by the patch", "it is skipped"],
)
def test_a_patch_whose_test_does_not_run_or_was_red_before_is_not_caught(
    tmp_path: Path, probe: str, words: str
) -> None:
    file = tmp_path / "test_probe.py"
    file.write_text(f"{PROBE}{probe}")
    name = "test_red" if not probe else "test_probe"
    verdict = judge(patch(tmp_path, "    def covers(", "    def hides(", test=f"{file}::{name}"))
    assert not verdict.caught
    assert words in verdict.words


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


def test_a_patch_of_more_than_one_line_is_not_caught(tmp_path: Path) -> None:
    verdict = judge(patch(tmp_path, "self._until", "self._kept"))
    assert not verdict.caught
    assert "more than one line" in verdict.words


def test_patches_are_chosen_by_name_and_by_pattern_each_once() -> None:
    assert [path.stem for path in chosen(["streams_gap", "streams_g*.patch"])] == ["streams_gap"]
    assert chosen([]) == sorted(PATCHES.glob("*.patch"))
    with pytest.raises(Unusable, match="no such patch in tests/broken: streams_unheard_of"):
        chosen(["streams_gap", "streams_unheard_of"])


def test_every_patch_still_applies_by_one_line_and_names_a_test_that_is_there() -> None:
    for path in chosen([]):
        done = subprocess.run(["git", "apply", "--check", path], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        file, *_, name = Patch.read(path).test.split("[")[0].split("::")
        assert name == "runTest" or f"def {name}(" in (ROOT / file).read_text(), path.stem
