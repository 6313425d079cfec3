"""A small account at a venue, as the venue, the reconciler and a strategy write it down; tests put the lies in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from actors.monitor.checker.verdict import Places, Verdict, judge
from actors.monitor.checker.watch import Watch
from actors.reconciler import Ledger
from actors.reconciler.journal import EventJournal
from actors.reconciler.records import Adjustment, Baseline, InstrumentKnown
from actors.strategy.fill_log import FillLog
from bus.codec import encode
from bus.messages import (
    Balance,
    CurrencyPair,
    Fill,
    Instrument,
    InstrumentStatusWord,
    Intent,
    Liquidity,
    Message,
    NewOrder,
    OrderEvent,
    OrderEventKind,
    OrderStatus,
    OrderType,
    Side,
    Source,
)

INSTANCE, SYMBOL, INSTRUMENT, STRATEGY = "BINANCE", "BTCUSDT", "BTCUSDT.BINANCE", "maker"
KEY = "account"
SECOND = 10**9
MAKER = {True: Liquidity.MAKER, False: Liquidity.TAKER}
PAIR = Instrument(
    INSTRUMENT, SYMBOL, InstrumentStatusWord.TRADING, Decimal("0.01"), Decimal("0.00001"), CurrencyPair("BTC", "USDT")
)
_KINDS = {Intent: "intent", OrderEvent: "event", Fill: "fill", Balance: "balance", Baseline: "baseline"}


@dataclass
class World:
    """`twin` are the lines of the log, `told` what the reconciler was told, in order."""

    folder: Path
    twin: list[dict[str, Any]] = field(default_factory=list)
    told: list[Message] = field(default_factory=list)
    strategy_sees: bool = True
    journal_from_ns: int = 0
    free: dict[str, Decimal] = field(default_factory=lambda: {"BTC": Decimal(10), "USDT": Decimal(1_000_000)})
    locked: dict[str, Decimal] = field(default_factory=lambda: {"BTC": Decimal(0), "USDT": Decimal(0)})
    _number: int = 0
    _filled: dict[str, Decimal] = field(default_factory=dict)
    _orders: dict[str, tuple[NewOrder, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        amounts = {asset: {"free": str(free), "locked": "0"} for asset, free in self.free.items()}
        self.say("start", symbols=[SYMBOL], balances={KEY: amounts})
        self.say("user_subscribe", socket=1, account=KEY)
        self.told.append(InstrumentKnown(INSTANCE, PAIR))

    def say(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Add a line to the twin's log, and return it."""
        line = {"ts_ns": len(self.twin) * SECOND, "kind": kind, **fields}
        self.twin.append(line)
        return line

    def order(self, client_id: str, side: str, size: str, price: str, strategy: str = STRATEGY) -> None:
        """An order passes the gate and rests at the venue."""
        self._number += 1
        amount, limit = Decimal(size), Decimal(price)
        order = NewOrder(
            client_id, client_id, INSTANCE, INSTRUMENT, strategy, Side(side), OrderType.LIMIT, amount, limit
        )
        self._orders[client_id] = (order, 100 + self._number)
        self._filled[client_id] = Decimal(0)
        asset, needed = ("USDT", amount * limit) if side == "BUY" else ("BTC", amount)
        self.free[asset] -= needed
        self.locked[asset] += needed
        self.say("received", via="ws_api", socket=1, method="order.place", params={"newClientOrderId": client_id})
        self._order_line(client_id, "NEW")
        self.told.append(Intent(self._number, order, False, None, self._number))
        self.told.append(self._event(client_id, OrderEventKind.ACCEPTED))
        self._balances()

    def fill(self, client_id: str, trade_id: int, size: str, price: str, maker: bool = True) -> None:
        """A part of a resting order is filled, at a fee of a thousandth of what is received."""
        order, venue_id = self._orders[client_id]
        amount, at = Decimal(size), Decimal(price)
        assert order.price is not None
        assert order.size is not None
        paid, paid_from, got, fee_asset = amount * order.price, "USDT", amount, "BTC"
        if order.side is Side.SELL:
            paid, paid_from, got, fee_asset = amount, "BTC", amount * at, "USDT"
        fee = got / 1000
        self.locked[paid_from] -= paid
        if order.side is Side.BUY:
            self.free["USDT"] += amount * (order.price - at)
        self.free[fee_asset] += got - fee
        self._filled[client_id] += amount
        done = self._filled[client_id] == order.size
        self.say(
            "fill", account=KEY, trade_id=trade_id, order_id=venue_id, client_order_id=client_id, symbol=SYMBOL,
            side=str(order.side), price=str(at), size=str(amount), fee=str(fee), fee_asset=fee_asset, maker=maker,
            time_ms=trade_id,
        )  # fmt: skip
        self._order_line(client_id, "FILLED" if done else "PARTIALLY_FILLED")
        fill = Fill(
            str(trade_id), INSTANCE, INSTRUMENT, client_id, str(venue_id), order.side, at, amount, fee, fee_asset,
            MAKER[maker], Source.STREAM, trade_id * 1_000_000, trade_id * 1_000_000,
        )  # fmt: skip
        self.told.append(fill)
        self._balances()

    def cancel(self, client_id: str) -> None:
        """An order ends, and what it held is free again."""
        order, _ = self._orders[client_id]
        assert order.price is not None
        assert order.size is not None
        rest = order.size - self._filled[client_id]
        asset, held = ("USDT", rest * order.price) if order.side is Side.BUY else ("BTC", rest)
        self.locked[asset] -= held
        self.free[asset] += held
        self._order_line(client_id, "CANCELED")
        self.told.append(self._event(client_id, OrderEventKind.CANCELED))
        self._balances()

    def trade_a_little(self) -> None:
        """Two orders, three fills, nothing left open."""
        self.order("T-1", "BUY", "0.5", "60000")
        self.fill("T-1", 1001, "0.2", "59999.5", maker=False)
        self.fill("T-1", 1002, "0.3", "60000")
        self.order("T-2", "SELL", "0.4", "60100")
        self.fill("T-2", 1003, "0.1", "60100")
        self.cancel("T-2")

    def lines(self, kind: str) -> list[dict[str, Any]]:
        """The twin's lines of a kind."""
        return [line for line in self.twin if line["kind"] == kind]

    def fills_told(self) -> list[int]:
        """Where in `told` the fills are."""
        return [place for place, message in enumerate(self.told) if isinstance(message, Fill)]

    # judging

    @property
    def log(self) -> Path:
        """The twin's log."""
        return self.folder / "truth.jsonl"

    @property
    def view(self) -> Path:
        """The strategy's record."""
        return self.folder / "views" / f"{STRATEGY}.jsonl"

    def write(self) -> None:
        """Write everything as its writers do: the journal is folded by the reconciler's own ledger."""
        self.log.write_text("".join(json.dumps(line) + "\n" for line in self.twin))
        ledger, journal = Ledger(), EventJournal(self.folder / "events.db")
        view = FillLog(self.view)
        view.joined(0)
        last: dict[str, int] = {}
        for number, message in enumerate(self.told):
            updates = ledger.apply(message)
            update = updates[0] if updates else None
            strategy = update.order.order.strategy if update else ""
            if update is not None:
                last[strategy] = last.get(strategy, 0) + 1
                if update.fill is not None and strategy == STRATEGY and self.strategy_sees:
                    view.add(last[strategy], update.fill)
            kind = _KINDS.get(type(message), type(message).__name__.lower())
            instance = message.order.instance if isinstance(message, Intent) else INSTANCE
            seq = last[strategy] if update is not None else 0
            published = encode(update) if update is not None else b""
            written_ns = self.journal_from_ns + number
            journal.append(kind, message, 1, written_ns, instance, strategy, "", seq, published)
        journal.commit()
        journal.close()
        view.close()

    def places(self) -> Places:
        """Where the checker is to look."""
        return Places("", {INSTANCE: self.log}, self.folder / "events.db", self.folder / "views", ())

    def judged(self, watch: Watch | None = None) -> Verdict:
        """Write everything, and judge it."""
        self.write()
        return judge(self.places(), watch or Watch(()))

    # lines

    def _event(self, client_id: str, kind: OrderEventKind) -> OrderEvent:
        _, venue_id = self._orders[client_id]
        status = OrderStatus.UNKNOWN
        return OrderEvent(
            kind, INSTANCE, INSTRUMENT, client_id, Source.STREAM, 1, 1, venue_order_id=str(venue_id), status=status
        )

    def _order_line(self, client_id: str, status: str) -> None:
        order, venue_id = self._orders[client_id]
        self.say(
            "order", account=KEY, order_id=venue_id, client_order_id=client_id, symbol=SYMBOL, side=str(order.side),
            type="LIMIT", price=str(order.price), size=str(order.size), filled=str(self._filled[client_id]),
            status=status,
        )  # fmt: skip

    def _balances(self) -> None:
        for asset in ("BTC", "USDT"):
            free, locked = self.free[asset], self.locked[asset]
            self.say("balance", account=KEY, asset=asset, free=str(free), locked=str(locked))
            self.told.append(Balance(INSTANCE, asset, free, locked, Source.STREAM, len(self.twin), 1))


def adjustment() -> Adjustment:
    """A difference that the reconciler gave way to."""
    return Adjustment(INSTANCE, "BTC", Decimal(1), Decimal(2), (1, 2), 3)
