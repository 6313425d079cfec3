"""Binance Spot under test."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from twin_admin import Admin

from conformance.venue import Resting, VenueUnderTest
from venues.binance.adapter import SPOT

__all__ = ["BinanceSpot"]

WEIGHT = 6000
"""The venue's own limit of an address and a minute."""


class BinanceSpot(VenueUnderTest):
    """Spot on the floor's own twin."""

    name = "binance-spot"
    instance = "BINANCE"
    instrument = "BTCUSDT.BINANCE"
    base, quote = "BTC", "USDT"
    size = Decimal("0.01")
    capabilities = SPOT
    settings = """
[venues.BINANCE]
adapter = "binance"
account_type = "spot"
environment = "twin"
[venues.BINANCE.twin]
seed = 3
"""
    symbol = "BTCUSDT"
    banned_at = 0
    """Refusals under earlier bans."""

    @property
    def admin(self) -> Admin:
        """The twin's admin."""
        greeting = json.loads(Path(self.floor.run_dir, "twin.BINANCE.json").read_bytes().splitlines()[0])
        return Admin(greeting["admin"])

    def stand_still(self) -> None:
        self.admin.post("stop")

    def touch(self) -> tuple[Decimal, Decimal]:
        market = self.admin.state()["markets"][self.symbol]
        return Decimal(market["bid"]), Decimal(market["ask"])

    def offer(self, side: str, size: Decimal, price: Decimal) -> None:
        self.admin.post("market", symbol=self.symbol, side=side, quantity=str(size), price=str(price))

    def open_orders(self) -> dict[str, Resting]:
        return {
            each["clientOrderId"]: Resting(
                each["side"],
                Decimal(each["price"]) or None,
                Decimal(each["origQty"]),
                Decimal(each["executedQty"]),
            )
            for each in self._account()["open_orders"]
        }

    def balances(self) -> dict[str, tuple[Decimal, Decimal]]:
        found = {
            asset: (Decimal(each["free"]), Decimal(each["locked"]))
            for asset, each in self._account()["balances"].items()
        }
        return {asset: amounts for asset, amounts in found.items() if any(amounts)}

    def orders_received(self) -> list[str]:
        self.admin.state()  # flushes the log
        lines = (self.floor.state_dir / "twins" / "BINANCE.jsonl").read_text().splitlines()
        sent = [json.loads(line) for line in lines if '"order.place"' in line and '"received"' in line]
        return [line["params"]["newClientOrderId"] for line in sent]

    # limits

    def lower_limit(self, room: int) -> int:
        used = sum(int(each["used"]) for each in self.admin.state()["addresses"].values())
        limit = 2 * (used + room)  # of which downloads may have a half
        self.admin.rules(weight=limit)
        return limit

    def refuse_once(self, retry_after_s: float) -> None:
        self.admin.fault("rate_limited", method="GET /api/v3/aggTrades", retry_after_s=retry_after_s)

    def ban(self, for_s: float) -> None:
        self.banned_at = len(self._refused(418))
        self.admin.fault("banned", for_s=for_s)

    def restore_limits(self) -> None:
        self.admin.rules(weight=WEIGHT)
        self.admin.clear()

    def refusals(self) -> int:
        return len(self._refused(418, 429))

    def asked_while_banned(self) -> int:
        return len(self._refused(418)) - self.banned_at

    def _refused(self, *statuses: int) -> list[dict[str, Any]]:
        self.admin.state()
        lines = (self.floor.state_dir / "twins" / "BINANCE.jsonl").read_text().splitlines()
        answers = [json.loads(line) for line in lines if '"answered"' in line]
        return [line for line in answers if line.get("status") in statuses]

    def _account(self) -> dict[str, Any]:
        (account,) = self.admin.state()["accounts"].values()
        return dict(account)
