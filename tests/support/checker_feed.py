"""A floor with one child: an actor that publishes a market, writes down what it "was sent", and lies when told to.

``python checker_feed.py RUN_DIR STATE_DIR LOG LIE`` runs its supervisor.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from actors.runtime import Actor, Context, run_actor
from actors.runtime.log import configure
from actors.supervisor import ChildSpec, FloorSpec, Supervisor
from bus import topics
from bus.messages import AggressorSide, BookDelta, BookSnapshot, Empty, Message, Quote, Trade
from venues.twins.log import TruthLog

INSTANCE, INSTRUMENT, STREAM = "BINANCE", "BTCUSDT.BINANCE", "btcusdt"
PACE_S = 0.001
LIE_AT = 100
"""The turn of each life at which the lie is told; it comes once all topics have been read for a while."""


class ScriptedFeed(Actor):
    """Each turn a quote and a trade, and every fifth turn a delta; `lie` is what becomes of turn `LIE_AT`."""

    prefixes = ("market/BINANCE/",)
    serves = False

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.lie: str = context.settings["lie"]
        self.twin_log = TruthLog(Path(context.settings["log"]))
        self.turn = 0
        self.quote: Quote | None = None
        self.book: dict[float, float] = {}
        self.book_seq = 0
        self.held: Trade | None = None
        self.opened: set[str] = set()

    async def begin(self) -> None:
        self.twin_log.write("life", pid=os.getpid(), epoch=self.epoch)
        self.book_seq = self.number
        self.every(PACE_S, self.play)

    @property
    def number(self) -> int:
        """The venue's number of this turn: it grows over all lives."""
        return self.epoch * 1_000_000 + self.turn * 10

    def topic_opened(self, topic: str) -> None:
        self.opened.add(topic)

    def topic_state(self, topic: str) -> Message | None:
        if "/quote/" in topic:
            return self.quote
        if "/book/" in topic:
            return BookSnapshot(INSTRUMENT, [*self.book.items()], [], self.book_seq, 0, 0)
        return Empty()

    def play(self) -> None:
        """One turn."""
        if len(self.opened) < 3:
            return
        self.turn += 1
        self.play_quote(self.turn == LIE_AT)
        self.play_trade(self.turn == LIE_AT)
        if self.turn % 5 == 0:
            self.play_delta(self.turn == LIE_AT)
        if self.turn == LIE_AT + 20:
            for kind in ("quote", "trade", "book"):
                if self.publisher.is_stale(self.topic(kind)):
                    self.publisher.publish_state(self.topic(kind))

    def topic(self, kind: str) -> str:
        """Our topic of a kind."""
        return topics.market(INSTANCE, kind, INSTRUMENT)

    def publish(self, kind: str, message: Message) -> None:
        """Publish what readers may believe."""
        if not self.publisher.is_stale(self.topic(kind)):
            self.publisher.publish(self.topic(kind), message)

    def sent(self, stream: str, **data: Any) -> None:
        """Write down what the venue sent, before anybody can be told of it: a kill may come in between."""
        self.twin_log.write("sent", sockets=[self.epoch], stream=f"{STREAM}@{stream}", data=data)
        self.twin_log.flush()

    def play_quote(self, lies: bool) -> None:
        """The venue sends a quote."""
        bid, ask = 60_000.0 + self.turn, 60_001.5 + self.turn
        self.sent("bookTicker", u=self.number, b=str(bid), B="1.25", a=str(ask), A="0.75")
        first = self.quote is None
        self.quote = Quote(INSTRUMENT, bid, ask, 1.25, 0.75, self.number, 0, 1)
        if first:
            self.publisher.publish_state(self.topic("quote"))
            return
        if lies and self.lie == "marked":
            for kind in ("quote", "trade", "book"):
                self.publisher.mark_stale(self.topic(kind), "lost something")
        if lies and self.lie == "quote altered":
            self.publish("quote", Quote(INSTRUMENT, bid, ask + 0.25, 1.25, 0.75, self.number, 0, 1))
        elif not (lies and self.lie == "quote dropped"):
            self.publish("quote", self.quote)

    def play_trade(self, lies: bool) -> None:
        """The venue sends a trade."""
        self.sent("trade", t=self.number, p="60000.5", q="0.1", T=7, m=False)
        trade = Trade(INSTRUMENT, str(self.number), 60_000.5, 0.1, AggressorSide.BUYER, 7_000_000, 1)
        if lies and self.lie == "trades swapped":
            self.held = trade
            return
        self.publish("trade", trade)
        if self.held is not None:
            self.publish("trade", self.held)
            self.held = None

    def play_delta(self, lies: bool) -> None:
        """The venue sends what changed of its book."""
        prev_seq, seq = self.book_seq, self.number
        price, size = 50_000.0 + self.turn % 7, float(self.turn % 3)
        self.sent("depth@100ms", U=prev_seq + 1, u=seq, E=9, b=[[str(price), str(size)]], a=[])
        self.book_seq = seq
        self.book[price] = size
        if not (lies and self.lie == "delta dropped"):
            self.publish("book", BookDelta(INSTRUMENT, [(price, size)], [], prev_seq, seq, 9_000_000, 1))


def main(run_dir: str, state_dir: str, log: str, lie: str) -> int:
    """Run the floor."""
    configure(None, "WARNING")
    context = Context("feed", "market_data", run_dir, state_dir, "test", INSTANCE, {"log": log, "lie": lie})
    child = ChildSpec(context, "checker_feed:ScriptedFeed", backoff_min_s=0.01)
    return run_actor(Supervisor(FloorSpec("test", "USDT", run_dir, state_dir, (), (child,))))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
