"""The whole numbers of the venue: none is believed that no message could hold."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

__all__ = ["Ms", "Number"]

Number = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""A whole number of the venue; it has 64 bits there as it has here."""
Ms = Annotated[int, Meta(ge=-1, le=(2**63 - 1) // 1_000_000)]
"""A time or length in milliseconds, of which nanoseconds can be made in 64 bits; -1 where the venue has none."""
