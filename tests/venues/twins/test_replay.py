"""Captures: which lines are read, in which order, and when each is due."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from venues.twins.replay import Pace, Recorded, ReplayError, read, read_all

FRAME = b'{"stream":"a@trade","data":{"p":"1.0"}}'


def test_lines_of_nanoseconds_are_read_gzipped_or_not(tmp_path: Path) -> None:
    lines = b"1723161253937085768 %s\n1723161253937085769 [1, 2]\n\n" % FRAME
    (tmp_path / "plain").write_bytes(lines)
    (tmp_path / "zipped.gz").write_bytes(gzip.compress(lines))
    wanted = [Recorded(1723161253937085768, FRAME), Recorded(1723161253937085769, b"[1, 2]")]
    assert list(read(tmp_path / "plain")) == list(read(tmp_path / "zipped.gz")) == wanted


def test_lines_of_seconds_keep_every_digit_and_answers_their_address(tmp_path: Path) -> None:
    (tmp_path / "frames").write_bytes(
        b"wss://stream.example/stream?streams=a@trade <-> 1633998511.159679\n1633998512.0633569: %s\n" % FRAME
    )
    (tmp_path / "answers").write_bytes(b'https://api.example/depth?symbol=A -> 1633998512.320639: {"lastUpdateId":1}\n')
    assert list(read(tmp_path / "frames")) == [Recorded(1633998512063356900, FRAME)]
    answer = Recorded(1633998512320639000, b'{"lastUpdateId":1}', "https://api.example/depth?symbol=A")
    assert list(read_all([tmp_path / "answers", tmp_path / "frames"])) == [Recorded(1633998512063356900, FRAME), answer]


@pytest.mark.parametrize("line", [b"nonsense", b"12", b"12 text", b"{}", b"-5 {}"])
def test_a_line_that_is_none_of_these_is_named(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "bad").write_bytes(b"1 {}\n" + line + b"\n")
    with pytest.raises(ReplayError, match=r"bad:2: .*expected a time and the JSON"):
        list(read(tmp_path / "bad"))


def test_a_capture_that_ends_in_the_middle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"1 %s\n" % FRAME * 100)[:-12])
    with pytest.raises(ReplayError, match=r"cut\.gz: it ends in the middle"):
        list(read(tmp_path / "cut.gz"))


def test_what_is_recorded_is_due_at_its_time_or_so_many_times_faster() -> None:
    for speed, due in ((1.0, 4.0), (2.0, 2.0), (0.5, 8.0)):
        pace = Pace(speed)
        assert pace.wait_s(10_000_000_000, now_s=100.0) == 0.0
        assert pace.wait_s(14_000_000_000, now_s=100.0) == pytest.approx(due)
        assert pace.wait_s(14_000_000_000, now_s=100.0 + due - 0.5) == pytest.approx(0.5)


def test_what_is_late_is_told_at_once_and_delays_nothing_after_it() -> None:
    pace = Pace(1.0)
    pace.wait_s(0, now_s=0.0)
    assert pace.wait_s(1_000_000_000, now_s=3.0) == 0.0
    assert pace.wait_s(4_000_000_000, now_s=3.0) == pytest.approx(1.0)


def test_at_speed_zero_nothing_waits() -> None:
    pace = Pace(0.0)
    assert [pace.wait_s(time_ns, now_s=0.0) for time_ns in (0, 10**18)] == [0.0, 0.0]
