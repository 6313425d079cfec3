"""``tradefloor history`` as a process: without a floor, at a real twin, killed and interrupted and gone on with."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from binance_floor import TwinProcess, wait_for
from pyarrow import parquet
from twin_admin import Admin

from actors.runtime import ExitCode

ROOT = Path(__file__).parents[2]
ID = "BTCUSDT.BINANCE"
DAY = 86_400 * 10**9
SUMMER = 1_717_977_600 * 10**9
"""2024-06-10."""
BARS = (ID, "bars", "1-SECOND", "--start", "2024-06-10", "--end", "2024-06-10T06:00:00Z")
ROWS = 6 * 3600
"""Of those: 22 pages."""
KLINES = "/api/v3/klines"


class Place:
    """A twin, and a folder to run the command in."""

    def __init__(self, folder: Path, twin: TwinProcess) -> None:
        self.folder, self.twin = folder, twin
        self.admin = Admin(twin.greeting["admin"])
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *words: str, source: bool = True) -> subprocess.Popen[str]:
        """Start ``tradefloor history WORDS``."""
        command = [sys.executable, "-m", "tradefloor", "history", *words]
        if source:
            command += ["--adapter", "binance", "--environment", "twin"]
            command += ["--announcement", str(self.twin.announcement)]
        environment = {**os.environ, "XDG_RUNTIME_DIR": str(self.folder), "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            command, cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        )
        self.started.append(process)
        return process

    def run(self, *words: str, source: bool = True) -> tuple[int, str, str]:
        """Run it to its end: exit code, standard output, standard error."""
        process = self.start(*words, source=source)
        output, errors = process.communicate(timeout=90)
        return process.returncode, output, errors

    def pages(self, name: str) -> int:
        """How many pages a download has on the disk."""
        path = self.folder / f"{name}.part"
        return path.read_bytes().count(b"\n#page ") if path.exists() else 0

    def names(self) -> set[str]:
        """The files that are there."""
        return {path.name for path in self.folder.iterdir() if path.suffix in (".csv", ".parquet", ".part", ".tmp")}

    def kill_at(self, pages: int, name: str, *words: str) -> None:
        """Start a download, and kill it when so many of its pages are on the disk."""
        process = self.start(*words, "--out", name, "--resume")
        wait_for(lambda: self.pages(name) >= pages or process.poll() is not None, f"{pages} pages are there")
        assert process.poll() is None, process.communicate()
        process.kill()
        process.wait()

    def trades(self) -> int:
        """How many trades of all symbols the twin has made, by its log."""
        self.admin.state()
        return self.twin.log_path.read_bytes().count(b'"kind":"trade"')

    def asked(self, path: str) -> list[dict[str, Any]]:
        """What the twin answered to requests of a path, by its log."""
        self.admin.state()
        lines = (json.loads(line) for line in self.twin.log_path.read_text().splitlines())
        return [line for line in lines if line["kind"] == "answered" and line["method"] == f"GET {path}"]


@pytest.fixture
def make_place(tmp_path: Path) -> Iterator[Callable[..., Place]]:
    """Make a place with a twin; all that it started is gone at the end."""
    places: list[Place] = []

    def make(*arguments: str) -> Place:
        (tmp_path / "work").mkdir()
        places.append(Place(tmp_path / "work", TwinProcess(tmp_path, *arguments)))
        return places[-1]

    yield make
    for place in places:
        for process in place.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        place.twin.stop()


@pytest.fixture
def place(make_place: Callable[..., Place]) -> Place:
    return make_place()


def test_a_range_of_many_pages_is_all_there_and_the_command_says_so(place: Place) -> None:
    code, output, errors = place.run(*BARS, "--out", "x.csv")
    assert (code, errors) == (0, "")
    assert output == (f"x.csv: {ROWS:,} rows of {ID} bar 1-SECOND-LAST, 2024-06-10T00:00:00Z to 2024-06-10T05:59:59Z\n")
    lines = (place.folder / "x.csv").read_text().splitlines()
    assert lines[0].startswith("instrument,interval,ts_open,ts_close,ts_event,open")
    assert [int(line.split(",")[2]) for line in lines[1:]] == list(range(SUMMER, SUMMER + ROWS * 10**9, 10**9))
    assert place.names() == {"x.csv"}


def test_the_same_in_parquet_and_the_summary_in_json(place: Place) -> None:
    assert place.run(*BARS, "--out", "x.csv")[0] == 0
    code, output, _ = place.run(*BARS, "--out", "x.parquet", "--json")
    assert code == 0
    told = json.loads(output)
    assert told["schema_version"] == 1
    assert (told["rows"], told["first_ns"], told["missing"]) == (ROWS, SUMMER, [])
    table = parquet.read_table(place.folder / "x.parquet")
    lines = (place.folder / "x.csv").read_text().splitlines()[1:]
    assert [",".join(str(value) for value in row.values()) for row in table.to_pylist()] == lines


@pytest.mark.chaos
@pytest.mark.parametrize("name", ["x.csv", "x.parquet"])
def test_killed_again_and_again_and_gone_on_with_the_file_is_as_an_undisturbed_one(place: Place, name: str) -> None:
    assert place.run(*BARS, "--out", f"whole_{name}")[0] == 0
    before = len(place.asked(KLINES))
    place.admin.fault("late_ack", method=KLINES, delay_ms=30, count=1000)
    kills = (1, 6, 11, 16)
    for pages in kills:
        place.kill_at(pages, name, *BARS)
        assert name not in place.names()
    with open(place.folder / f"{name}.part", "ab") as part:
        part.write(b"BTCUSDT.BINANCE,1-SECOND-LAST,17179")  # what a page half written leaves
    code, output, errors = place.run(*BARS, "--out", name, "--resume")
    assert (code, errors) == (0, "")
    assert f"{ROWS:,} rows" in output
    assert (place.folder / name).read_bytes() == (place.folder / f"whole_{name}").read_bytes()
    assert place.names() == {name, f"whole_{name}"}
    again = len(place.asked(KLINES)) - 2 * before
    assert 0 <= again <= len(kills), "each life asks again for no more than the page it was reading"


def test_trades_gone_on_with_have_no_hole_and_no_double_at_the_seam(make_place: Callable[..., Place]) -> None:
    place = make_place("--rate", "2000")
    wait_for(lambda: place.trades() > 8_000, "some pages of trades are made", 60.0)
    end = str(time.time_ns())
    words = (ID, "trades", "--start", "2024-06-10", "--end", end)
    wait_for(lambda: time.time_ns() > int(end) + 2 * 10**9, "that is over")
    assert place.run(*words, "--out", "whole.csv")[0] == 0
    place.admin.fault("late_ack", method="/api/v3/historicalTrades", delay_ms=100, count=1000)
    for pages in (1, 3):
        place.kill_at(pages, "x.csv", *words)
    code, _, errors = place.run("--resume", *words, "--out", "x.csv")
    assert code == 0
    assert errors.startswith("warning: missing: from 2024-06-10T00:00:00Z to ")
    assert (place.folder / "x.csv").read_bytes() == (place.folder / "whole.csv").read_bytes()
    numbers = [int(line.split(",")[1]) for line in (place.folder / "x.csv").read_text().splitlines()[1:]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert len(numbers) > 3_000


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_says_how_to_go_on_and_can_be_gone_on_with(place: Place, number: int, code: int) -> None:
    place.admin.fault("late_ack", method=KLINES, delay_ms=50, count=1000)
    process = place.start(*BARS, "--out", "x.csv")
    wait_for(lambda: place.pages("x.csv") >= 2, "two pages")
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == code
    rows = errors.split("x.csv.part has ")[1].split(" rows")[0].replace(",", "")
    assert errors == f"interrupted; x.csv.part has {int(rows):,} rows, and --resume goes on after them\n"
    assert int(rows) == place.pages("x.csv") * 1000
    assert place.names() == {"x.csv.part"}
    told = place.run(ID, "bars", "1-SECOND", "--out", "x.csv", "--resume")
    assert told[0] == 0, told
    assert f"{ROWS:,} rows" in told[1]
    assert place.names() == {"x.csv"}


def test_a_download_cut_short_is_neither_forgotten_nor_taken_for_another(place: Place) -> None:
    place.admin.fault("late_ack", method=KLINES, delay_ms=50, count=1000)
    process = place.start(*BARS, "--out", "x.csv")
    wait_for(lambda: place.pages("x.csv") >= 1, "a page")
    busy = place.run(*BARS, "--out", "x.csv", "--resume")
    assert busy[0] == ExitCode.FAILED
    assert "x.csv.part is being written by another process" in busy[2]
    process.kill()
    process.wait()
    for words, problem in (
        (BARS, "x.csv.part is a download under way or cut short; --resume goes on with it, --overwrite begins anew"),
        (
            (ID, "bars", "1-MINUTE", "--resume"),
            "another download: its interval is '1-SECOND-LAST', not '1-MINUTE-LAST'",
        ),
        ((ID, "trades", "--resume"), "another download: its kind is 'bar', not 'trade'"),
        (("ETHUSDT.BINANCE", "bars", "1-SECOND", "--resume"), "its instrument is 'BTCUSDT.BINANCE'"),
        (
            (ID, "bars", "1-SECOND", "--start", "2024-06-09", "--resume"),
            "its start is 2024-06-10T00:00:00Z, not 2024-06-09T00:00:00Z",
        ),
        (
            (ID, "bars", "1-SECOND", "--end", "2024-06-11", "--resume"),
            "its end is 2024-06-10T06:00:00Z, not 2024-06-11T00:00:00Z",
        ),
    ):
        code, output, errors = place.run(*words, "--out", "x.csv")
        assert (code, output) == (ExitCode.USAGE, "")
        assert problem in errors
        assert errors.count("\n") == 1
    assert place.pages("x.csv") >= 1
    short = (*BARS[:-1], "2024-06-10T00:01:00Z")
    assert place.run(*short, "--out", "x.csv", "--overwrite")[0] == 0
    code, _, errors = place.run(*short, "--out", "x.csv")
    assert code == ExitCode.USAGE
    assert "x.csv is there and whole" in errors


def test_a_disk_that_is_full_costs_one_error_and_the_download_goes_on_when_there_is_room(place: Place) -> None:
    command = [*BARS, "--out", "x.csv", "--resume"]
    for limit in (300_000, 700_000):
        process = place.start(*command)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, limit))
        _, errors = process.communicate(timeout=30)
        assert process.returncode == ExitCode.FAILED, errors
        rows = place.pages("x.csv") * 1000
        assert errors == (
            f"tradefloor history: x.csv.part: File too large; x.csv.part has {rows:,} rows, "
            "and --resume goes on after them\n"
        )
        assert rows > 0
        assert place.names() == {"x.csv.part"}
    assert place.run(*command)[0] == 0
    assert place.run(*BARS, "--out", "whole.csv")[0] == 0
    assert (place.folder / "x.csv").read_bytes() == (place.folder / "whole.csv").read_bytes()


def test_near_the_limit_it_slows_down_and_is_never_told_too_many(make_place: Callable[..., Place]) -> None:
    place = make_place("--weight-per-minute", "100")  # half of it is 13 pages after the instruments' 21
    process = place.start(*BARS[:-1], "2024-06-20", "--out", "x.csv")

    def spent() -> int:
        answer = urllib.request.Request(f"{place.twin.greeting['rest']}/api/v3/ping")
        with urllib.request.urlopen(answer) as told:
            return int(told.headers["X-MBX-USED-WEIGHT-1M"])

    assert process.stderr is not None
    told = next(line for line in process.stderr if "waiting: " in line)
    assert "rows, at 2024-06-10T" in told
    assert "; waiting: a limit's end, or the venue's answer (" in told
    assert spent() <= 52
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert {line["status"] for line in place.asked(KLINES)} == {200}


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        ((ID, "bars", "1-HOUR", "--start", "2024-13-01", "--out", "x.csv"), 2, "--start: '2024-13-01' is no moment"),
        ((ID, "bars", "1-HOUR", "--start", "1718000000000", "--out", "x.csv"), 2, "is no UNIX nanosecond"),
        ((ID, "bars", "1-HOUR", "--start", "2024", "--end", "x", "--out", "x.csv"), 2, "--start: 2024 is no UNIX"),
        ((ID, "bars", "1-HOUR", "--start", "2024-02-01", "--end", "2024-01-01", "--out", "x.csv"), 2, "reversed"),
        ((ID, "bars", "1-HOUR", "--out", "x.csv"), 2, "--start: expected the first moment"),
        ((ID, "bars", "1-HOUR", "--start", "2024-01-01", "--out", "x.txt"), 2, "ends in .csv or .parquet"),
        ((ID, "bars", "1-HOUR", "--start", "2024-01-01", "--out", "no/x.csv"), 2, "there is no directory no"),
        ((ID, "brs", "1-HOUR", "--start", "2024-01-01", "--out", "x.csv"), 2, "KIND 'brs': expected one of bar"),
        (("BTCUSDT", "trades", "--start", "2024-01-01", "--out", "x.csv"), 2, "expected SYMBOL.VENUE"),
        ((ID, "bars", "7-HOUR", "--start", "2024-01-01", "--out", "x.csv"), 1, "no bars of interval '7-HOUR-LAST'"),
        ((ID, "quotes", "--start", "2024-01-01", "--out", "x.csv"), 1, "no history of kind 'quote'; it has: trade"),
        (("NO.BINANCE", "trades", "--start", "2024-01-01", "--out", "x.csv"), 1, "no instrument 'NO.BINANCE'"),
    ],
)
def test_bad_input_costs_one_error_and_leaves_no_file(
    place: Place, words: tuple[str, ...], code: int, problem: str
) -> None:
    found = place.run(*words)
    assert found[0] == code, found
    assert problem in found[2]
    assert found[2].startswith("tradefloor history: ")
    assert found[2].count("\n") == 1
    assert place.names() == set()


def test_where_history_comes_from_is_asked_for_in_one_error(place: Place) -> None:
    words = (ID, "trades", "--start", "2024-01-01", "--out", "x.csv")
    (place.folder / "floor.toml").write_text(
        '[floor]\nname = "f"\n[venues.A]\nadapter = "binance"\naccount_type = "spot"\nenvironment = "live"\n'
        '[venues.B]\nadapter = "binance"\naccount_type = "spot"\nenvironment = "twin"\n'
        '[venues.C]\nadapter = "binance"\naccount_type = "spot"\nenvironment = "twin"\nvenue_id = "C"\n'
    )
    for source, code, problem in (
        ((), 10, "no floor runs"),
        ((), 10, "without a floor: --config FILE, or --adapter NAME --environment live"),
        (("--adapter", "moon"), 10, "no adapter 'moon'; expected one of binance"),
        (("--adapter", "binance"), 2, "--environment: expected one of twin, live, testnet, demo"),
        (("--environment", "live"), 2, "--environment: expected with --adapter alone"),
        (("--config", "none.toml"), 10, "none.toml"),
        (
            ("--config", "floor.toml"),
            10,
            "more than one instance has venue id 'BINANCE'; give --instance, of: A (BINANCE)",
        ),
        (
            ("--config", "floor.toml", "--instance", "D"),
            10,
            "no instance 'D'; there are: A (BINANCE), B (BINANCE), C (C)",
        ),
        (("--config", "floor.toml", "--adapter", "binance"), 2, "--adapter: expected without --config"),
        (("--config", "floor.toml", "--instance", "B"), 1, "announcement"),
        (("--floor", "moon"), 10, "no floor runs in"),
    ):
        found = place.run(*words, *source, source=False)
        assert found[0] == code, found
        assert problem in found[2]
        assert found[2].count("\n") == 1
        assert place.names() == set()


def test_a_configuration_says_where_the_venue_is_and_no_key_is_looked_for(place: Place) -> None:
    (place.folder / "floor.toml").write_text(
        '[floor]\nname = "f"\n[venues.B]\nadapter = "binance"\naccount_type = "spot"\nenvironment = "twin"\n'
    )
    run_dir = place.folder / "tradefloor" / "f"
    run_dir.mkdir(parents=True)
    (run_dir / "twin.B.json").write_bytes(place.twin.announcement.read_bytes())
    words = (ID, "bars", "1-DAY", "--start", "2024-06-10", "--end", "2024-06-20", "--out", "x.csv")
    code, output, errors = place.run(*words, "--config", "floor.toml", source=False)
    assert (code, errors) == (0, "")
    assert "10 rows" in output
