"""A floor from a notebook or a script."""

from __future__ import annotations

import asyncio
import builtins
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas  # type: ignore[import-untyped]
import pytest
from binance_floor import wait_for
from elsewhere import gone
from floors import Floor, actor, configuration, synced
from freezing import freeze

from bus.messages import CancelAll, InstanceState, OrderStatus, Side, Status
from bus.requests import RequestFailed
from tradefloor import Connection, HistoryRefused, NotConnected, TradingConnection, connect

ID = "BTCUSDT.BINANCE"


@pytest.fixture
def reading(floor: Floor) -> Iterator[Connection]:
    with connect(floor.run_dir) as connection:
        yield connection


def rows(table: Any) -> list[dict[str, Any]]:
    """The rows of a table, with pandas and without."""
    return table if isinstance(table, list) else table.to_dict("records")


def test_data_is_there_once_it_is_asked_for_and_current_from_then_on(reading: Connection) -> None:
    quote = reading.quote(ID)
    assert quote.bid < quote.ask
    wait_for(lambda: reading.quote(ID).seq > quote.seq, "a newer quote is there")
    book = reading.book(ID, depth=5)
    assert (len(book.bids), len(reading.book(ID, depth=3).bids), len(reading.book(ID, depth=5).bids)) == (5, 3, 5)
    assert reading.ticker(ID).instrument == ID
    assert reading.bar(ID, "1-SECOND").interval == "1-SECOND-LAST"


def test_tables_have_the_fields_as_columns(reading: Connection) -> None:
    assert {row["name"] for row in rows(reading.status())} >= {"gate", "reconciler", "execution.BINANCE"}
    assert ID in {row["id"] for row in rows(reading.instruments())}
    bars = rows(reading.history(ID, "bars", "2024-06-10", "2024-06-10T01:00:00Z", interval="1-MINUTE"))
    assert len(bars) == 60
    assert bars[0]["ts_open"] < bars[1]["ts_open"]
    usdt = next(row for row in rows(reading.balances()) if row["asset"] == "USDT")
    assert isinstance(usdt["free"], Decimal)
    assert rows(reading.orders(strategy="nobody")) == []


def test_with_pandas_a_table_is_a_data_frame(reading: Connection) -> None:
    bars = reading.history(ID, "bars", "2024-06-10", "2024-06-10T01:00:00Z", interval="1-MINUTE")
    assert isinstance(bars, pandas.DataFrame)
    assert bars["close"].dtype == "float64"
    assert bars["ts_open"].is_monotonic_increasing
    assert list(reading.instruments().set_index("id").loc[[ID], "price_increment"]) == [Decimal("0.01")]


def test_without_pandas_a_table_is_a_list_of_dicts(reading: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def no_pandas(name: str, *rest: Any) -> Any:
        if name == "pandas":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", no_pandas)
    assert isinstance(reading.instruments(), list)


def test_what_there_is_not_costs_one_error_that_says_what_there_is(reading: Connection) -> None:
    with pytest.raises(LookupError, match=r"BINANCE has no instrument 'NOSUCH.BINANCE'"):
        reading.quote("NOSUCH.BINANCE")
    with pytest.raises(ValueError, match=r"no instance has venue 'MOON'.*of: BINANCE"):
        reading.quote("BTCUSDT.MOON")
    with pytest.raises(ValueError, match="kind 'quotes': expected one of quote, trade"):
        reading.watch("quotes", ID, print)


def test_names_that_are_nearly_right_are_answered_with_the_right_ones(reading: Connection) -> None:
    for ask in (reading.quote, reading.book, reading.ticker):
        with pytest.raises(LookupError, match=r"BINANCE has no instrument 'BTC-USDT.*did you mean BTCUSDT.BINANCE\?"):
            ask("BTC-USDT.BINANCE")
    with pytest.raises(HistoryRefused, match=r"did you mean BTCUSDT.BINANCE\?"):
        reading.history("btcusdt.BINANCE", "bars", "2024-06-10", interval="1-HOUR")
    with pytest.raises(HistoryRefused, match=r"7-HOUR-LAST'; it has: 1-SECOND-LAST"):
        reading.history(ID, "bars", "2024-06-10", "2024-06-11", interval="7-HOUR")


def test_what_is_refused_leaves_other_data_of_the_instrument_as_it_is(reading: Connection) -> None:
    with pytest.raises(LookupError, match=r"7-MINUTE-LAST'; it has: 1-SECOND-LAST"):
        reading.bar(ID, "7-MINUTE")
    assert reading.quote(ID).instrument == reading.ticker(ID).instrument == ID
    assert reading.bar(ID, "1-MINUTE").interval == "1-MINUTE-LAST"


def test_a_topic_or_all_under_a_path_is_listened_to(reading: Connection) -> None:
    heard: dict[str, Any] = {}
    stops = [reading.subscribe(topic, heard.__setitem__) for topic in ("state/instance/BINANCE/", "state/quota/")]
    wait_for(lambda: isinstance(heard.get("state/instance/BINANCE/"), InstanceState), "a topic begins with its state")
    wait_for(lambda: "state/quota/quota.BINANCE/" in heard, "what goes over topics under a path is heard")
    for stop in stops:
        stop()
    one: list[str] = []
    stop = reading.subscribe(f"market/BINANCE/trade/{ID}/", lambda topic, message: one.append(topic))
    wait_for(lambda: len(one) > 3, "trades are heard")
    assert set(one) == {f"market/BINANCE/trade/{ID}/"}
    stop()
    for wrong in ("markets/", "market", "", "state/instance/BINANCE"):
        with pytest.raises(ValueError, match="expected a path that ends in '/' and begins with one of market, book"):
            reading.subscribe(wrong, print)


def test_a_callback_that_fails_is_said_and_the_rest_goes_on(
    reading: Connection, capfd: pytest.CaptureFixture[str]
) -> None:
    seen: list[Any] = []

    def fails(quote: Any) -> None:
        raise ZeroDivisionError("of a callback")

    reading.watch("quote", ID, fails)
    stop = reading.watch("quote", ID, seen.append)
    wait_for(lambda: len(seen) > 3, "quotes come")
    stop()
    assert capfd.readouterr().err.count("ZeroDivisionError: of a callback") == 1


def test_a_callback_that_waits_for_the_floor_is_told_not_to(reading: Connection) -> None:
    told: list[BaseException] = []

    def asks(quote: Any) -> None:
        try:
            reading.orders()
        except RuntimeError as error:
            told.append(error)

    stop = reading.watch("quote", ID, asks)
    wait_for(lambda: told, "the callback was told")
    stop()
    assert "a callback must not wait for the floor" in str(told[0])


def test_it_works_beside_a_running_loop_and_from_other_threads(floor: Floor) -> None:
    async def cell() -> float:
        with connect(floor.run_dir) as connection:
            found: list[float] = []
            thread = threading.Thread(target=lambda: found.append(connection.quote(ID).mid))
            thread.start()
            thread.join()
            return found[0]

    assert asyncio.run(cell()) > 0


def test_one_that_reads_changes_nothing(reading: Connection) -> None:
    assert not hasattr(reading, "buy")
    with pytest.raises(RequestFailed, match="NOT_ALLOWED"):
        reading.request("execution.BINANCE", CancelAll("BINANCE", "anybody"))


def test_orders_go_by_the_gate_and_are_live_objects(floor: Floor) -> None:
    with connect(floor.run_dir, name="hand", trade=True) as hand:
        assert isinstance(hand, TradingConnection)
        low = round(hand.quote(ID).bid * 0.95, 0)
        order = hand.wait(hand.buy(ID, "0.001", price=low), "accepted")
        assert order.status is OrderStatus.ACCEPTED
        assert [row["client_order_id"] for row in rows(hand.orders(strategy="hand"))] == [order.id]
        assert hand.wait(hand.modify(order, price=low - 100), "modified").price == low - 100
        denied = hand.wait(hand.buy(ID, "0.00000001", price=low))
        assert (denied.status, bool(denied.reason)) == (OrderStatus.DENIED, True)
        bought = hand.wait(hand.buy(ID, "0.001"))
        assert (bought.status, hand.position(ID).size) == (OrderStatus.FILLED, 0.000999)
        assert hand.balance("USDT") is not None
        with pytest.raises(TimeoutError, match=r"ACCEPTED.* is not closed within 0.1 s"):
            hand.wait(order, timeout=0.1)
        hand.cancel(order)
        assert hand.wait(order).status is OrderStatus.CANCELED
        left = hand.buy(ID, "0.001", price=low)
        hand.wait(left, "accepted")
        hand.sell(ID, "0.0009")
    with connect(floor.run_dir) as reading:
        wait_for(lambda: rows(reading.orders(strategy="hand")) == [], "its exit policy is done")
    with pytest.raises(NotConnected, match="it was closed"):
        hand.buy(ID, 1)
    with pytest.raises(NotConnected, match="this connection is closed"):
        hand.orders()


def test_a_strategy_knows_its_own_orders_in_a_book_that_is_always_current(floor: Floor) -> None:
    with connect(floor.run_dir, name="owner", trade=True) as hand:
        assert isinstance(hand, TradingConnection)
        hand._do(lambda desk: desk.subscribe_book(ID, depth=0))
        book = hand._do(lambda desk: desk.live_book(ID))
        wait_for(lambda: not book.is_stale and book.state == "LIVE", "the book is live")
        price = round(hand._do(lambda desk: book.best_bid) * 0.99, 0)
        order = hand.wait(hand.buy(ID, "0.003", price=price), "accepted")

        def shows_it() -> bool:
            return hand._do(lambda desk: dict(book.bids).get(price, 0.0)) >= 0.003

        wait_for(shows_it, "the venue's book has it")
        assert hand._do(lambda desk: book.own(Side.BUY, price)) == pytest.approx(0.003)

        def lacks_it() -> bool:
            with_it, without = hand._do(lambda desk: (dict(book.bids), dict(book.without_own().bids)))
            return with_it.get(price, 0.0) - without.get(price, 0.0) == pytest.approx(0.003)

        wait_for(lacks_it, "the book without it lacks it")
        hand.cancel(order)
        hand.wait(order)
        assert hand._do(lambda desk: book.own(Side.BUY, price)) == 0


def test_a_name_that_is_taken_is_refused(floor: Floor) -> None:
    with (
        connect(floor.run_dir, name="twice", trade=True),
        pytest.raises(NotConnected, match="'twice' is on the floor already"),
    ):
        connect(floor.run_dir, name="twice", trade=True)


def test_a_script_that_does_not_close_ends_all_the_same_and_its_orders_are_cancelled(
    floor: Floor, tmp_path: Path
) -> None:
    script = """
    import sys
    from tradefloor import connect
    floor = connect(sys.argv[1], name="careless", trade=True)
    low = round(floor.quote("BTCUSDT.BINANCE").bid * 0.95, 0)
    print(floor.wait(floor.buy("BTCUSDT.BINANCE", "0.001", price=low), "accepted").status)
    """
    file = tmp_path / "script.py"
    file.write_text(textwrap.dedent(script))
    done = subprocess.run(
        [sys.executable, str(file), floor.run_dir], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "ACCEPTED"), done.stderr
    floor.visit(lambda visitor: gone(visitor, "careless"))
    with connect(floor.run_dir) as reading:
        assert rows(reading.orders(strategy="careless")) == []


def test_a_key_file_that_is_not_there_is_named(floor: Floor, tmp_path: Path) -> None:
    with pytest.raises(NotConnected, match=r"nothing\.key"):
        connect(floor.run_dir, key=tmp_path / "nothing.key")


def test_without_a_floor_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotConnected):
        connect(str(tmp_path))
    with pytest.raises(NotConnected, match="expected key=FILE"):
        connect("tcp://127.0.0.1:1")
    with pytest.raises(ValueError, match="name"):
        connect(str(tmp_path), name="not a name")


def test_what_is_stale_is_not_given_and_comes_again(tmp_path: Path) -> None:
    floor = Floor(configuration(tmp_path, ("BINANCE",), makers=False, name="stale"), tmp_path)
    try:
        floor.visit(lambda visitor: synced(visitor, "BINANCE"))
        with connect(floor.run_dir) as reading:
            before, book = reading.quote(ID), reading.book(ID, 5)
            status: Status = floor.visit(lambda visitor: visitor.status())
            freeze(actor(status, "market_data.BINANCE").pid)

            def refused(ask: Any, *words: Any) -> str:
                try:
                    ask(ID, *words, timeout=0.01)
                except TimeoutError as error:
                    return str(error)
                return ""

            wait_for(lambda: "of BTCUSDT.BINANCE within 0.01 s: it is stale" in refused(reading.quote), "it is stale")
            wait_for(lambda: "it is stale" in refused(reading.book, 5), "the book is stale")
            wait_for(lambda: not refused(reading.quote) and not refused(reading.book, 5), "both are there again", 60)
            assert reading.quote(ID).seq > before.seq
            assert reading.book(ID, 5).seq > book.seq
        floor.stop()
    finally:
        floor.close()
