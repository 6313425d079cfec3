"""Which versions may speak to each other."""

from __future__ import annotations

__all__ = ["VERSION", "majors_differ"]

VERSION = "0.1"
"""The version that is shaken hands on: a different number before the dot is refused."""


def majors_differ(one: str, other: str) -> bool:
    """True where the numbers before the first dot differ; an older or a newer minor version gets on with ours."""
    return one.partition(".")[0] != other.partition(".")[0]
