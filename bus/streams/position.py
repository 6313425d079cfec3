"""Where a reader stands in a topic, as a pure judge of headers."""

from __future__ import annotations

from enum import Enum

from bus.codec import Kind

__all__ = ["Position", "Verdict"]


class Verdict(Enum):
    """What a reader does with a frame. HEAL: a state that shows a loss and ends it at once."""

    DELIVER = 1
    IGNORE = 2
    GAP = 3
    HEAL = 4


class Position:
    """Where a reader stands in one topic. Sans-I/O: `judge` each header, in the order of arrival.

    A reader of an exact topic starts STALE. One that listens under a broader prefix is sent no states, so it takes
    each topic from the first frame that it sees (`joins` false), and a gap costs it a mark and nothing else.

    `seq` follows the numbers while STALE too, so that `missed` counts every change that was lost on its way, until
    whoever looks takes it.
    """

    __slots__ = ("epoch", "joins", "missed", "seq", "stale")

    def __init__(self, joins: bool = True) -> None:
        self.epoch = 0
        self.seq = -1
        self.stale = joins
        self.joins = joins
        self.missed = 0

    def lose(self, before: int) -> bool:
        """Hear that every life before epoch `before` is over: what is left of one in the pipe is believed no more.

        Return True when the reader was whole and is STALE now; a newer life that it has joined already stays.
        """
        if self.epoch >= before:
            return False
        whole, self.stale = not self.stale, True
        self.epoch, self.seq = before, -1
        return whole

    def doubt(self) -> bool:
        """Believe nothing until the next state. Return True when the reader was whole."""
        whole, self.stale = not self.stale, self.joins
        return whole

    def close(self) -> None:
        """Hear that the publisher forgets the topic: its next number may be any higher one."""
        self.stale, self.seq = True, -1

    def judge(self, kind: int, epoch: int, seq: int) -> Verdict:
        """Say what to do with a frame of this kind, epoch and number."""
        if epoch < self.epoch or kind not in (Kind.STATE, Kind.CHANGE):
            return Verdict.IGNORE
        same = epoch == self.epoch
        if kind == Kind.CHANGE:
            return self._judge_change(same, epoch, seq)
        if same and seq == self.seq and not self.stale:
            return Verdict.IGNORE
        if same:
            self._miss(seq)
        first = self.epoch == 0
        lost = not self.stale and not first
        self.epoch, self.seq, self.stale = epoch, seq, False
        return Verdict.HEAL if lost else Verdict.DELIVER

    def hear(self, epoch: int, seq: int) -> bool:
        """Hear from a heartbeat that the topic stands at `seq`. Return True for a loss that nothing else has shown."""
        if not self.joins and self.epoch < epoch:
            first = self.epoch == 0
            self.epoch, self.seq = epoch, seq
            return not first
        if epoch != self.epoch or seq <= self.seq or self.seq < 0:
            return False
        self._miss(seq)
        self.seq = seq
        return self.doubt()

    def _judge_change(self, same: bool, epoch: int, seq: int) -> Verdict:
        expected = same and seq == self.seq + 1
        if expected and not self.stale:
            self.seq = seq
            return Verdict.DELIVER
        if same:
            self._miss(seq - 1)
        if not self.joins:
            first = self.epoch == 0
            self.epoch, self.seq = epoch, seq
            return Verdict.DELIVER if first else Verdict.GAP
        if same and self.seq >= 0:
            self.seq = max(self.seq, seq)
        if self.stale:
            return Verdict.IGNORE
        self.stale = True
        return Verdict.GAP

    def _miss(self, upto: int) -> None:
        """Count the changes up to this number that never came."""
        if 0 <= self.seq < upto:
            self.missed += upto - self.seq
