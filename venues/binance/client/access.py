"""Where the venue is and by which key it is spoken to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from actors.runtime import Secret

__all__ = ["Access", "Credentials", "Endpoints", "Locate"]


class Endpoints(msgspec.Struct, frozen=True):
    """Base addresses: REST without path, streams without path, the WebSocket API with its path."""

    rest: str
    stream: str
    ws_api: str


class Credentials(msgspec.Struct, frozen=True):
    """A key and its secret (or, for Ed25519, its private key in PEM); neither shows in a repr."""

    api_key: Secret
    api_secret: Secret


class Access(msgspec.Struct, frozen=True):
    """An environment's addresses, and the key where one is needed."""

    endpoints: Endpoints
    credentials: Credentials | None = None


Locate: TypeAlias = Callable[[], Access]
"""Asked at each connection and each REST call, for a restarted twin has a new address."""
