"""The truth log's table names every line that a twin writes."""

from __future__ import annotations

import re
from pathlib import Path

from venues.twins import log

VENUES = Path(log.__file__).parents[1]


def test_every_kind_of_line_is_in_the_table_and_no_other() -> None:
    source = "".join(path.read_text() for path in sorted(VENUES.glob("*/twin/**/*.py")))
    written = set(re.findall(r'log\.write\(\s*"([a-z_]+)"', source))
    table = set(re.findall(r"^    ([a-z_]+)  ", log.__doc__ or "", re.MULTILINE)) - {"kind"}
    assert written == table
    assert len(written) > 20
