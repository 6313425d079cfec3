"""A market maker: one bid and one ask at the touch, moved when the market moves."""

from tradefloor import Order, Quote, Strategy


class MarketMaker(Strategy):
    """Keeps a bid and an ask in the market and leans against what it holds.

    Parameters: `size` of each order in the base asset, `edge` how far outside the best prices it quotes, in ticks,
    `move` how many ticks the market may leave an order behind before it is replaced, `inventory` how much it holds
    at most, either way.
    """

    instrument = "BTCUSDT.BINANCE"
    instance = ""
    size = "0.002"
    edge = 0
    move = 20
    inventory = 0.02

    def on_start(self) -> None:
        self.subscribe_quotes(self.instrument, self.instance)
        self.synced = False

    def on_venue_state(self, instance: str, state: str, reason: str) -> None:
        if instance == (self.instance or instance):
            self.synced = state == "SYNCED"

    def on_quote(self, quote: Quote) -> None:
        rules = self.instruments.get(self.instrument)
        if rules is None or not self.synced:
            return
        tick = float(rules.price_increment)
        wanted = {"BUY": quote.bid - self.edge * tick, "SELL": quote.ask + self.edge * tick}
        held = self.position(self.instrument).size
        if held > self.inventory:
            del wanted["BUY"]
        elif held < -self.inventory:
            del wanted["SELL"]
        for side, price in wanted.items():
            working = [order for order in self.orders.open if order.side == side]
            if not working:
                self.submit(side, self.instrument, self.size, rules.price(price), instance=self.instance)
        for order in self.orders.open:
            self._follow(order, wanted.get(order.side), self.move * tick)

    def _follow(self, order: Order, wanted: float | None, distance: float) -> None:
        """Take an order away that the market left behind, or that the inventory forbids."""
        if order.label not in ("ACCEPTED", "PARTIALLY_FILLED") or order.price is None:
            return
        if wanted is None or abs(order.price - wanted) > distance:
            order.cancel()


if __name__ == "__main__":
    MarketMaker.run()
