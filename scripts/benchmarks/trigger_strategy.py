"""The strategy that a tick-to-order benchmark measures: one order for each tick that asks for one."""

from __future__ import annotations

import json
import time
from pathlib import Path

from bus.messages import ORDER_ID_LIMIT
from tradefloor import Quote, Strategy

TRIGGER_SIZE = 2.0
"""The ask size by which a tick asks for an order; its bid size is the tick's number over a thousand."""
TAG_ROOM = ORDER_ID_LIMIT - len("T1f-mm3k9q-sx2k1a-") - len("zzz-")
"""What an order id leaves to its tag while orders are counted with three digits."""


class TriggerStrategy(Strategy):
    """Sends one LIMIT IOC for each tick that asks for it, tagged ``<tick's number>-<ticks seen so far>``.

    Parameters: `report` the file that is told of the first tick, `price` and `size` of each order.
    """

    instrument = "BTCUSDT.BINANCE"
    report = ""
    price = "50000.0"
    size = "0.001"

    def on_start(self) -> None:
        self.seen = 0
        self.subscribe_quotes(self.instrument)

    def on_quote(self, quote: Quote) -> None:
        self.seen += 1
        if self.seen == 1:
            self._tell_first()
        if quote.ask_size == TRIGGER_SIZE:
            tag = f"{round(quote.bid_size * 1000)}-{self.seen}"
            if len(tag) > TAG_ROOM:  # the tick's number is what counts; 0 says that the ticks did not fit
                tag = f"{tag.partition('-')[0]}-0"
            self.buy(self.instrument, self.size, price=self.price, time_in_force="IOC", tag=tag)

    def _tell_first(self) -> None:
        if self.report:
            line = json.dumps({"event": "first_tick", "t_ns": time.perf_counter_ns()})
            with Path(self.report).open("w") as file:
                file.write(line + "\n")


if __name__ == "__main__":
    TriggerStrategy.run()
