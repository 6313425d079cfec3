"""A strategy's record of its fills: appended before the handler runs, whole after a kill, and how far it read."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace
from order_samples import a_fill

from actors.strategy.fill_log import FillLog


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_fill_is_one_line_with_exact_amounts(tmp_path: Path) -> None:
    path = tmp_path / "views" / "alpha.jsonl"
    log = FillLog(path)
    log.add(7, replace(a_fill("5", price=Decimal("100.10"), size=Decimal("0.001")), order_id="o1"))
    log.close()
    assert lines(path) == [
        {
            "seq": 7,
            "instance": "BINANCE",
            "instrument": "BTCUSDT.BINANCE",
            "trade_id": "5",
            "order_id": "o1",
            "side": "BUY",
            "price": "100.10",
            "size": "0.001",
        }
    ]


def test_where_the_stream_was_joined_is_written_the_first_time_alone(tmp_path: Path) -> None:
    path = tmp_path / "alpha.jsonl"
    log = FillLog(path)
    assert log.last_seq == -1
    log.joined(0)
    log.joined(9)
    assert (log.last_seq, lines(path)) == (0, [{"seq": 0}])
    log.close()


def test_the_cursor_is_where_the_last_life_left_it(tmp_path: Path) -> None:
    path = tmp_path / "alpha.jsonl"
    log = FillLog(path)
    log.joined(3)
    log.add(12, a_fill())
    log.close()
    again = FillLog(path)
    again.joined(40)
    assert again.last_seq == 12
    assert [line["seq"] for line in lines(path)] == [3, 12]
    again.close()


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_torn_last_line_is_cut_off_and_the_next_fill_stands_on_a_line_of_its_own(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "alpha.jsonl"
    log = FillLog(path)
    log.add(1, a_fill("1"))
    log.add(2, a_fill("2"))
    log.close()
    path.write_bytes(path.read_bytes()[:-cut])
    again = FillLog(path)
    assert again.last_seq == 1
    again.add(2, a_fill("2"))
    again.close()
    assert [line["trade_id"] for line in lines(path)] == ["1", "2"]


def test_a_line_that_was_never_finished_leaves_a_fresh_log(tmp_path: Path) -> None:
    path = tmp_path / "alpha.jsonl"
    path.write_bytes(b'{"seq": 5')
    log = FillLog(path)
    assert (log.last_seq, path.read_bytes()) == (-1, b"")
    log.close()
