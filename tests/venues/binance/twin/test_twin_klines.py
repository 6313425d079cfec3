"""Candles as a client pages through them: every interval, zone and span."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from twin_client import Client, Twin, now_ms

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
LENGTHS = {
    "1s": 1_000, "1m": MINUTE, "3m": 3 * MINUTE, "5m": 5 * MINUTE, "15m": 15 * MINUTE, "30m": 30 * MINUTE,
    "1h": HOUR, "2h": 2 * HOUR, "4h": 4 * HOUR, "6h": 6 * HOUR, "8h": 8 * HOUR, "12h": 12 * HOUR, "1d": DAY,
    "3d": 3 * DAY, "1w": 7 * DAY,
}  # fmt: skip
LISTED = 1_502_928_000_000


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


async def klines(client: Client, **params: Any) -> list[list[Any]]:
    return list(await client.public("/api/v3/klines", symbol="BTCUSDT", **params))


def check(found: list[list[Any]]) -> None:
    for kline in found:
        begin, o, h, low, c, volume, end, quote, count, buy_volume, buy_quote, unused = kline
        assert float(low) <= min(float(o), float(c)) <= max(float(o), float(c)) <= float(h)
        assert 0 <= float(buy_volume) <= float(volume)
        assert 0 <= float(buy_quote) <= float(quote)
        assert (count > 0) == (float(volume) > 0)
        assert end > begin
        assert unused == "0"
    assert all(a[6] + 1 == b[0] for a, b in pairwise(found))


@pytest.mark.parametrize("interval", [*LENGTHS, "1M"])
def test_a_fresh_twin_has_a_thousand_candles_of_every_interval(shared_twin: Twin, interval: str) -> None:
    async def test(client: Client) -> None:
        before = now_ms()
        found = await klines(client, interval=interval, limit=1000)
        check(found)
        assert found[-1][0] <= now_ms()
        assert before <= found[-1][6]
        if interval == "1M":
            assert all(datetime.fromtimestamp(kline[0] / 1000, UTC).day == 1 for kline in found)
            assert found[0][0] <= LISTED < found[1][0]
        else:
            length = LENGTHS[interval]
            wanted = min(1000, (found[-1][0] - LISTED) // length + 2)
            assert wanted - 1 <= len(found) <= wanted
            assert all(kline[6] - kline[0] == length - 1 for kline in found)
        assert sum(kline[8] > 0 for kline in found) > 0.6 * len(found)
        span = {"interval": interval, "startTime": found[1][0], "endTime": found[-2][0]}
        assert await client.public("/api/v3/uiKlines", symbol="BTCUSDT", **span) == found[1:-1][:500]

    shared_twin.run(test)


def test_hours_are_exactly_their_minutes_and_weeks_begin_on_monday(shared_twin: Twin) -> None:
    async def test(client: Client) -> None:
        begin = at("2025-03-03")
        minutes = await klines(client, interval="1m", startTime=begin, limit=60)
        (hour,) = await klines(client, interval="1h", startTime=begin, endTime=begin)
        assert [minutes[0][0], minutes[-1][6]] == [hour[0], hour[6]]
        assert (minutes[0][1], minutes[-1][4]) == (hour[1], hour[4])
        assert max(float(m[2]) for m in minutes) == float(hour[2])
        assert min(float(m[3]) for m in minutes) == float(hour[3])
        assert sum(m[8] for m in minutes) == hour[8]
        for column in (5, 7, 9, 10):
            assert sum(round(float(m[column]) * 1e8) for m in minutes) == pytest.approx(float(hour[column]) * 1e8)
        (week,) = await klines(client, interval="1w", startTime=begin, limit=1)
        assert week[0] == begin

    shared_twin.run(test)


def test_paging_by_start_time_meets_every_candle_once(shared_twin: Twin) -> None:
    async def test(client: Client) -> None:
        begin, found = now_ms() - 2 * DAY, []
        cursor = begin
        while True:
            page = await klines(client, interval="1m", startTime=cursor, limit=1000)
            found += page
            if len(page) < 1000:
                break
            cursor = page[-1][0] + 1
        check(found)
        assert begin <= found[0][0] < begin + MINUTE
        assert len(found) in (2880, 2881)
        # The past never changes, whenever and in whatever pages it is asked for.
        again = await klines(client, interval="1m", startTime=found[100][0], endTime=found[199][0])
        assert again == found[100:200]

    shared_twin.run(test)


def test_start_end_and_limit_choose_as_documented(shared_twin: Twin) -> None:
    async def test(client: Client) -> None:
        begin = at("2024-02-28T12:00:00")
        assert len(await klines(client, interval="1h")) == 500
        assert len(await klines(client, interval="1h", limit=5000)) == 1000
        opens = [k[0] for k in await klines(client, interval="1h", startTime=begin + 1, limit=3)]
        assert opens == [begin + HOUR, begin + 2 * HOUR, begin + 3 * HOUR]
        opens = [k[0] for k in await klines(client, interval="1h", endTime=begin + 1, limit=3)]
        assert opens == [begin - 2 * HOUR, begin - HOUR, begin]
        opens = [k[0] for k in await klines(client, interval="1d", startTime=begin, endTime=begin + 2 * DAY)]
        assert opens == [at("2024-02-29"), at("2024-03-01")]
        assert await klines(client, interval="1h", startTime=begin, endTime=begin - 1) == []
        assert await klines(client, interval="1h", startTime=now_ms() + DAY) == []
        assert (await klines(client, interval="1d", startTime=0, limit=1))[0][0] == LISTED
        assert await klines(client, interval="1d", startTime=0, endTime=LISTED - 1) == []
        micros = await klines(client, interval="1h", startTime=begin * 1000, limit=1)
        assert micros[0][0] == begin

    shared_twin.run(test)


def test_times_of_candles_come_in_microseconds_when_asked_for(shared_twin: Twin) -> None:
    async def test(client: Client) -> None:
        query, begin = f"symbol=BTCUSDT&interval=1h&startTime={at('2025-03-03')}&limit=3", at("2025-03-03")
        plain = await klines(client, interval="1h", startTime=begin, limit=3)
        _, micros, _ = await client.send("GET", "/api/v3/klines", query, headers={"X-MBX-TIME-UNIT": "MICROSECOND"})
        assert [kline[0] for kline in micros] == [kline[0] * 1000 for kline in plain]
        assert [kline[6] for kline in micros] == [kline[6] * 1000 + 999 for kline in plain]
        assert [kline[1:6] + kline[7:] for kline in micros] == [kline[1:6] + kline[7:] for kline in plain]

    shared_twin.run(test)


@pytest.mark.parametrize(
    ("zone", "opens"),
    [
        ("0", "2025-01-15T00:00"),
        ("8", "2025-01-14T16:00"),
        ("-1:00", "2025-01-15T01:00"),
        ("05:45", "2025-01-14T18:15"),
        ("+14:00", "2025-01-14T10:00"),
    ],
)
def test_days_begin_at_midnight_of_the_zone(shared_twin: Twin, zone: str, opens: str) -> None:
    async def test(client: Client) -> None:
        first = at(opens)
        (day,) = await klines(client, interval="1d", timeZone=zone, startTime=first, endTime=first)
        assert (day[0], day[6]) == (first, first + DAY - 1)
        minutes = await klines(client, interval="15m", timeZone=zone, startTime=first, endTime=first + DAY - 1)
        assert sum(m[8] for m in minutes) == day[8]
        months = await klines(client, interval="1M", timeZone=zone, startTime=at("2025-02-15"), limit=1)
        assert months[0][0] == at("2025-03-01") - (at("2025-01-15") - first)

    shared_twin.run(test)
