"""Every call that the twin serves, by both doors: it is understood as it was meant, and its answer can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from binance_floor import TwinProcess

from venues.binance.client import ENDPOINTS, ApiError, BinanceSpot
from venues.binance.client.calls import Calls
from venues.binance.client.payloads import OrderBody, OrderList
from venues.binance.twin.requests.endpoints import TABLE

Run = Callable[[Any], Any]
SERVED = {(endpoint.method, endpoint.path) for endpoint in TABLE}
BTC = {"symbol": "BTCUSDT"}
QUERIES: dict[str, dict[str, Any]] = {
    "ping": {},
    "time": {},
    "exchange_info": {"symbols": ["BTCUSDT", "ETHUSDT"], "show_permission_sets": False},
    "execution_rules": BTC,
    "depth": BTC,
    "trades": BTC,
    "historical_trades": {**BTC, "from_id": 0},
    "historical_block_trades": {**BTC, "from_id": 0},
    "agg_trades": {**BTC, "limit": 5},
    "klines": {**BTC, "interval": "1m", "time_zone": "+08:00"},
    "ui_klines": {**BTC, "interval": "1h"},
    "avg_price": BTC,
    "ticker_24hr": {**BTC, "type": "MINI"},
    "ticker_trading_day": {"symbols": ["BTCUSDT"]},
    "ticker_price": {},
    "ticker_book_ticker": {"symbols": ["BTCUSDT", "ETHUSDT"]},
    "ticker": {**BTC, "window_size": "4h"},
    "account": {"omit_zero_balances": True},
    "open_orders": {},
    "all_orders": {**BTC, "limit": 3},
    "all_order_list": {},
    "open_order_list": {},
    "my_trades": {**BTC, "from_id": 0},
    "rate_limit_order": {},
    "my_prevented_matches": {**BTC, "order_id": 1},
    "my_allocations": BTC,
    "account_commission": BTC,
    "my_filters": BTC,
}


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwinProcess]:
    twin = TwinProcess(tmp_path_factory.mktemp("twin"))
    yield twin
    twin.stop()


def doors(spot: BinanceSpot) -> tuple[Calls, Calls]:
    return spot.rest, spot.ws


def need(*names: str) -> None:
    """Skip where the twin does not serve these calls."""
    for endpoint in ENDPOINTS:
        if endpoint.name in names and (endpoint.verb, endpoint.path) not in SERVED:
            pytest.skip(f"this twin does not serve {endpoint.title}")


async def near(spot: BinanceSpot, distance: int) -> Decimal:
    """A price beside the market at which nothing trades, and no filter refuses an order."""
    best = (await spot.rest.depth("BTCUSDT", 5)).bids[0][0]
    return Decimal(str(best)).quantize(Decimal("0.01")) + distance


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_understood_and_its_answer_is_read(twin: TwinProcess, run: Run, name: str) -> None:
    need(name)

    async def body() -> None:
        async with BinanceSpot(twin.greeting) as spot:
            for door in doors(spot):
                answer = await getattr(door, name)(**QUERIES[name])
                assert answer is not None or name == "ping"

    run(body())


def test_the_life_of_an_order(twin: TwinProcess, run: Run) -> None:
    async def body() -> None:
        async with BinanceSpot(twin.greeting) as spot:
            for door in doors(spot):
                price = await near(spot, -500)
                limit: Any = {"time_in_force": "GTC", "quantity": Decimal("0.02"), "price": price}
                await door.test_order("BTCUSDT", "BUY", "LIMIT", **limit)
                rates = await door.test_order("BTCUSDT", "BUY", "LIMIT", compute_commission_rates=True, **limit)
                assert rates.standard_commission_for_order is not None
                placed = await door.place_order("BTCUSDT", "BUY", "LIMIT", new_client_order_id="one", **limit)
                assert (placed.status, placed.price, placed.orig_qty) == ("NEW", price, Decimal("0.02"))
                assert (await door.order("BTCUSDT", order_id=placed.order_id)).client_order_id == "one"
                assert [order.order_id for order in await door.open_orders("BTCUSDT")] == [placed.order_id]
                canceled = await door.cancel_order(
                    "BTCUSDT", orig_client_order_id="one", cancel_restrictions="ONLY_NEW"
                )
                assert (canceled.status, canceled.orig_client_order_id) == ("CANCELED", "one")
                bought = await door.place_order("BTCUSDT", "BUY", "MARKET", quote_order_qty=Decimal(100))
                assert (bought.status, len(bought.fills) > 0) == ("FILLED", True)
                fills = await door.my_trades("BTCUSDT", order_id=bought.order_id)
                assert sum(fill.qty for fill in fills) == bought.executed_qty
                await door.place_order("BTCUSDT", "BUY", "LIMIT", **limit)
                assert [
                    each.status for each in await door.cancel_open_orders("BTCUSDT") if isinstance(each, OrderBody)
                ] == ["CANCELED"]

    run(body())


def test_an_order_is_amended_and_replaced(twin: TwinProcess, run: Run) -> None:
    need("amend_order_keep_priority", "order_amendments", "cancel_replace_order")

    async def body() -> None:
        async with BinanceSpot(twin.greeting) as spot:
            for door in doors(spot):
                price = await near(spot, -500)
                limit: Any = {"time_in_force": "GTC", "quantity": Decimal("0.02"), "price": price}
                placed = await door.place_order("BTCUSDT", "BUY", "LIMIT", **limit)
                amended = await door.amend_order_keep_priority("BTCUSDT", "0.01", order_id=placed.order_id)
                assert amended.amended_order.qty == Decimal("0.01")
                (amendment,) = await door.order_amendments("BTCUSDT", placed.order_id)
                assert (amendment.orig_qty, amendment.new_qty) == (Decimal("0.02"), Decimal("0.01"))
                replaced = await door.cancel_replace_order(
                    "BTCUSDT", "BUY", "LIMIT", "STOP_ON_FAILURE", cancel_order_id=placed.order_id, **limit
                )
                assert (replaced.cancel_result, replaced.new_order_result) == ("SUCCESS", "SUCCESS")
                await door.cancel_open_orders("BTCUSDT")

    run(body())


def test_order_lists_of_every_kind_are_placed_found_and_canceled(twin: TwinProcess, run: Run) -> None:
    kinds = ("oco", "oto", "otoco", "opo", "opoco")
    need("place_order_oco", "cancel_order_list", "order_list", *(f"place_order_list_{kind}" for kind in kinds))

    async def body() -> None:
        async with BinanceSpot(twin.greeting) as spot:
            for door in doors(spot):
                below, above, far_above = await near(spot, -500), await near(spot, 500), await near(spot, 700)
                stop: Any = {"price": below - 20, "stop_price": below, "time_in_force": "GTC"}
                pair: Any = {"above_price": above, **{f"below_{name}": value for name, value in stop.items()}}
                pending_pair: Any = {f"pending_{name}": value for name, value in pair.items()}
                working: Any = {
                    "working_type": "LIMIT", "working_side": "BUY", "working_price": below,
                    "working_quantity": Decimal("0.01"), "working_time_in_force": "GTC",
                }  # fmt: skip
                pending: Any = {"pending_price": far_above, "pending_time_in_force": "GTC"}
                two: Any = {"pending_above_type": "LIMIT_MAKER", "pending_below_type": "STOP_LOSS_LIMIT"}
                size = Decimal("0.01")
                placed: list[OrderList] = [
                    await door.place_order_oco(
                        "BTCUSDT", "SELL", size, price=above, stop_price=below, stop_limit_price=below - 20,
                        stop_limit_time_in_force="GTC",
                    ),
                    await door.place_order_list_oco("BTCUSDT", "SELL", size, "LIMIT_MAKER", "STOP_LOSS_LIMIT", **pair),
                    await door.place_order_list_oto(
                        "BTCUSDT", pending_type="LIMIT", pending_side="SELL", pending_quantity=size, **working,
                        **pending,
                    ),
                    await door.place_order_list_otoco(
                        "BTCUSDT", pending_side="SELL", pending_quantity=size, **working, **two, **pending_pair
                    ),
                    await door.place_order_list_opo(
                        "BTCUSDT", pending_type="LIMIT", pending_side="SELL", **working, **pending
                    ),
                    await door.place_order_list_opoco("BTCUSDT", pending_side="SELL", **working, **two, **pending_pair),
                ]  # fmt: skip
                assert [len(each.orders) for each in placed] == [2, 2, 2, 3, 2, 3]
                assert {each.order_list_id for each in await door.open_order_list()} == {
                    each.order_list_id for each in placed
                }  # fmt: skip
                for each in placed:
                    found = await door.order_list(order_list_id=each.order_list_id)
                    assert found.list_client_order_id == each.list_client_order_id
                    gone = await door.cancel_order_list("BTCUSDT", order_list_id=each.order_list_id)
                    assert gone.list_order_status == "ALL_DONE"

    run(body())


@pytest.mark.parametrize("name", ["reference_price", "reference_price_calculation"])
def test_a_reference_price_or_that_there_is_none(twin: TwinProcess, run: Run, name: str) -> None:
    need(name)
    assert set(run(codes_of(twin, name, BTC))) <= {0, -2043}


def test_an_order_is_routed_among_books_where_the_venue_does_that(twin: TwinProcess, run: Run) -> None:
    need("place_sor_order", "test_sor_order")
    order = {**BTC, "side": "BUY", "type": "MARKET", "quantity": Decimal("0.01")}
    for name in ("test_sor_order", "place_sor_order"):
        assert set(run(codes_of(twin, name, order))) <= {0, -1013, -1020, -2010}


async def codes_of(twin: TwinProcess, name: str, given: dict[str, Any]) -> list[int]:
    """Make a call by both doors; 0 stands for success."""
    codes = []
    async with BinanceSpot(twin.greeting) as spot:
        for door in doors(spot):
            try:
                await getattr(door, name)(**given)
                codes.append(0)
            except ApiError as error:
                codes.append(error.code)
    return codes
