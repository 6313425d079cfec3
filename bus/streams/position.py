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
    """

    __slots__ = ("epoch", "joins", "seq", "stale")

    def __init__(self, joins: bool = True) -> None:
        self.epoch = 0
        self.seq = -1
        self.stale = joins
        self.joins = joins

    def lose(self, before: int) -> bool:
        """Hear that every life before epoch `before` is over: what is left of one in the pipe is believed no more.

        Return True when the reader was whole and is STALE now; a newer life that it has joined already stays.
        """
        if self.epoch >= before:
            return False
        whole, self.stale = not self.stale, True
        self.epoch, self.seq = before, -1
        return whole

    def judge(self, kind: int, epoch: int, seq: int) -> Verdict:
        """Say what to do with a frame of this kind, epoch and number."""
        if epoch < self.epoch or kind not in (Kind.STATE, Kind.CHANGE):
            return Verdict.IGNORE
        same = epoch == self.epoch
        if kind == Kind.CHANGE:
            return self._judge_change(same, epoch, seq)
        if same and seq == self.seq and not self.stale:
            return Verdict.IGNORE
        first = self.epoch == 0
        lost = not self.stale and not first
        self.epoch, self.seq, self.stale = epoch, seq, False
        return Verdict.HEAL if lost else Verdict.DELIVER

    def _judge_change(self, same: bool, epoch: int, seq: int) -> Verdict:
        expected = same and seq == self.seq + 1
        if not self.joins:
            first = self.epoch == 0
            self.epoch, self.seq = epoch, seq
            return Verdict.DELIVER if expected or first else Verdict.GAP
        if self.stale:
            return Verdict.IGNORE
        if expected:
            self.seq = seq
            return Verdict.DELIVER
        self.stale = True
        return Verdict.GAP
