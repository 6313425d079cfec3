"""The whole client in one object, against a twin and without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from binance_floor import TwinProcess
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fake_socket import FakeSocket, until
from scripted_venue import ScriptedVenue

import venues.binance.client as client
from venues.binance.client import (
    MEMORY,
    AccountItem,
    Banned,
    BinanceSpot,
    ClockRefused,
    HeldBack,
    HttpAnswer,
    KeyRefused,
    LimitReached,
    Lost,
    MarketItem,
    MemoryTransport,
    NoAnswer,
    NotSent,
    Opened,
    OrderRefused,
    StreamData,
    UnknownEvent,
)
from venues.binance.client.listening import Reader
from venues.binance.client.payloads import DepthUpdate, ExecutionReport, OutboundAccountPosition, StreamTrade

Run = Callable[[Any], Any]


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwinProcess]:
    """One lively twin for all tests here; whoever places orders cancels them."""
    twin = TwinProcess(tmp_path_factory.mktemp("twin"), "--rate", "400")
    yield twin
    twin.stop()


async def below(spot: BinanceSpot) -> Decimal:
    """A price at which nothing trades, and no filter refuses a bid."""
    return Decimal(str((await spot.rest.depth("BTCUSDT", 5)).bids[0][0])).quantize(Decimal("0.01")) - 500


def test_the_same_call_says_the_same_over_rest_and_websocket(twin: TwinProcess, run: Run) -> None:
    async def body() -> None:
        async with BinanceSpot(twin.greeting) as spot:
            for api in (spot.rest, spot.ws):
                assert len((await api.depth("BTCUSDT", 5)).bids) == 5
                assert (await api.ticker_price("ETHUSDT")).symbol == "ETHUSDT"
                assert {one.symbol for one in await api.ticker_price(symbols=["BTCUSDT", "ETHUSDT"])} == {
                    "BTCUSDT", "ETHUSDT",
                }  # fmt: skip
                assert len(await api.klines("BTCUSDT", "1m", 3)) <= 3
                assert {balance.asset for balance in (await api.account(omit_zero_balances=True)).balances} >= {"BTC"}
                with pytest.raises(client.ApiError, match="-1121 Invalid symbol"):
                    await api.depth("NOPE")
                with pytest.raises(client.NoSuchOrder):
                    await api.order("BTCUSDT", orig_client_order_id="never")
            assert (await spot.ws.session_status()).user_data_stream
            assert len(await spot.ws.session_subscriptions()) == 1

    run(body())


def test_an_orders_life_is_told_by_the_accounts_events(twin: TwinProcess, run: Run) -> None:
    async def body() -> None:
        async with BinanceSpot(twin.greeting) as spot:
            told: list[AccountItem] = []

            async def listen() -> None:
                async for event in spot.user_data():
                    told.append(event)

            listening = asyncio.ensure_future(listen())
            await until(lambda: told == [Opened()])
            placed = await spot.ws.place_order(
                "BTCUSDT", "BUY", "LIMIT", time_in_force="GTC", quantity=Decimal("0.01"), price=await below(spot),
                new_client_order_id="mine-1",
            )  # fmt: skip
            await spot.rest.cancel_order("BTCUSDT", order_id=placed.order_id)
            await until(lambda: [type(each) for each in told].count(OutboundAccountPosition) == 2)
            reports = [each for each in told if isinstance(each, ExecutionReport)]
            assert [(each.execution, each.order_id) for each in reports] == [
                ("NEW", placed.order_id), ("CANCELED", placed.order_id),
            ]  # fmt: skip
            assert spot.limits.orders_used("10S") >= 1
            assert spot.limits.used_weight > 0
        await asyncio.wait_for(listening, 5)  # leaving the client ends the loop

    run(body())


def test_streams_are_read_one_message_after_the_other_and_given_up_with_the_loop(twin: TwinProcess, run: Run) -> None:
    async def body() -> None:
        async with BinanceSpot(twin.greeting) as spot:
            told: list[MarketItem] = []
            async for item in spot.streams.listen("btcusdt@trade", "btcusdt@depth@100ms"):
                told.append(item)
                if len(told) == 40:
                    break
            assert {item.stream for item in told if isinstance(item, Opened)} == {
                "btcusdt@trade", "btcusdt@depth@100ms",
            }  # fmt: skip
            payloads = [item.payload() for item in told if isinstance(item, StreamData)]
            trades = [each.trade_id for each in payloads if isinstance(each, StreamTrade)]
            assert trades == list(range(trades[0], trades[0] + len(trades)))
            depths = [each for each in payloads if isinstance(each, DepthUpdate)]
            assert [each.first_id for each in depths[1:]] == [each.last_id + 1 for each in depths[:-1]]
            await until(lambda: len(spot.streams.pool) == 0)

    run(body())


def test_the_same_stream_is_subscribed_once_for_two_readers(run: Run) -> None:
    async def body() -> None:
        async with ScriptedVenue().running() as venue, BinanceSpot(venue.endpoints) as spot:
            first, second = spot.streams.listen("a@trade"), spot.streams.listen("a@trade")
            assert await anext(first) == await anext(second) == Opened("a@trade")
            await venue.say("a@trade", {"t": 1})
            for each in (first, second):
                item = await anext(each)
                assert isinstance(item, StreamData)
                assert bytes(item.data) == b'{"t": 1}'
            await first.aclose()
            assert len(spot.streams.pool) == 1
            await second.aclose()
            assert len(spot.streams.pool) == 0
            assert venue.peers[0].methods == ["SUBSCRIBE"]

    run(body())


def test_a_lost_connection_stands_among_the_messages_and_then_it_goes_on(run: Run) -> None:
    async def body() -> None:
        async with ScriptedVenue().running() as venue, BinanceSpot(venue.endpoints, "key", "secret") as spot:
            market, account = spot.streams.listen("a@trade"), spot.user_data()
            assert (await anext(market), await anext(account)) == (Opened("a@trade"), Opened())
            for peer in venue.open_peers:
                await peer.close()
            lost = await anext(market), await anext(account)
            assert [type(each) for each in lost] == [Lost, Lost]
            assert (await anext(market), await anext(account)) == (Opened("a@trade"), Opened())

    run(body())


def test_an_event_that_cannot_be_read_is_a_loss_and_one_of_an_unknown_kind_is_handed_on(run: Run) -> None:
    async def body() -> None:
        async with ScriptedVenue().running() as venue, BinanceSpot(venue.endpoints, "key", "secret") as spot:
            account = spot.user_data()
            assert await anext(account) == Opened()
            await venue.tell({"e": "ofTomorrow"})
            assert await anext(account) == UnknownEvent(b'{"e": "ofTomorrow"}')
            await venue.tell({"e": "executionReport", "X": "FILLED"})
            assert isinstance(await anext(account), Lost)
            assert await anext(account) == Opened()
            await venue.tell({"e": "eventStreamTerminated", "E": 1})
            assert isinstance(await anext(account), Lost)

    run(body())


def test_a_reader_that_is_too_slow_loses_what_it_did_not_read_and_is_told() -> None:
    async def body() -> None:
        async with ScriptedVenue().running() as venue, BinanceSpot(venue.endpoints) as spot:
            reader: Reader[MarketItem] = Reader(limit=3)
            spot.streams._readers["a@trade"] = [reader]
            spot.streams.on_open("a@trade")
            for number in range(3):
                spot.streams.on_message("a@trade", number)  # type: ignore[arg-type]
            spot.streams.on_message("a@trade", 9)  # type: ignore[arg-type]
            assert isinstance(await anext(reader), Lost)
            assert await anext(reader) == Opened("a@trade")
            assert await anext(reader) == StreamData("a@trade", 9)  # type: ignore[arg-type]

    asyncio.run(body())


def test_a_refused_key_ends_the_loop_and_every_call_with_the_venues_word(run: Run) -> None:
    async def body() -> None:
        venue = ScriptedVenue()
        venue.answers["userDataStream.subscribe.signature"] = lambda peer, asked: {
            "status": 401, "error": {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."},
        }  # fmt: skip
        async with venue.running(), BinanceSpot(venue.endpoints, "key", "wrong") as spot:
            with pytest.raises(KeyRefused, match="-2015"):
                await anext(spot.user_data())
            with pytest.raises(KeyRefused):
                await spot.ws.depth("BTCUSDT")

    run(body())


def test_limits_and_clock_of_the_websocket_api_are_heeded_by_rest_too(run: Run) -> None:
    def answer(code: int, **data: int) -> Any:
        error = {"code": code, "msg": "no", "data": data}
        limits = [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 9, "count": 7}]
        return lambda peer, asked: {"status": 429 if code == -1003 else 400, "error": error, "rateLimits": limits}

    async def body() -> None:
        venue = ScriptedVenue()
        async with venue.running(), BinanceSpot(venue.endpoints, "key", "secret") as spot:
            venue.answers["order.place"] = answer(-1021)
            with pytest.raises(ClockRefused):
                await spot.ws.place_order("BTCUSDT", "BUY", "MARKET", quantity=1)
            await until(lambda: spot.clock.is_known)
            assert venue.peers[0].methods[-1] == "time"
            assert (spot.limits.used_weight, spot.limits.usages[0].limit) == (7, 9)
            venue.answers["depth"] = answer(-1003, serverTime=1000, retryAfter=31_000)
            with pytest.raises(LimitReached) as failed:
                await spot.ws.depth("BTCUSDT")
            assert failed.value.retry_after_s == 30.0
            for api in (spot.ws, spot.rest):
                with pytest.raises(HeldBack):
                    await api.depth("BTCUSDT")

    run(body())


def test_an_order_is_without_an_answer_where_its_connection_was_cut_and_not_sent_while_there_is_none(run: Run) -> None:
    async def body() -> None:
        venue = ScriptedVenue()
        venue.answers["order.place"] = lambda peer, asked: None
        async with venue.running(), BinanceSpot(venue.endpoints, "key", "secret") as spot:
            placing = asyncio.ensure_future(spot.ws.place_order("BTCUSDT", "BUY", "MARKET", quantity=1))
            await until(lambda: venue.peers and "order.place" in venue.peers[0].methods)
            venue.answers["time"] = lambda peer, asked: None
            await venue.peers[0].close()
            with pytest.raises(NoAnswer):
                await placing
            with pytest.raises(NotSent, match="not connected"):
                await spot.ws.place_order("BTCUSDT", "BUY", "MARKET", quantity=1)

    run(body())


def test_without_a_network_the_calls_are_answered_from_a_table(run: Run) -> None:
    async def body() -> None:
        venue = MemoryTransport(
            {
                "GET /api/v3/time": b'{"serverTime":1700000000000}',
                "GET /api/v3/ticker/price": b'{"symbol":"BTCUSDT","price":"4.00000200"}',
                "POST /api/v3/order": HttpAnswer(400, b'{"code":-2010,"msg":"Market is closed."}'),
            }
        )
        async with BinanceSpot(MEMORY, "key", "secret", transport=venue) as spot:
            assert (await spot.rest.ticker_price("BTCUSDT")).price == 4.000002
            with pytest.raises(OrderRefused, match="Market is closed"):
                await spot.rest.place_order("BTCUSDT", "BUY", "MARKET", quote_order_qty="10")
            assert "timestamp=170000000" in venue.sent[-1].body.decode()
            with pytest.raises(NotSent, match="nobody answers that here"):
                await spot.rest.avg_price("BTCUSDT")
            with pytest.raises(NotSent):
                await spot.rest.ping()

    run(body())


def test_a_ban_ends_what_goes_on_in_the_background(run: Run) -> None:
    async def body() -> None:
        async def dial(url: str) -> FakeSocket:
            raise Banned(-1003, "Way too much request weight used; IP banned until 1659146400000.", 418, 120.0)

        async with BinanceSpot(MEMORY, transport=MemoryTransport({}), dial=dial) as spot:
            with pytest.raises(Banned):
                await anext(spot.streams.listen("a@trade"))
            with pytest.raises(Banned):
                await spot.ws.ping()

    run(body())


def test_what_cannot_work_is_refused_before_anything_is_connected() -> None:
    with pytest.raises(ValueError, match="unknown environment 'prod'; known are live, testnet, demo"):
        BinanceSpot("prod")
    with pytest.raises(ValueError, match="needs its secret"):
        BinanceSpot("testnet", "key")
    pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for bad in (pem, "-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----"):
        with pytest.raises(ValueError, match="private key") as refused:
            BinanceSpot("testnet", "key", bad)
        assert "nonsense" not in str(refused.value)
    with pytest.raises(NotSent, match="need an API key"):
        BinanceSpot("testnet").user_data()
    spot = BinanceSpot("live", "key", "hidden")
    assert "hidden" not in repr(spot) + repr(spot.access)


def test_every_public_name_is_there_and_nothing_else_is_promised() -> None:
    assert client.__all__ == sorted(client.__all__)
    for name in client.__all__:
        assert getattr(client, name) is not None
    assert set(client._PLACE_OF) <= set(client.__all__)
    errors = {name for name in client.__all__ if name not in client._PLACE_OF}
    assert errors == {name for name in client.errors.__all__ if name[0].isupper()}
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        client.Nonsense  # noqa: B018
    for module in Path(client.__file__).parent.glob("*.py"):
        public = getattr(__import__(f"venues.binance.client.{module.stem}", fromlist=["x"]), "__all__", None)
        assert public is not None, f"{module.name} does not say what is public"
