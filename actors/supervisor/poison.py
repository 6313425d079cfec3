"""Which message ended an actor, by the note of its last life; the same one twice in a row is poison.

A single end proves nothing: the bug may be a race, the kill a person's. The second in a row by the same message, within
the period in which restarts are counted, is taken for its fault: from then on the actor's lives are told to refuse it.
That holds until an operator restarts the actor or the floor ends.
"""

from __future__ import annotations

from actors.runtime import ExitCode
from actors.runtime.note import Noted
from bus.noter import NoteKind

__all__ = ["POISON_LIMIT", "PoisonWatch", "is_abnormal"]

POISON_LIMIT = 64
"""Messages that one actor refuses at most, the newest: with two restarts for each, an actor that meets more is broken
by itself, and its supervisor has given up on it long before."""

_ORDERLY = {
    ExitCode.DONE,
    ExitCode.CONFIGURATION,
    ExitCode.BANNED,
    ExitCode.FENCED,
    ExitCode.TOO_SLOW,
}


def is_abnormal(code: int) -> bool:
    """True for an end that no actor chooses: by a signal, a crash or a bug."""
    return code not in _ORDERLY


class PoisonWatch:
    """One child's ends, and the messages that it had in hand. Pure: notes and times in, a verdict out."""

    def __init__(self, period_s: float) -> None:
        self.known: tuple[str, ...] = ()
        """Fingerprints of the messages that the next life must refuse."""
        self._period_s = period_s
        self._suspect, self._suspected_s = "", 0.0

    def on_exit(self, code: int, noted: Noted, now_s: float) -> bool:
        """Hear of an end; True when the message that was in hand is poison from now on."""
        last, last_s = self._suspect, self._suspected_s
        self._suspect = ""
        if not is_abnormal(code) or noted.kind is NoteKind.NOTHING:
            return False
        found = noted.fingerprint
        if found != last or now_s - last_s > self._period_s:
            self._suspect, self._suspected_s = found, now_s
            return False
        self.known = (*(one for one in self.known if one != found), found)[-POISON_LIMIT:]
        return True

    def forget(self) -> None:
        """An operator asked for a fresh start: every message may be tried again."""
        self.known, self._suspect = (), ""
