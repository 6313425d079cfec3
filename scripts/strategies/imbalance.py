from tradefloor import Strategy


class Imbalance(Strategy):
    """Buys a little when the bids outweigh the asks."""

    instrument = "BTCUSDT.BINANCE"
    threshold = 0.7
    size = "0.001"

    def on_start(self):
        self.subscribe_book(self.instrument, depth=10)
        self.every("10s", self.report)

    def on_book(self, book):
        if self.orders.open:
            return
        position, imbalance = self.position(self.instrument), book.imbalance(5)
        if position.is_flat and imbalance > self.threshold:
            self.buy(self.instrument, self.size, price=book.best_ask, time_in_force="IOC")
        elif position.is_long and imbalance < -self.threshold:
            self.close(self.instrument, price=book.best_bid, time_in_force="IOC")

    def on_fill(self, fill):
        self.log.info("filled", side=fill.side, size=fill.size, price=fill.price)

    def report(self):
        self.log.info("so far", profit=self.profit())


if __name__ == "__main__":
    Imbalance.run()
