"""Whether a publisher's heart beats, judged by a reader that may itself have been stopped."""

from __future__ import annotations

__all__ = ["HEARTBEAT_S", "HEARTBEAT_TOPICS", "LOOK_S", "MUTE_S", "Pulse"]

HEARTBEAT_S = 1.0
"""Between a publisher's heartbeats: a lost last message of a topic is believed to be no loss for no longer."""
HEARTBEAT_TOPICS = 2_000
"""Topics that one heartbeat names; more go out in several. At 30 to 60 bytes each one is under 100 kB."""
SLACK_S = 0.5
"""A busy publisher's beat may be so late: no handler of ours holds its loop for longer."""
MUTE_S = 2 * HEARTBEAT_S + SLACK_S
"""Silence after which nothing of a publisher is believed any more: two beats are missing."""
LOOK_S = HEARTBEAT_S / 4
"""Between a reader's looks at the silence."""


class Pulse:
    """What a reader knows of its publisher's life. Sans-I/O.

    Silence is counted in time that the reader was awake: a look that comes late, because the process was stopped or
    its loop was blocked, counts as two looks at most, and none convicts while messages still wait to be read. So a
    reader first reads what has come and only then accuses.
    """

    __slots__ = ("_silent_s", "epoch", "is_mute", "unsettled")

    def __init__(self) -> None:
        self.epoch = 0
        """The newest life that was heard."""
        self.is_mute = False
        self.unsettled = False
        """True after a new life or a silence, until a beat is heard: then what is left of before must be settled."""
        self._silent_s = 0.0

    def begin(self, epoch: int) -> None:
        """Hear of a newer life: the silence was the old one's."""
        self.unsettled = self.epoch > 0
        self.epoch, self._silent_s, self.is_mute = epoch, 0.0, False

    def beat(self, epoch: int) -> bool:
        """Hear a heartbeat; False for one of a life that is over, which says nothing."""
        if epoch < self.epoch:
            return False
        if epoch > self.epoch:
            self.begin(epoch)
        self._silent_s, self.is_mute = 0.0, False
        return True

    def look(self, passed_s: float, drained: bool) -> bool:
        """Look at the silence `passed_s` after the last look; True when the publisher is mute from now on."""
        self._silent_s += min(passed_s, 2 * LOOK_S)
        if self.is_mute or self._silent_s < MUTE_S or not drained:
            return False
        self.is_mute = self.unsettled = True
        return True
