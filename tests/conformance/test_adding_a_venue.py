"""The page for who adds a venue names only what there is."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding-a-venue.md").read_text()
QUOTED = re.findall(r"`([^`\n]+)`", PAGE.replace("```", ""))


def test_every_path_in_the_page_exists() -> None:
    paths = {each for each in QUOTED if "/" in each}
    paths |= {
        word for line in re.findall(r"^(?:\S*/\S+ .*)$", PAGE, re.M) for word in re.findall(r"scripts/[\w.]+", line)
    }
    assert len(paths) > 30
    assert [each for each in sorted(paths) if not (ROOT / each.rstrip("/")).exists()] == []


def test_every_name_in_the_page_is_defined_in_the_file_that_its_row_names() -> None:
    defined = "\n".join(file.read_text() for top in ("venues", "tests/support") for file in (ROOT / top).rglob("*.py"))
    names = {each for each in QUOTED if re.fullmatch(r"[A-Z]\w+", each)}
    assert len(names) > 5
    assert [each for each in sorted(names) if not re.search(rf"^(class {each}\b|{each}\b.*=)", defined, re.M)] == []
