"""The package as configuration sees it, and its capabilities against the expected table."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.runtime import Actor, ActorExit, ExitCode
from bus.messages import OrderType
from venues.binance.adapter import ADAPTER, SPOT
from venues.binance.settings import DESCRIPTIONS, Settings, locator, read_settings
from venues.capabilities import Cell

GOOD: dict[str, Any] = {
    "adapter": "binance", "account_type": "spot", "environment": "twin", "venue_id": "BINANCE", "announcement": "x"
}  # fmt: skip
EXPECTED = {
    ("order_types", "MARKET"): "MARKET",
    ("order_types", "LIMIT"): "LIMIT",
    ("order_types", "STOP_MARKET"): "STOP_MARKET",
    ("order_types", "STOP_LIMIT"): "STOP_LIMIT",
    ("order_types", "MARKET_IF_TOUCHED"): "MARKET_IF_TOUCHED",
    ("order_types", "LIMIT_IF_TOUCHED"): "LIMIT_IF_TOUCHED",
    ("order_types", "TRAILING_STOP_MARKET"): "TRAILING_STOP_MARKET",
    ("order_types", "TRAILING_STOP_LIMIT"): "TRAILING_STOP_LIMIT",
    ("instructions", "post_only"): "post_only",
    ("instructions", "quote_size"): "quote_size",
    ("instructions", "display_size"): "display_size (iceberg)",
    ("market_data", "quote"): "quotes",
    ("market_data", "trade"): "trades",
    ("market_data", "bar"): "bars live",
    ("market_data", "book"): "book L2",
    ("market_data", "depth"): "book L2",
    ("market_data", "ticker"): "quotes",
    ("market_data", "status"): "instrument status",
    ("market_data", "instrument"): "instrument status",
    ("market_data", "book snapshot by request"): "book snapshot by request",
    ("history", "trade"): "history: trades",
    ("history", "bar"): "history: bars",
}
"""Our cells and the rows of the expected table that have one cell an account type."""
NOT_YET: set[tuple[str, str]] = set()
"""What the venue has and this adapter denies until it does it. A cell that is done leaves this list."""


def spot_column(captures: Callable[[str], Path]) -> dict[str, str]:
    rows: dict[str, str] = {}
    for line in captures("../CAPABILITIES.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 3:
            rows[cells[1]] = cells[2].split(" ")[0]
    return rows


def test_every_cell_is_as_good_as_expected_or_named_as_not_there_yet(captures: Callable[[str], Path]) -> None:
    expected = spot_column(captures)
    ours = {(group, word): cell for group, word, cell in SPOT.rows()}
    for key, row in EXPECTED.items():
        assert row in expected, row
        if key in NOT_YET:
            assert ours[key] is Cell.NONE, f"{key} is done: take it from the list"
        else:
            assert ours[key].value == expected[row], key


def test_a_table_has_a_row_for_every_word_and_promises_nothing_by_omission() -> None:
    rows = {(group, word): cell for group, word, cell in SPOT.rows()}
    assert {word for group, word in rows if group == "order_types"} == {
        word.value for word in OrderType if word is not OrderType.UNKNOWN
    }
    assert rows["instructions", "reduce_only"] is Cell.NONE


def test_the_actors_are_where_the_adapter_says() -> None:
    for path in (ADAPTER.market_data, ADAPTER.execution):
        module, _, name = path.partition(":")
        assert issubclass(getattr(importlib.import_module(module), name), Actor)
    assert set(ADAPTER.capabilities) == set(ADAPTER.account_types)


def test_the_adapter_is_known_without_importing_its_client() -> None:
    code = "import sys; from venues.binance.adapter import ADAPTER; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"environment": "moon"}, "moon"),
        ({"account_type": "margin"}, "margin"),
        ({"surprise": 1}, "surprise"),
        ({"recv_window_ms": 60_001}, "recv_window_ms"),
        ({"recv_window_ms": "5"}, "recv_window_ms"),
        ({"announcement": None}, "announcement"),
        ({"instrument_refresh_s": 0}, "instrument_refresh_s"),
        ({"silence_s": 600}, "silence_s"),
        ({"snapshot_levels": 50}, "snapshot_levels"),
        ({"stream_url": "https://stream.binance.com"}, "stream_url"),
    ],
)
def test_a_wrong_setting_is_one_message_that_names_it(change: dict[str, Any], names: str) -> None:
    with pytest.raises(ActorExit) as caught:
        read_settings({**GOOD, **change})
    assert caught.value.code is ExitCode.CONFIGURATION
    assert names in caught.value.reason


def test_every_option_is_described_and_nothing_else_is() -> None:
    fields = {field.name for field in msgspec.structs.fields(Settings)} - {"announcement", "quota"}
    assert fields | {"books"} == set(DESCRIPTIONS)


def test_a_private_key_that_nothing_can_be_signed_with_is_a_configuration_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KEY", "k")
    monkeypatch.setenv("SECRET", "-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----")
    settings = read_settings({**GOOD, "environment": "live", "api_key": "env:KEY", "api_secret": "env:SECRET"})
    with pytest.raises(ActorExit) as caught:
        locator(settings, trading=True)
    assert caught.value.code is ExitCode.CONFIGURATION
    assert "nonsense" not in caught.value.reason
    assert locator(settings, trading=False)().credentials is None


def test_an_address_of_ones_own_stands_in_for_the_environments_and_the_others_stay() -> None:
    settings = read_settings({**GOOD, "environment": "live", "rest_url": "https://api4.binance.com"})
    endpoints = locator(settings, trading=False)().endpoints
    own = locator(read_settings({**GOOD, "environment": "live"}), trading=False)().endpoints
    assert endpoints.rest == "https://api4.binance.com"
    assert (endpoints.stream, endpoints.ws_api) == (own.stream, own.ws_api)
