"""An account's order and what becomes of it: trades, prevented matches, amendments. Prices in ticks, sizes in steps."""

from __future__ import annotations

from dataclasses import dataclass, field

from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.trading.pegs import Peg
from venues.binance.twin.trading.triggers import Trigger
from venues.twins.matching import Order

OPEN = ("NEW", "PARTIALLY_FILLED", "PENDING_NEW")
"""States of an order that can still fill."""


@dataclass(slots=True, eq=False)
class Hold:
    """What an order keeps locked, in atoms of the asset it pays with.

    The two legs of an OCO share one: it is as large as the larger need, since one leg alone can ever trade.
    """

    atoms: int = 0
    needs: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountTrade:
    """One fill of an account's order; `fee` in atoms of `fee_asset`, `time_ms` UNIX milliseconds."""

    trade_id: int
    order_id: int
    symbol: Symbol
    price: int
    size: int
    fee: int
    fee_asset: str
    time_ms: int
    is_buyer: bool
    is_maker: bool
    order_list_id: int = -1


@dataclass(frozen=True, slots=True)
class PreventedMatch:
    """A trade of `size` steps with oneself that did not happen, and what each order lost by it (0 for nothing)."""

    match_id: int
    symbol: Symbol
    taker_order_id: int
    maker_order_id: int
    mode: str
    price: int
    size: int
    taker_prevented: int
    maker_prevented: int
    time_ms: int


@dataclass(frozen=True, slots=True)
class Amendment:
    """One change of an order's size that kept its place in the queue."""

    execution_id: int
    old_client_order_id: str
    new_client_order_id: str
    old_size: int
    new_size: int
    time_ms: int


@dataclass(slots=True, eq=False)
class AccountOrder:
    """One order of an account, as its queries and events show it.

    `price` is the one that was sent; a pegged order works at `order.price`. `iceberg` is None when none was sent.
    `working_ms` is -1 before it stands in the book or takes from it. `taken` are the trades in which it took what stood
    there, `prevented_matches` the ones with itself that it took part in.
    """

    symbol: Symbol
    order: Order
    client_order_id: str
    type: str
    time_in_force: str
    quote_order_qty: int
    time_ms: int
    update_ms: int
    strategy_id: int | None = None
    strategy_type: int | None = None
    status: str = "NEW"
    price: int = 0
    trigger: Trigger | None = None
    iceberg: int | None = None
    prevention: str = "NONE"
    peg: Peg | None = None
    is_pegged: bool = False
    filled: int = 0
    filled_quote: int = 0
    prevented: int = 0
    prevented_match_id: int | None = None
    expiry: str | None = None
    working_ms: int = -1
    order_list_id: int = -1
    hold: Hold = field(default_factory=Hold)
    taken: list[AccountTrade] = field(default_factory=list)
    prevented_matches: list[PreventedMatch] = field(default_factory=list)
    amendments: list[Amendment] = field(default_factory=list)

    @property
    def order_id(self) -> int:
        """The venue's id."""
        return self.order.order_id

    @property
    def pays_with(self) -> str:
        """The asset that the order gives."""
        return self.symbol.quote if self.order.side == "BUY" else self.symbol.base

    @property
    def is_open(self) -> bool:
        """Whether it can still fill."""
        return self.status in OPEN

    @property
    def is_working(self) -> bool:
        """Whether it has entered the book: an order that waits for a price or for another order has not."""
        return self.working_ms >= 0

    @property
    def is_algo(self) -> bool:
        """Whether it is of a type that waits for a price, triggered or not."""
        return self.trigger is not None

    @property
    def remaining(self) -> int:
        """Steps that can still fill, as far as has been told; 0 for an order by quote amount."""
        return self.order.size - self.filled - self.prevented

    @property
    def need(self) -> int:
        """Atoms of what it pays with that it keeps locked."""
        return self.hold.needs.get(self.order_id, 0)
