"""What a capture of the venue's streams holds: its frames, its snapshots, its symbols.

Source: Binance Spot API, web-socket-streams and rest-api, depth, 2026-07.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec

from venues.binance.twin.market.catalogue import KNOWN, MAX_PRICE, MAX_SIZE, QUOTES, atoms
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.render import ATOM
from venues.twins.replay import Recorded, ReplayError, read_all

PROBED = 20_000
"""Frames from which symbols, ticks and steps are told."""
OTHER_QUOTES = ("BUSD", "TUSD", "USDP", "GBP", "JPY", "BRL", "AUD", "UAH", "PAX", "TRX", "XRP", "DOGE")
"""Quote assets beside those of the catalogue, for symbols that it does not know."""
Levels = list[tuple[str, str]]


class Frame(msgspec.Struct, frozen=True):
    """A frame of a combined stream; `data` is kept byte by byte."""

    stream: str
    data: msgspec.Raw

    @property
    def symbol(self) -> str:
        """The symbol that the stream's name names."""
        return self.stream.partition("@")[0].upper()

    @property
    def kind(self) -> str:
        """The stream's name without the symbol."""
        return self.stream.partition("@")[2]


class DepthUpdate(msgspec.Struct, frozen=True):
    """A diff of the book."""

    time_ms: int = msgspec.field(name="E")
    first: int = msgspec.field(name="U")
    last: int = msgspec.field(name="u")
    bids: Levels = msgspec.field(name="b")
    asks: Levels = msgspec.field(name="a")


class BestPrices(msgspec.Struct, frozen=True):
    """A bookTicker."""

    update_id: int = msgspec.field(name="u")
    bid: str = msgspec.field(name="b")
    bid_size: str = msgspec.field(name="B")
    ask: str = msgspec.field(name="a")
    ask_size: str = msgspec.field(name="A")


class Trade(msgspec.Struct, frozen=True):
    """A trade."""

    trade_id: int = msgspec.field(name="t")
    price: str = msgspec.field(name="p")
    size: str = msgspec.field(name="q")
    time_ms: int = msgspec.field(name="T")
    is_buyer_maker: bool = msgspec.field(name="m")


class AggregateTrade(msgspec.Struct, frozen=True):
    """An aggregate trade."""

    aggregate_id: int = msgspec.field(name="a")
    price: str = msgspec.field(name="p")
    size: str = msgspec.field(name="q")
    first_id: int = msgspec.field(name="f")
    last_id: int = msgspec.field(name="l")
    time_ms: int = msgspec.field(name="T")
    is_buyer_maker: bool = msgspec.field(name="m")


class Snapshot(msgspec.Struct, frozen=True):
    """An answer of GET depth."""

    update_id: int = msgspec.field(name="lastUpdateId")
    bids: Levels
    asks: Levels


_frame = msgspec.json.Decoder(Frame)
_snapshot = msgspec.json.Decoder(Snapshot)
KINDS: dict[str, msgspec.json.Decoder[DepthUpdate | BestPrices | Trade | AggregateTrade]] = {
    "depth@100ms": msgspec.json.Decoder(DepthUpdate),
    "depth": msgspec.json.Decoder(DepthUpdate),
    "bookTicker": msgspec.json.Decoder(BestPrices),
    "trade": msgspec.json.Decoder(Trade),
    "aggTrade": msgspec.json.Decoder(AggregateTrade),
}
"""The streams from which a replayed market's state is made; other streams are only told again."""
Content = DepthUpdate | BestPrices | Trade | AggregateTrade


def frame_of(recorded: Recorded) -> Frame | None:
    """The frame of a line, None for another thing than a frame."""
    if not recorded.payload.startswith(b'{"stream"'):
        return None
    try:
        return _frame.decode(recorded.payload)
    except msgspec.DecodeError as error:
        raise ReplayError(f"frame of {recorded.time_ns}: {error}") from None


def content_of(frame: Frame) -> Content | None:
    """What a frame says, None for streams that leave no trace in a market's state."""
    decoder = KINDS.get(frame.kind)
    try:
        return decoder.decode(frame.data) if decoder is not None else None
    except msgspec.DecodeError as error:
        raise ReplayError(f"frame of {frame.stream}: {error}") from None


class Capture:
    """One or more files of one session: its symbols and streams and, in their order, its snapshots and its frames."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.paths = tuple(paths)
        self.snapshots: dict[str, list[Snapshot]] = {}
        self.streams: set[str] = set()
        prices: dict[str, set[str]] = {}
        sizes: dict[str, set[str]] = {}
        for frame in islice(filter(None, map(frame_of, read_all(self.paths))), PROBED):
            content = content_of(frame)
            if content is not None:
                self.streams.add(frame.stream)
                for price, size in _levels(content):
                    prices.setdefault(frame.symbol, set()).add(price)
                    sizes.setdefault(frame.symbol, set()).add(size)
        if not prices:
            raise ReplayError(f"{', '.join(map(str, self.paths))}: no frame of depth, bookTicker, trade or aggTrade")
        for name, snapshot in self._answers(next(iter(prices)) if len(prices) == 1 else None):
            self.snapshots.setdefault(name, []).append(snapshot)
            for price, size in (*snapshot.bids, *snapshot.asks):
                prices.setdefault(name, set()).add(price)
                sizes.setdefault(name, set()).add(size)
        self.symbols = [_symbol(name, prices[name], sizes[name]) for name in prices]

    def frames(self) -> Iterator[tuple[int, Frame]]:
        """(when it arrived in UNIX nanoseconds, frame), in order."""
        for recorded in read_all(self.paths):
            frame = frame_of(recorded)
            if frame is not None:
                yield recorded.time_ns, frame

    def _answers(self, only: str | None) -> Iterator[tuple[str, Snapshot]]:
        """The snapshots; one without an address is of the only symbol."""
        for recorded in read_all(self.paths):
            if not recorded.payload.startswith(b'{"lastUpdateId"'):
                continue
            name = parse_qs(urlsplit(recorded.address).query).get("symbol", [only])[0]
            if name is None:
                raise ReplayError(f"snapshot of {recorded.time_ns}: of which of several symbols it is, nothing says")
            try:
                yield name, _snapshot.decode(recorded.payload)
            except msgspec.DecodeError as error:
                raise ReplayError(f"snapshot of {recorded.time_ns}: {error}") from None


def _levels(content: Content) -> Levels:
    if isinstance(content, DepthUpdate):
        return [*content.bids, *content.asks]
    if isinstance(content, BestPrices):
        return [(content.bid, content.bid_size), (content.ask, content.ask_size)]
    return [(content.price, content.size)]


def _symbol(name: str, prices: set[str], sizes: set[str]) -> Symbol:
    """The catalogue's symbol where the captured numbers fit it, else one with the tick and step that they have."""
    price_atoms, size_atoms = [atoms(text) for text in prices], [atoms(text) for text in sizes]
    tick, step = _power_of_ten(math.gcd(*price_atoms)), _power_of_ten(math.gcd(*size_atoms))
    known = KNOWN.get(name)
    if known is not None and tick % known.tick == 0 and step % known.step == 0:
        return known
    if tick * step % ATOM:
        raise ReplayError(f"{name}: its prices and sizes together have more than eight decimals")
    quote = next((quote for quote in (*QUOTES, *OTHER_QUOTES) if name.endswith(quote) and name != quote), "")
    return Symbol(
        name=name,
        base=name.removesuffix(quote),
        quote=quote,
        tick=tick,
        step=step,
        start=max(1, sorted(price_atoms)[len(price_atoms) // 2] // tick),
        max_price=MAX_PRICE * ATOM,
        max_size=MAX_SIZE * ATOM,
    )


def _power_of_ten(number: int) -> int:
    """The largest power of ten that divides a count of atoms, no more than one unit."""
    power = 1
    while power < ATOM and number % (power * 10) == 0:
        power *= 10
    return power
