"""From the parameters of a new order list to legs that the exchange can prepare.

Legs come in the order in which they get their ids: the working one, then the one that stops loss, then the one that
takes profit. Source: Binance Spot API, rest-api (order lists, new OCO) and faqs/opo, 2026-07.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from venues.binance.twin.errors import VenueError, invalid_data, mandatory
from venues.binance.twin.market.rules import ORDER_TYPES
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.requests.params import CLIENT_ID, Params
from venues.binance.twin.trading import list_legs as legs
from venues.binance.twin.trading import list_rules as rules
from venues.binance.twin.trading import orders
from venues.binance.twin.trading.list_legs import LegNames
from venues.binance.twin.trading.list_state import Kind
from venues.binance.twin.trading.orders import NewOrder

DEFAULT_RESPONSE = "RESULT"
"""The venue's pages show lists that were placed without `newOrderRespType` answered so."""
WORKING_TYPES = ("LIMIT", "LIMIT_MAKER")


@dataclass(frozen=True, slots=True)
class NewList:
    """A checked list."""

    kind: Kind
    symbol: Symbol
    legs: tuple[NewOrder, ...]
    client_order_id: str
    response: str


@dataclass(frozen=True, slots=True)
class ListReader:
    """Reads one request. `average` and `last` give a symbol's average price and last trade in ticks, 0 for none.

    Every method raises VenueError -1013 to -2010 for what is wrong with one leg or with both together.
    """

    params: Params
    symbols: Mapping[str, Symbol]
    average: Callable[[str], int]
    last: Callable[[str], int]

    def oco(self) -> NewList:
        """An OCO of an above leg and a below leg."""
        self._check_offered("OCO")
        above, below = self._pair(legs.ABOVE, legs.BELOW)
        rules.check_prices(above, below, self.last(above.symbol.name))
        return self._list("OCO", *_stop_first(above, below))

    def old_oco(self) -> NewList:
        """The deprecated OCO of a limit order and a stop order."""
        self._check_offered("OCO")
        if "stopPrice" not in self.params:
            raise mandatory("stopPrice")
        for sent, missing in (("stopLimitPrice", "stopLimitTimeInForce"), ("stopLimitTimeInForce", "stopLimitPrice")):
            if sent in self.params and missing not in self.params:
                raise recommended(missing)
        limit = self._leg(legs.LIMIT)
        stop = self._leg(legs.STOP_LIMIT if "stopLimitPrice" in self.params else legs.STOP)
        above, below = (stop, limit) if limit.side == "BUY" else (limit, stop)
        rules.check_prices(above, below, self.last(limit.symbol.name))
        return self._list("OCO", stop, limit)

    def oto(self) -> NewList:
        """A working order and one that follows it."""
        self._check_offered("OTO")
        return self._list("OTO", self._working(), self._leg(legs.PENDING))

    def otoco(self) -> NewList:
        """A working order and an OCO that follows it."""
        self._check_offered("OTOCO")
        working, (above, below) = self._working(), self._pair(legs.PENDING_ABOVE, legs.PENDING_BELOW)
        rules.check_prices(above, below, last=None)
        return self._list("OTOCO", working, *_stop_first(above, below))

    def opo(self) -> NewList:
        """An OTO that sells what it bought."""
        self._check_offered("OPO")
        self._refuse_quantity()
        working, pending = self._working(), self._leg(legs.PAID_PENDING)
        rules.check_paid(working.side, pending.side)
        return self._list("OPO", working, pending)

    def opoco(self) -> NewList:
        """An OTOCO that sells what it bought."""
        self._check_offered("OPOCO")
        self._refuse_quantity()
        working, (above, below) = self._working(), self._pair(legs.PAID_ABOVE, legs.PAID_BELOW)
        rules.check_paid(working.side, above.side)
        rules.check_prices(above, below, last=None)
        return self._list("OPOCO", working, *_stop_first(above, below))

    def _check_offered(self, kind: Kind) -> None:
        rules.check_offered(self.params.symbol(self.symbols), kind)

    def _refuse_quantity(self) -> None:
        if legs.PENDING_QUANTITY in self.params:
            raise VenueError(-1225, f"Pending orders should not include the '{legs.PENDING_QUANTITY}' tag.")

    def _working(self) -> NewOrder:
        if self._type(legs.WORKING) not in WORKING_TYPES:
            raise VenueError(-1116, "Invalid orderType.")
        return self._leg(legs.WORKING)

    def _pair(self, above: LegNames, below: LegNames) -> tuple[NewOrder, NewOrder]:
        side = self.params.required(above.names["side"])
        if side in ("BUY", "SELL"):
            rules.check_types("BUY" if side == "BUY" else "SELL", self._type(above), self._type(below))
        return self._leg(above), self._leg(below)

    def _type(self, names: LegNames) -> str:
        name = names.names["type"]
        self.params.required(name)
        return str(self.params.choice(name, ORDER_TYPES, VenueError(-1116, "Invalid orderType.")))

    def _leg(self, names: LegNames) -> NewOrder:
        leg = names.read(self.params)
        if "icebergQty" in leg and leg.text("timeInForce") in ("IOC", "FOK"):
            iceberg, tif = names.names["icebergQty"], names.names["timeInForce"]
            raise VenueError(-1160, f"Parameter '{iceberg}' is not supported if `{tif}` is not GTC.")
        try:
            return orders.parse(leg, self.symbols, self.average, has_size="quantity" in names.names)
        except VenueError as error:
            raise names.renamed(error) from None

    def _list(self, kind: Kind, *placed: NewOrder) -> NewList:
        response = self.params.choice("newOrderRespType", ("ACK", "RESULT", "FULL"), invalid_data("newOrderRespType"))
        client_order_id = self.params.text("listClientOrderId", CLIENT_ID) or orders.new_client_id()
        return NewList(kind, placed[0].symbol, placed, client_order_id, response or DEFAULT_RESPONSE)


def recommended(name: str) -> VenueError:
    """Parameters that make sense only with another one."""
    return VenueError(
        -1128, f"Combination of optional parameters invalid. Recommendation: '{name}' should also be sent."
    )


def _stop_first(above: NewOrder, below: NewOrder) -> tuple[NewOrder, NewOrder]:
    return (above, below) if above.type.startswith("STOP_LOSS") else (below, above)
