"""A download's file: whatever is cut off its end or spoilt in it, whole pages are left, and it goes on from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bus.messages import AggressorSide, HistoryAnswer, Trade
from tradefloor.past.part import Download, NothingBegun, Part, PartError, Reached

OF = Download("binance spot twin", "BTCUSDT.BINANCE", "trade", "", 1_000)


def page(first: int, count: int, last: bool = False, missing: str = "") -> HistoryAnswer:
    rows = tuple(
        Trade("BTCUSDT.BINANCE", str(number), 0.1 + number, 1e-9, AggressorSide.BUYER, number * 1_000, 7, 'a,"b"')
        for number in range(first, first + count)
    )
    end = first + count
    return HistoryAnswer(rows, 0 if last else end * 1_000, "" if last else str(end - 1), missing)


PAGES = [page(1, 3), page(4, 0, missing="numbers 4 to 6"), page(7, 2), page(9, 1, last=True, missing="numbers 4 to 6")]


def written(path: Path, pages: list[HistoryAnswer]) -> bytes:
    part = Part.begin(path, OF)
    for one in pages:
        part.append(one)
    part.close()
    return path.read_bytes()


def test_what_was_appended_is_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.part"
    written(path, PAGES)
    part = Part.resume(path)
    assert part.download == OF
    assert list(part.rows()) == [
        f'BTCUSDT.BINANCE,{number},{number}000,{0.1 + number},1e-09,BUYER,"a,""b"""\n'.encode()
        for number in (1, 2, 3, 7, 8, 9)
    ]
    found = part.reached
    assert (found.rows, found.first_ns, found.last_ns, found.is_done) == (6, 1_000, 9_000, True)
    assert found.missing == ("numbers 4 to 6",)
    part.close()


def test_a_file_cut_at_any_byte_goes_on_to_what_an_undisturbed_one_is(tmp_path: Path) -> None:
    path = tmp_path / "x.part"
    whole = written(path, PAGES)
    ends = []
    head = len(whole.split(b"\n", 1)[0]) + 1
    for cut in range(head, len(whole) + 1):
        path.write_bytes(whole[:cut])
        part = Part.resume(path)
        done = {0: 0, 3: 1, 5: 3, 6: 4}[part.reached.rows]
        if part.reached.rows == 3 and part.reached.missing:
            done = 2
        assert len(path.read_bytes()) <= cut
        for one in PAGES[done:]:
            part.append(one)
        part.close()
        assert path.read_bytes() == whole, cut
        ends.append(done)
    assert set(ends) == {0, 1, 2, 3, 4}
    assert ends == sorted(ends)


def test_a_byte_spoilt_in_a_page_takes_that_page_and_all_after_it(tmp_path: Path) -> None:
    path = tmp_path / "x.part"
    whole = written(path, PAGES)
    head = len(whole.split(b"\n", 1)[0]) + 1
    for at in range(head, len(whole)):
        path.write_bytes(whole[:at] + b"\x00" + whole[at + 1 :])
        part = Part.resume(path)
        assert path.read_bytes() == whole[: len(path.read_bytes())]
        assert len(path.read_bytes()) <= at
        part.close()


def test_a_file_without_a_page_begins_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "x.part"
    written(path, [])
    part = Part.resume(path)
    assert part.reached == Reached(next_ns=1_000)
    part.close()


@pytest.mark.parametrize("text", [b"", b"#tradef", b'#tradefloor history 1 {"source":'])
def test_a_file_of_which_nothing_was_said_is_not_begun(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "x.part"
    path.write_bytes(text)
    with pytest.raises(NothingBegun):
        Part.resume(path)


@pytest.mark.parametrize(
    "text", [b"a,b,c\n1,2,3\n", b"#tradefloor history 2 {}\n", b"#tradefloor history 1 {}\n", b"\x00" * 5000, b"x"]
)
def test_a_file_of_something_else_is_refused_and_left_as_it_is(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "x.part"
    path.write_bytes(text)
    with pytest.raises(PartError, match="is no download"):
        Part.resume(path)
    assert path.read_bytes() == text


def test_two_cannot_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "x.part"
    part = Part.begin(path, OF)
    part.append(PAGES[0])
    before = path.read_bytes()
    for again in (lambda: Part.resume(path), lambda: Part.begin(path, OF)):
        with pytest.raises(PartError, match="is being written by another process"):
            again()
    assert path.read_bytes() == before
    part.close()
    Part.resume(path).close()
