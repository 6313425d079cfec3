"""What the venue did, by its own log: Binance Spot's twin. Nothing of ours has a part in it.

A new `start` line is a new life of the twin: it remembers no order and no socket of the one before. Source of the
payloads: Binance Spot API, web-socket-streams, 2026-07.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from actors.monitor.checker.spans import BOOK, QUOTE, TRADE, Key, Segment, hash_levels
from bus.messages import Levels

__all__ = ["TwinFill", "TwinOrder", "TwinTruth", "read", "wait_until_stable"]

STABLE_S = 1.0
"""How long a log may take to come to rest; the twin writes at least every 20 ms."""
LOOK_S = 0.1
MS = 1_000_000
PLACING = ("order.place", "POST /api/v3/order", "order.cancelReplace", "POST /api/v3/order/cancelReplace")
PLACING_LISTS = ("orderList.place", "POST /api/v3/orderList/")
"""What the methods that place lists begin with; each order of one has a name of its own."""
OPEN = ("NEW", "PENDING_NEW", "PARTIALLY_FILLED")


class TwinFill(msgspec.Struct, frozen=True):
    """A fill of an account."""

    account: str
    trade_id: int
    order_id: int
    client_order_id: str
    symbol: str
    side: str
    price: Decimal
    size: Decimal
    fee: Decimal
    fee_asset: str
    maker: bool
    time_ms: int


class TwinOrder(msgspec.Struct, frozen=True):
    """An order of an account after one change."""

    account: str
    order_id: int
    client_order_id: str
    symbol: str
    status: str

    @property
    def is_open(self) -> bool:
        """True while it can fill."""
        return self.status in OPEN


class _Amount(msgspec.Struct, frozen=True):
    free: Decimal
    locked: Decimal


class _Balance(_Amount, frozen=True):
    account: str
    asset: str


class _Start(msgspec.Struct, frozen=True):
    balances: dict[str, dict[str, _Amount]] = {}


class _Sent(msgspec.Struct, frozen=True):
    sockets: list[int]
    stream: str
    data: msgspec.Raw


class _Socket(msgspec.Struct, frozen=True):
    socket: int
    account: str = ""
    streams: list[str] = []


class _Received(msgspec.Struct, frozen=True):
    method: str
    params: dict[str, Any] = {}


class _Kind(msgspec.Struct, frozen=True):
    kind: str


class TwinTruth:
    """Everything that counts of a twin's log. `symbols` are those whose streams are kept."""

    def __init__(self, symbols: Collection[str] = ()) -> None:
        self.fills: list[TwinFill] = []
        self.orders: dict[tuple[int, str, int], TwinOrder] = {}
        """Last known, by (life, symbol, venue's id)."""
        self.balances: dict[str, tuple[Decimal, Decimal]] = {}
        """(free, locked) by asset; `touched` are those that changed since the start."""
        self.touched: set[str] = set()
        self.received: Counter[str] = Counter()
        """Requests for a new order, by client order id."""
        self.fills_while_down = 0
        self.problems: list[str] = []
        self._life = 0
        self._streams = {
            f"{symbol.lower()}{suffix}": (kind, symbol)
            for symbol in symbols
            for suffix, kind in (("@bookTicker", QUOTE), ("@trade", TRADE), ("@depth@100ms", BOOK), ("@depth", BOOK))
        }
        self._segments: dict[tuple[str, str], list[Segment]] = defaultdict(list)
        self._open: dict[tuple[str, int], Segment] = {}
        self._listening: dict[str, Counter[int]] = defaultdict(Counter)
        self._was_heard: set[str] = set()
        self._waiting: Counter[str] = Counter()

    def segments(self, kind: str, symbol: str) -> list[Segment]:
        """What was sent of a symbol's quotes, trades or book, by socket and subscription."""
        return self._segments.get((kind, symbol), [])

    @property
    def life(self) -> int:
        """The number of the twin's last life."""
        return self._life

    def take(self, line: bytes) -> None:
        """Take one line. Raises msgspec.DecodeError or ValueError for what is none."""
        handler = _HANDLERS.get(_kind.decode(line).kind)
        if handler is not None:
            decoder, take = handler
            take(self, decoder.decode(line))

    def on_start(self, start: _Start) -> None:
        """The twin begins, remembering nothing."""
        self._life += 1
        self._open.clear()
        self._listening.clear()
        self.touched.clear()
        self.balances = {
            asset: (amount.free, amount.locked)
            for balances in start.balances.values()
            for asset, amount in balances.items()
        }

    def on_fill(self, fill: TwinFill) -> None:
        """Count it, and whether anybody listened."""
        self.fills.append(fill)
        if fill.account in self._was_heard and not +self._listening[fill.account]:
            self._waiting[fill.account] += 1

    def on_order(self, order: TwinOrder) -> None:
        """The order's latest state."""
        self.orders[(self._life, order.symbol, order.order_id)] = order

    def on_balance(self, balance: _Balance) -> None:
        """The asset's latest balance."""
        self.balances[balance.asset] = (balance.free, balance.locked)
        self.touched.add(balance.asset)

    def on_received(self, received: _Received) -> None:
        """Somebody asks for something."""
        if received.method in PLACING and "newClientOrderId" in received.params:
            self.received[str(received.params["newClientOrderId"])] += 1
        elif received.method.startswith(PLACING_LISTS):
            for name, value in received.params.items():
                if name.endswith("ClientOrderId") and name != "listClientOrderId":
                    self.received[str(value)] += 1

    def on_sent(self, sent: _Sent) -> None:
        """Each of these sockets was sent this."""
        wanted = self._streams.get(sent.stream)
        if wanted is None:
            return
        key, levels = _KEYS[wanted[0]](msgspec.json.decode(sent.data))
        for socket in sent.sockets:
            segment = self._open.get((sent.stream, socket))
            if segment is None:
                segment = Segment(f"{sent.stream} on socket {socket} of life {self._life}")
                self._open[(sent.stream, socket)] = segment
                self._segments[wanted].append(segment)
            segment.keys.append(key)
            if levels is not None:
                segment.levels.append(levels)

    def on_unsubscribe(self, socket: _Socket) -> None:
        """What is sent after a later subscription does not join what was sent before."""
        for stream in socket.streams:
            self._open.pop((stream, socket.socket), None)

    def on_user_subscribe(self, socket: _Socket) -> None:
        """The account is listened to; what was filled while nobody did lies between two subscriptions."""
        self._listening[socket.account][socket.socket] += 1
        self._was_heard.add(socket.account)
        self.fills_while_down += self._waiting.pop(socket.account, 0)

    def on_user_unsubscribe(self, socket: _Socket) -> None:
        """One listener less."""
        self._listening[socket.account][socket.socket] -= 1

    def on_socket_end(self, socket: _Socket) -> None:
        """Nothing reaches this socket any more."""
        for listening in self._listening.values():
            listening.pop(socket.socket, None)


def _quote(data: dict[str, Any]) -> tuple[Key, None]:
    bid, ask = float(data["b"]), float(data["a"])
    return (data["u"], bid or None, ask or None, float(data["B"]), float(data["A"])), None


def _trade(data: dict[str, Any]) -> tuple[Key, None]:
    aggressor = "SELLER" if data["m"] else "BUYER"
    return (str(data["t"]), float(data["p"]), float(data["q"]), aggressor, data["T"] * MS), None


def _delta(data: dict[str, Any]) -> tuple[Key, tuple[Levels, Levels]]:
    bids: Levels = [(float(price), float(size)) for price, size in data["b"]]
    asks: Levels = [(float(price), float(size)) for price, size in data["a"]]
    return (data["u"], data["U"] - 1, hash_levels(bids, asks), data["E"] * MS), (bids, asks)


_KEYS: dict[str, Any] = {QUOTE: _quote, TRADE: _trade, BOOK: _delta}
_kind = msgspec.json.Decoder(_Kind)
_socket = msgspec.json.Decoder(_Socket)
_HANDLERS: dict[str, tuple[msgspec.json.Decoder[Any], Any]] = {
    "start": (msgspec.json.Decoder(_Start), TwinTruth.on_start),
    "fill": (msgspec.json.Decoder(TwinFill), TwinTruth.on_fill),
    "order": (msgspec.json.Decoder(TwinOrder), TwinTruth.on_order),
    "balance": (msgspec.json.Decoder(_Balance), TwinTruth.on_balance),
    "received": (msgspec.json.Decoder(_Received), TwinTruth.on_received),
    "sent": (msgspec.json.Decoder(_Sent), TwinTruth.on_sent),
    "unsubscribe": (_socket, TwinTruth.on_unsubscribe),
    "user_subscribe": (_socket, TwinTruth.on_user_subscribe),
    "user_unsubscribe": (_socket, TwinTruth.on_user_unsubscribe),
    "socket_cut": (_socket, TwinTruth.on_socket_end),
    "socket_close": (_socket, TwinTruth.on_socket_end),
}


def wait_until_stable(paths: Collection[Path]) -> None:
    """Wait until the files have stopped growing, or for `STABLE_S`."""
    deadline = time.monotonic() + STABLE_S
    sizes = _sizes(paths)
    while time.monotonic() < deadline:
        time.sleep(LOOK_S)
        before, sizes = sizes, _sizes(paths)
        if sizes == before:
            return


def _sizes(paths: Collection[Path]) -> list[int]:
    return [path.stat().st_size if path.exists() else -1 for path in paths]


def read(path: Path, symbols: Collection[str] = ()) -> TwinTruth:
    """Read a log to its end. A torn last line (the twin is still writing) is left out; what else fails is said."""
    truth = TwinTruth(symbols)
    try:
        file = path.open("rb")
    except OSError as error:
        truth.problems.append(f"the twin's log cannot be read: {error}")
        return truth
    with file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                break
            try:
                truth.take(line)
            except (msgspec.DecodeError, ValueError, KeyError, TypeError) as error:
                truth.problems.append(f"{path.name} line {number} cannot be read: {error}")
    return truth
