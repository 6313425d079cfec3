"""Binance Spot under test."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from twin_admin import Admin

from conformance.venue import DataFault, Depth, Resting, VenueUnderTest
from venues.binance.adapter import SPOT

__all__ = ["BinanceSpot"]

TOLD_NS = 300_000_000
"""Within so long everybody at this host knows of a ban; what was on its way is answered by one more refusal."""

WEIGHT = 6000
"""The venue's own limit of an address and a minute."""


class BinanceSpot(VenueUnderTest):
    """Spot on the floor's own twin."""

    name = "binance-spot"
    instance = "BINANCE"
    instrument = "BTCUSDT.BINANCE"
    other = "ETHUSDT.BINANCE"
    base, quote = "BTC", "USDT"
    size = Decimal("0.01")
    capabilities = SPOT
    settings = """
[venues.BINANCE]
adapter = "binance"
account_type = "spot"
environment = "twin"
instrument_refresh_s = 1.0
silence_s = 2.0
[venues.BINANCE.twin]
seed = 3
"""
    no_limit = "weight_per_minute = 100000"
    symbol = "BTCUSDT"
    tick = Decimal("0.01")
    own_param = ("selfTradePreventionMode", "EXPIRE_TAKER")
    bar_interval = "1-SECOND-LAST"
    depth_levels = 10
    past = ("2024-06-10", "2024-06-12", "1-MINUTE", 2880)
    before_all = ("2001-01-01", "2001-01-02")
    quiet_s = 6.0
    banned_at = 0
    """Refusals under earlier bans."""

    @property
    def admin(self) -> Admin:
        """The twin's admin."""
        greeting = json.loads(Path(self.floor.run_dir, "twin.BINANCE.json").read_bytes().splitlines()[0])
        return Admin(greeting["admin"])

    def forgive(self) -> None:
        self.admin.post("pardon")

    def stand_still(self) -> None:
        self.admin.post("stop")

    def go_on(self) -> None:
        self.admin.post("resume")

    def depth(self, levels: int) -> Depth:
        greeting = json.loads(Path(self.floor.run_dir, "twin.BINANCE.json").read_bytes().splitlines()[0])
        url = f"{greeting['rest']}/api/v3/depth?symbol={self.symbol}&limit={levels}"
        with urllib.request.urlopen(url, timeout=5) as answer:
            told = json.load(answer)
        sides = ([(float(price), float(size)) for price, size in told[side]] for side in ("bids", "asks"))
        return Depth(told["lastUpdateId"], *sides)

    def depth_until(self, price: Decimal) -> Decimal:
        book = self.depth(5000)
        asks = sum(size for level, size in book.asks if level <= float(price))
        bids = sum(size for level, size in book.bids if level >= float(price))
        return Decimal(str(round(max(asks, bids) if min(asks, bids) == 0 else min(asks, bids), 5)))

    def received(self, client_order_id: str) -> dict[str, object]:
        (params,) = [
            line["params"]
            for line in self._log("received")
            if line["params"].get("newClientOrderId") == client_order_id
        ]
        return dict(params)

    def hurt_book(self, fault: DataFault) -> None:
        if fault is DataFault.OLD_SNAPSHOT:
            self.admin.fault("stale_snapshot", updates_ago=2000, count=1)
            self.admin.fault("delta_lost", symbol=self.symbol)  # so that a snapshot is asked for
        else:
            self.admin.fault(f"delta_{fault.name.lower()}", symbol=self.symbol)

    @contextmanager
    def _during(self, kind: str, **options: Any) -> Iterator[None]:
        number = self.admin.fault(kind, **options)
        try:
            yield
        finally:
            self.admin.end(number)

    @contextmanager
    def mute_streams(self) -> Iterator[None]:
        with self._during("mute", door="streams"):
            yield
        self.admin.fault("cut", door="streams")  # what was asked of the mute ones will never be answered

    def maintenance(self) -> Any:
        return self._during("maintenance")

    def clock_off(self, seconds: float) -> Any:
        return self._during("clock_skew", ms=seconds * 1000)

    @contextmanager
    def closed_market(self) -> Iterator[None]:
        self.admin.post("status", symbol=self.symbol, status="HALT")
        try:
            yield
        finally:
            self.admin.post("status", symbol=self.symbol, status="TRADING")

    def bad_key(self) -> Any:
        return self._during("key_refused", method="order.place", count=1000)

    @contextmanager
    def no_permission(self) -> Iterator[None]:
        self.admin.post("trading", enabled=False)
        try:
            yield
        finally:
            self.admin.post("trading", enabled=True)

    def end_session(self) -> None:
        self.admin.fault("cut", door="ws_api")

    def raise_least_notional(self, value: Decimal) -> None:
        self.admin.post("min_notional", symbol=self.symbol, value=str(value))

    def subscriptions_of_other_trades(self) -> list[str]:
        words = {"subscribe": "open", "unsubscribe": "close"}
        return [words[line["kind"]] for line in self._log(*words) if "ethusdt@trade" in line["streams"]]

    def requests(self) -> int:
        return len(self._log("received", "socket_open"))

    def _log(self, *kinds: str) -> list[dict[str, Any]]:
        self.admin.state()  # flushes the log
        lines = (self.floor.state_dir / "twins" / "BINANCE.jsonl").read_text().splitlines()
        return [line for line in map(json.loads, lines) if line["kind"] in kinds]

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
        times = [line["ts_ns"] for line in self._refused(418)[self.banned_at :]]
        return sum(at - times[0] > TOLD_NS for at in times)

    def _refused(self, *statuses: int) -> list[dict[str, Any]]:
        self.admin.state()
        lines = (self.floor.state_dir / "twins" / "BINANCE.jsonl").read_text().splitlines()
        answers = [json.loads(line) for line in lines if '"answered"' in line]
        return [line for line in answers if line.get("status") in statuses]

    def _account(self) -> dict[str, Any]:
        (account,) = self.admin.state()["accounts"].values()
        return dict(account)
