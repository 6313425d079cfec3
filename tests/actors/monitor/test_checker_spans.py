"""A span of what a reader held is true if one socket was sent exactly that; everything else is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from actors.monitor.checker.spans import BOOK, QUOTE, TRADE, Key, Segment, Span, hash_levels, violations
from actors.monitor.checker.twin_log import read
from bus.messages import BookSnapshot, Levels

TRADES: list[Key] = [(str(number), 60_000.0 + number, 0.1, "BUYER", number * 10**6) for number in range(10, 20)]
QUOTES: list[Key] = [(number, 59_999.0, 60_001.0, 1.0, number / 10) for number in range(10, 20)]
LEVELS: list[tuple[Levels, Levels]] = [
    ([(59_999.0, 1.0)], []),
    ([(59_998.0, 2.0)], [(60_001.0, 3.0)]),
    ([(59_999.0, 0.0)], []),
    ([], [(60_002.0, 5.0)]),
]
BOOKS: list[Key] = [(105 + 5 * place, 100 + 5 * place, hash_levels(*levels), 7) for place, levels in enumerate(LEVELS)]


def segment(keys: list[Key], levels: list[tuple[Levels, Levels]] | None = None) -> Segment:
    return Segment("stream on socket 1", list(keys), levels or [])


def trades(*changes: Key) -> list[str]:
    return violations(Span(TRADE, 1, 0, changes=list(changes)), [segment(TRADES)])


def quotes(state: Key | None, *changes: Key) -> list[str]:
    return violations(Span(QUOTE, 1, 0, state, changes=list(changes)), [segment(QUOTES)])


def book(seq: int, *changes: Key, snapshot: BookSnapshot | None = None) -> list[str]:
    span = Span(BOOK, 1, 0, (seq,), snapshot, list(changes))
    return violations(span, [segment(BOOKS, LEVELS)])


def test_any_run_of_what_was_sent_is_true() -> None:
    for begin in range(10):
        for end in range(begin, 11):
            assert trades(*TRADES[begin:end]) == []
            assert quotes(QUOTES[begin], *QUOTES[begin + 1 : end]) == []


def test_an_empty_span_is_true_and_one_of_a_stream_that_was_never_sent_is_not() -> None:
    assert violations(Span(TRADE, 1, 0), []) == []
    assert len(violations(Span(TRADE, 1, 0, changes=TRADES[:1]), [])) == 1


def test_a_dropped_message_is_one_violation_and_so_are_several_in_a_row() -> None:
    (one,) = trades(*TRADES[:3], *TRADES[4:])
    assert "1 sent and not given" in one
    (three,) = trades(*TRADES[:3], *TRADES[6:])
    assert "3 sent and not given" in three
    assert len(trades(*TRADES[:2], *TRADES[3:5], *TRADES[6:])) == 2


def test_a_quote_dropped_right_after_the_state_is_found() -> None:
    (text,) = quotes(QUOTES[0], *QUOTES[2:])
    assert "1 sent and not given" in text


def test_a_quote_that_was_asked_for_has_no_number_and_what_follows_is_held_against_the_stream() -> None:
    asked = (0, 59_999.0, 60_001.0, 1.0, 2.0)
    assert quotes(asked, *QUOTES[3:]) == []
    (one,) = quotes(asked, *QUOTES[3:5], *QUOTES[6:])
    assert "1 sent and not given" in one


def test_an_altered_value_is_found_wherever_it_is() -> None:
    for place in range(1, 5):
        values = list(QUOTES[4])
        values[place] += 0.5
        (text,) = quotes(QUOTES[0], *QUOTES[1:4], tuple(values), *QUOTES[5:])
        assert "was given as" in text
    values = list(QUOTES[0])
    values[1] = None
    (text,) = quotes(tuple(values), *QUOTES[1:])
    assert "was sent as" in text


def test_an_invented_message_is_found() -> None:
    (text,) = trades(*TRADES[:3], ("99", 1.0, 1.0, "BUYER", 1), *TRADES[3:])
    assert "was never sent" in text
    (text,) = quotes((99, 1.0, 2.0, 1.0, 1.0), *QUOTES)
    assert "state" in text
    assert "was never sent" in text


def test_a_message_given_twice_is_found() -> None:
    (text,) = trades(*TRADES[:3], *TRADES[2:])
    assert "came again" in text
    (text,) = quotes(QUOTES[0], *QUOTES)
    assert "came again" in text


def test_swapped_messages_are_found() -> None:
    assert trades(TRADES[0], TRADES[2], TRADES[1], *TRADES[3:]) != []


def test_a_span_may_fit_any_of_several_sockets_and_must_fit_one() -> None:
    odd, even = segment(TRADES[1::2]), segment(TRADES[::2])
    assert violations(Span(TRADE, 1, 0, changes=TRADES[::2]), [odd, even]) == []
    assert violations(Span(TRADE, 1, 0, changes=TRADES), [odd, even]) != []


@pytest.mark.parametrize("seq", [100, 105, 110])
def test_deltas_follow_a_snapshot_at_their_seam(seq: int) -> None:
    rest = [key for key in BOOKS if key[0] > seq]
    assert book(seq, *rest) == []
    assert book(seq) == []


def test_a_first_delta_may_reach_over_the_snapshot_under_either_number() -> None:
    first, *rest = BOOKS[1:]
    assert book(107, first, *rest) == []
    assert book(107, (first[0], 107, *first[2:]), *rest) == []
    assert book(107, (first[0], 106, *first[2:]), *rest) != []


def test_no_later_delta_may_change_its_number() -> None:
    later = BOOKS[2]
    assert book(105, BOOKS[1], (later[0], 105, *later[2:])) != []


def test_a_gap_between_deltas_or_behind_the_snapshot_is_found() -> None:
    assert book(100, BOOKS[0], *BOOKS[2:]) != []
    (text,) = book(100, *BOOKS[1:])
    assert "1 sent and not given" in text


def test_a_snapshot_older_than_everything_sent_is_found() -> None:
    (text,) = book(90, *BOOKS)
    assert "does not reach the next delta" in text


def test_a_delta_with_another_level_is_found() -> None:
    key = BOOKS[1]
    altered = (key[0], key[1], hash_levels([(59_998.0, 2.5)], [(60_001.0, 3.0)]), key[3])
    (text,) = book(100, BOOKS[0], altered, *BOOKS[2:])
    assert "was given as" in text


def whole(seq: int, bids: Levels, asks: Levels, depth: int = 0) -> BookSnapshot:
    return BookSnapshot("BTCUSDT.BINANCE", bids, asks, seq, 0, 0, depth)


def test_a_snapshot_must_hold_what_earlier_deltas_say() -> None:
    true = whole(115, [(59_998.0, 2.0), (59_000.0, 9.0)], [(60_001.0, 3.0)])
    assert book(115, BOOKS[3], snapshot=true) == []
    (text,) = book(115, BOOKS[3], snapshot=whole(115, [(59_999.0, 1.0), (59_998.0, 2.0)], [(60_001.0, 3.0)]))
    assert "snapshot 115 has 1.0 at bid 59999.0, deltas say 0.0" in text
    (text,) = book(115, BOOKS[3], snapshot=whole(115, [(59_998.0, 2.0)], []))
    assert "snapshot 115 has 0.0 at ask 60001.0, deltas say 3.0" in text


def test_a_snapshot_amid_a_delta_or_not_whole_is_not_held_against_deltas() -> None:
    assert book(112, BOOKS[2], snapshot=whole(112, [], [])) == []
    assert book(115, BOOKS[3], snapshot=whole(115, [], [], depth=1)) == []


# the twin's log


def write(folder: Path, *lines: dict[str, Any]) -> Path:
    path = folder / "truth.jsonl"
    path.write_text("".join(json.dumps({"ts_ns": 1, **line}) + "\n" for line in lines))
    return path


def sent(stream: str, sockets: list[int], **data: Any) -> dict[str, Any]:
    return {"kind": "sent", "stream": stream, "sockets": sockets, "data": data}


def trade(number: int, *sockets: int) -> dict[str, Any]:
    data = {"t": number, "p": "60000.10000000", "q": "0.01000000", "T": 5, "m": True}
    return sent("btcusdt@trade", list(sockets), **data)


def test_each_socket_and_each_subscription_is_a_segment_of_its_own(tmp_path: Path) -> None:
    start: dict[str, Any] = {"kind": "start", "balances": {}}
    gone = {"kind": "unsubscribe", "socket": 1, "streams": ["btcusdt@trade"]}
    lines = [start, trade(1, 1), trade(2, 1, 2), gone, trade(3, 2), trade(4, 1, 2), start, trade(1, 1)]
    segments = read(write(tmp_path, *lines), {"BTCUSDT"}).segments(TRADE, "BTCUSDT")
    assert [[key[0] for key in each.keys] for each in segments] == [["1", "2"], ["2", "3", "4"], ["4"], ["1"]]
    assert segments[0].keys[0] == ("1", 60000.1, 0.01, "SELLER", 5_000_000)


def test_other_streams_are_not_kept(tmp_path: Path) -> None:
    truth = read(write(tmp_path, trade(1, 1), sent("btcusdt@kline_1s", [1])), {"ETHUSDT"})
    assert truth.segments(TRADE, "BTCUSDT") == []


def test_quotes_and_deltas_are_read_as_floats(tmp_path: Path) -> None:
    quote = sent("btcusdt@bookTicker", [1], u=7, s="BTCUSDT", b="1.5", B="2", a="0.00000000", A="0.00000000")
    delta = sent("btcusdt@depth@100ms", [1], U=3, u=7, E=9, b=[["1.5", "2"]], a=[])
    truth = read(write(tmp_path, quote, delta), {"BTCUSDT"})
    assert truth.segments(QUOTE, "BTCUSDT")[0].keys == [(7, 1.5, None, 2.0, 0.0)]
    assert truth.segments(BOOK, "BTCUSDT")[0].keys == [(7, 2, hash_levels([(1.5, 2.0)], []), 9_000_000)]
