"""python-binance, unmodified, with a twin's addresses."""

from __future__ import annotations

from typing import Any

from at_a_twin import GREETING
from binance import AsyncClient, BinanceSocketManager
from binance.exceptions import BinanceAPIException

UNREAD_MESSAGES = 100_000
"""What a socket of the library may hold unread; its own 100 are too few for several streams read in turn."""


class LocalClient(AsyncClient):
    """The library's client with the twin's addresses."""

    API_URL = GREETING["rest"] + "/api"
    MARGIN_API_URL = GREETING["rest"] + "/sapi"
    WS_API_URL = GREETING["ws_api"]


class LocalSockets(BinanceSocketManager):
    """The library's sockets with the twin's addresses."""

    STREAM_URL = GREETING["stream"] + "/"


def refusal(error: Exception) -> dict[str, Any] | None:
    """The venue's refusal as the library tells it."""
    if not isinstance(error, BinanceAPIException):
        return None
    return {"status": error.status_code, "code": error.code, "message": error.message}


async def connect(**arguments: Any) -> LocalClient:
    """A client with the twin's first key, or with what is given."""
    keys = {"api_key": GREETING["api_key"], "api_secret": GREETING["api_secret"]}
    client: LocalClient = await LocalClient.create(**(arguments or keys))
    return client
