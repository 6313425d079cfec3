"""Files of JSON lines that another process is still writing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["whole_lines"]


def whole_lines(path: Path) -> list[dict[str, Any]]:
    """Return what is written so far; no file is nothing, and a last line without its end is not written yet."""
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
