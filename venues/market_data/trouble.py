"""What a venue's protocol hands to the base: its instruments, or why it could not."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bus.messages import Instrument, InstrumentId, Refused, Unreadable

__all__ = ["Listed", "VenueTrouble"]


class VenueTrouble(Exception):
    """The venue did not answer, or said no. `refused` is what an asker is told, `retry_after_s` what the venue asks."""

    def __init__(self, refused: Refused, retry_after_s: float = 0.0) -> None:
        super().__init__(refused.reason)
        self.refused = refused
        self.retry_after_s = retry_after_s


class Listed(msgspec.Struct, frozen=True):
    """A venue's instruments as of now. `unreadable` could not be read and are left out; `strange` are words that this
    version does not know, each with the instrument where it stands first."""

    instruments: dict[InstrumentId, Instrument]
    unreadable: Sequence[Unreadable] = ()
    strange: dict[str, InstrumentId] = {}
