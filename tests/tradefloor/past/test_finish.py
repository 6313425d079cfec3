"""The file that was wanted: all rows, exactly, under its name only when it is whole."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest
from pyarrow import parquet

from actors.runtime import ActorExit, ExitCode
from bus.messages import AggressorSide, Bar, FundingRate, HistoryAnswer, Quote, Trade
from tradefloor.past.columns import COLUMNS
from tradefloor.past.finish import check_format, finish
from tradefloor.past.part import Download, Part

ID = "BTCUSDT.BINANCE"
ROWS = {
    "bar": Bar(ID, "1-HOUR-LAST", 0.1, 0.3, 1e-08, 0.2, 5e20, True, 1, 2, 3, 4, 1 / 3, 2, 0.0, float("nan")),
    "trade": Trade(ID, "0042", 1 / 3, 2.5, AggressorSide.SELLER, 2**62, 7, 'odd, "quoted"'),
    "aggregate_trade": Trade(ID, "7", 0.1, 0.2, AggressorSide.BUYER, 5, 7),
    "quote": Quote(ID, 0.1, float("nan"), 1.0, 0.0, 9, 5, 7),
    "funding": FundingRate(ID, -1e-05, 0, 5, 7, 8),
}


def part_of(folder: Path, kind: str, missing: str = "") -> Part:
    part = Part.begin(folder / "x.part", Download("binance spot twin", ID, kind, "", 0))
    part.append(HistoryAnswer((ROWS[kind],), 9, missing=missing))
    part.append(HistoryAnswer((ROWS[kind],)))
    return part


@pytest.mark.parametrize("kind", ROWS)
def test_csv_and_parquet_hold_the_same_and_exactly_what_came(tmp_path: Path, kind: str) -> None:
    for out in (tmp_path / "x.csv", tmp_path / "x.parquet"):
        finish(part_of(tmp_path, kind), out)
    with open(tmp_path / "x.csv", newline="") as file:
        texts = list(csv.DictReader(file))
    table = parquet.read_table(tmp_path / "x.parquet")
    assert tuple(texts[0]) == tuple(table.column_names) == COLUMNS[kind]
    for text, row in zip(texts, table.to_pylist(), strict=True):
        for name in COLUMNS[kind]:
            value = getattr(ROWS[kind], name)
            assert repr(row[name]) == repr(str(value) if isinstance(value, str) else value)
            assert text[name] == str(value)


def test_only_the_file_is_left_and_parquet_says_what_it_is_of(tmp_path: Path) -> None:
    finish(part_of(tmp_path, "trade", "numbers 1 to 3"), tmp_path / "x.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["x.parquet"]
    told = parquet.read_schema(tmp_path / "x.parquet").metadata
    assert told[b"tradefloor.source"] == b"binance spot twin"
    assert told[b"tradefloor.missing"] == b"numbers 1 to 3"


@pytest.mark.parametrize("name", ["x.csv", "x.parquet"])
def test_a_range_without_rows_is_a_file_without_rows(tmp_path: Path, name: str) -> None:
    part = Part.begin(tmp_path / "x.part", Download("binance spot twin", ID, "bar", "", 0))
    part.append(HistoryAnswer())
    finish(part, tmp_path / name)
    if name == "x.csv":
        assert (tmp_path / name).read_text() == ",".join(COLUMNS["bar"]) + "\n"
    else:
        assert parquet.read_table(tmp_path / name).num_rows == 0


def test_a_disk_that_is_full_leaves_the_part_and_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = part_of(tmp_path, "trade")

    def full(*arguments: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tradefloor.past.finish.os.replace", full)
    for name in ("x.csv", "x.parquet"):
        with pytest.raises(OSError, match="No space"):
            finish(part, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["x.part"]
    part.close()


def test_without_pyarrow_parquet_is_one_error_that_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ActorExit, match=r"pip install 'tradefloor\[parquet\]'") as caught:
        check_format(tmp_path / "x.parquet")
    assert caught.value.code is ExitCode.CONFIGURATION
    check_format(tmp_path / "x.csv")


@pytest.mark.parametrize("name", ["x", "x.txt", "x.csv.gz", "nowhere/x.csv"])
def test_a_name_that_cannot_be_written_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ActorExit, match="--out") as caught:
        check_format(tmp_path / name)
    assert caught.value.code is ExitCode.USAGE
