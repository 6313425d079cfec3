"""python-binance's blocking client makes the calls that it is told, one after the other, whatever the twin says."""

from __future__ import annotations

from contextlib import suppress

from at_a_twin import GREETING, tell
from binance import Client
from binance.exceptions import BinanceAPIException


class LocalClient(Client):
    """The library's blocking client with the twin's addresses."""

    API_URL = GREETING["rest"] + "/api"
    WS_API_URL = GREETING["ws_api"]


client = LocalClient(GREETING["api_key"], GREETING["api_secret"])
for name, arguments in GREETING["calls"]:
    with suppress(BinanceAPIException):
        getattr(client, name)(**arguments)
tell({})
