"""The endpoints of order lists. Source: Binance Spot API, rest-api and web-socket-api, 2026-07."""

from __future__ import annotations

from venues.binance.twin.requests.endpoint import Endpoint, names
from venues.binance.twin.trading import list_endpoints as lists
from venues.binance.twin.trading import list_legs as legs
from venues.binance.twin.trading.list_orders import ListReader

OCO = legs.parameters(legs.ABOVE, legs.BELOW)
OLD_OCO = legs.parameters(legs.LIMIT, legs.STOP_LIMIT)
OTO = legs.parameters(legs.WORKING, legs.PENDING)
OTOCO = legs.parameters(legs.WORKING, legs.PENDING_ABOVE, legs.PENDING_BELOW)
OPO = legs.parameters(legs.WORKING, legs.PAID_PENDING) | {legs.PENDING_QUANTITY}
OPOCO = legs.parameters(legs.WORKING, legs.PAID_ABOVE, legs.PAID_BELOW) | {legs.PENDING_QUANTITY}

LIST_TABLE = (
    Endpoint(
        "POST", "/api/v3/orderList/oco", "orderList.place.oco", 1, "SIGNED",
        OCO, lists.placing(ListReader.oco), True,
    ),
    Endpoint(
        "POST", "/api/v3/order/oco", "orderList.place", 1, "SIGNED",
        OLD_OCO, lists.placing(ListReader.old_oco), True,
    ),
    Endpoint(
        "POST", "/api/v3/orderList/oto", "orderList.place.oto", 1, "SIGNED",
        OTO, lists.placing(ListReader.oto), True,
    ),
    Endpoint(
        "POST", "/api/v3/orderList/otoco", "orderList.place.otoco", 1, "SIGNED",
        OTOCO, lists.placing(ListReader.otoco), True,
    ),
    Endpoint(
        "POST", "/api/v3/orderList/opo", "orderList.place.opo", 1, "SIGNED",
        OPO, lists.placing(ListReader.opo), True,
    ),
    Endpoint(
        "POST", "/api/v3/orderList/opoco", "orderList.place.opoco", 1, "SIGNED",
        OPOCO, lists.placing(ListReader.opoco), True,
    ),
    Endpoint(
        "DELETE", "/api/v3/orderList", "orderList.cancel", 1, "SIGNED",
        names("symbol orderListId listClientOrderId newClientOrderId"), lists.cancel, True,
    ),
    Endpoint(
        "GET", "/api/v3/orderList", "orderList.status", 4, "SIGNED",
        names("orderListId origClientOrderId"), lists.query,
    ),
    Endpoint(
        "GET", "/api/v3/openOrderList", "openOrderLists.status", 6, "SIGNED",
        frozenset(), lists.open_lists,
    ),
    Endpoint(
        "GET", "/api/v3/allOrderList", "allOrderLists", 20, "SIGNED",
        names("fromId startTime endTime limit"), lists.all_lists,
    ),
)  # fmt: skip
