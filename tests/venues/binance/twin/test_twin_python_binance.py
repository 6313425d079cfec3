"""A client that nobody here wrote trades on the twin unchanged, and saw what the twin says it sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from twin_client import ForeignEnvironment, Twin

CLIENT = Path(__file__).parent / "clients" / "python_binance_client.py"


@pytest.mark.third_party
def test_python_binance_sees_quotes_orders_and_fills_as_the_log_has_them(
    twin: Twin, third_party_env: Callable[[str, list[str]], ForeignEnvironment]
) -> None:
    environment = third_party_env("python-binance", ["python-binance==1.0.37"])
    seen = environment.run(CLIENT, twin.greeting, timeout_s=90)

    sent = [line["data"] for line in twin.log("sent") if line["stream"] == "btcusdt@bookTicker"]
    assert all(quote in sent for quote in seen["quotes"])
    assert seen["depth"] in [line["data"] for line in twin.log("sent") if line["stream"] == "btcusdt@depth@100ms"]
    assert len(seen["snapshot"]["bids"]) == 5

    user = [line["data"] for line in twin.log("user_sent")]
    assert all(report in user for report in seen["reports"])
    resting, taking = seen["resting"], seen["taking"]
    by_order = [(report["i"], report["x"]) for report in seen["reports"]]
    assert by_order[0] == (resting["orderId"], "NEW")
    assert by_order[-1] == (resting["orderId"], "CANCELED")
    assert (taking["orderId"], "TRADE") in by_order
    assert taking["status"] == "FILLED"
    assert seen["canceled"]["status"] == "CANCELED"
    assert seen["placed"]["status"] == "FILLED"

    fills = [(fill["trade_id"], fill["price"], fill["size"], fill["fee"]) for fill in twin.log("fill")]
    assert [(t["id"], t["price"], t["qty"], t["commission"]) for t in seen["trades"]] == fills
    final = {line["asset"]: (line["free"], line["locked"]) for line in twin.log("balance")}
    held = {b["asset"]: (b["free"], b["locked"]) for b in seen["account"]["balances"]}
    assert {asset: held[asset] for asset in final} == final
