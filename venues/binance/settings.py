"""An instance's settings, and where its environment is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from actors.runtime import ActorExit, ExitCode
from venues.addresses import address_problem
from venues.binance.client.access import VENUE_ENDPOINTS, Access, Credentials, Endpoints, announced
from venues.binance.client.errors import NotSent
from venues.binance.client.signing import signer_for
from venues.capabilities import Option
from venues.quota_settings import QuotaSettings
from venues.secrets import resolve

__all__ = [
    "ACCOUNT_TYPES",
    "ADDRESSES",
    "DESCRIPTIONS",
    "ENVIRONMENTS",
    "OPTIONS",
    "Settings",
    "budget_host",
    "locator",
    "read_settings",
]

ACCOUNT_TYPES = ("spot",)
ENVIRONMENTS = ("twin", "live", "testnet", "demo")
OPTIONS = {
    "recv_window_ms": Option(int, "milliseconds from 1 to 60000", 1, 60_000),
    "allow_withdrawal_key": Option(bool, "true or false"),
    "instrument_refresh_s": Option(float, "seconds from 1 to 86400", 1.0, 86_400.0),
    "silence_s": Option(float, "seconds from 0.1 to 60", 0.1, 60.0),
    "snapshot_levels": Option(int, "100, 500, 1000 or 5000", choices=(100, 500, 1000, 5000)),  # its steps of weight
}
"""What an instance may choose; see `DESCRIPTIONS`."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an instance of this adapter is configured with: see `DESCRIPTIONS`.

    `announcement` is the path of a file whose first line is the twin's greeting: its addresses and key; the floor sets
    it.
    """

    adapter: Literal["binance"]
    account_type: Literal["spot"]
    environment: Literal["twin", "live", "testnet", "demo"]
    venue_id: str
    api_key: str | None = None
    api_secret: str | None = None
    announcement: str | None = None
    recv_window_ms: int = 5000
    allow_withdrawal_key: bool = False
    instrument_refresh_s: float = 600.0
    silence_s: float = 10.0
    snapshot_levels: int = 5000
    rest_url: str = ""
    stream_url: str = ""
    ws_api_url: str = ""
    quota: QuotaSettings | None = None
    """Set by the floor: who keeps the request weight of this instance's host."""


DESCRIPTIONS = {
    "adapter": "This adapter.",
    "account_type": "Binance Spot.",
    "environment": "`twin` (a local one, started by the floor), `testnet`, `demo` or `live`.",
    "venue_id": "What instruments of this instance end in: `BTCUSDT.BINANCE`.",
    "api_key": "Where the key is: `env:NAME`, `file:PATH` (mode 0600) or `keyring:NAME`; a twin makes its own.",
    "api_secret": "Where its secret is, or its private key in PEM (Ed25519, RSA); as above.",
    "recv_window_ms": "How old an order or a change may be when the venue takes it, 1 to 60000; never more than the"
    " command's own deadline allows (5 s from the strategy, and 5 s from the gate).",
    "allow_withdrawal_key": "Trade by a key that may withdraw, too; and do not wait for the venue's word on keys.",
    "instrument_refresh_s": "Seconds between looks at the instruments' rules, 1 or more; each costs weight 20.",
    "silence_s": "Seconds of silence, 0.1 to 60, after which a topic is held against what REST says: where the market"
    " moved and the stream did not tell, it is STALE, opened again, and an alert is raised.",
    "snapshot_levels": "Levels of a book's snapshot: 100, 500, 1000 or 5000, at weight 5, 25, 50 or 250. What lies"
    " deeper is not known until it changes.",
    "books": "Run a book actor; without one the gate does not wait for whole books of this instance.",
    "rest_url": "Stands in for the environment's REST address: another cluster, a proxy, a stand-in on this host.",
    "stream_url": "The same of the market streams.",
    "ws_api_url": "The same of the order socket.",
}
"""Each option that an instance's section may have, in one sentence."""
ONE_HOST = ".binance.com"
"""``api``, ``api-gcp`` and ``api1`` to ``api4`` are doors of one venue, and count an address's weight together."""
WEIGHT_LIMIT = 6000
"""Request weight a minute and address, until the venue has told its own."""
ADDRESSES = {"rest_url": "https", "stream_url": "wss", "ws_api_url": "wss"}
"""The settings that are addresses, and the scheme of each."""


def budget_host(environment: str, addresses: Mapping[str, str]) -> str:
    """Return the name of the host whose limit an instance shares with all others of that name."""
    rest_url = addresses.get("rest_url", "")
    host = urlsplit(rest_url).netloc if rest_url else environment
    return "live" if host.endswith(ONE_HOST) else host


def read_settings(found: dict[str, Any]) -> Settings:
    """Return the settings in `found`. Raises ActorExit (exit code 10) naming what is wrong and what was expected."""
    try:
        settings = msgspec.convert(found, Settings)
    except msgspec.ValidationError as error:
        raise ActorExit(ExitCode.CONFIGURATION, f"settings of a binance instance: {error}") from None
    for name, option in OPTIONS.items():
        problem = option.problem(getattr(settings, name))
        if problem:
            raise ActorExit(ExitCode.CONFIGURATION, f"{name}: {problem}")
    if settings.environment == "twin" and not settings.announcement:
        raise ActorExit(ExitCode.CONFIGURATION, "environment twin: announcement is missing; expected the file's path")
    for name, scheme in ADDRESSES.items():
        address = getattr(settings, name)
        problem = address and address_problem(address, scheme)
        if problem:
            raise ActorExit(ExitCode.CONFIGURATION, f"{name} is {address!r}; {problem}")
    return settings


def locator(settings: Settings, trading: bool) -> Callable[[], Access]:
    """Return what says where the venue is and by which key, as of now.

    Keys are resolved only where `trading` needs them. The returned callable raises `NotSent` while a twin has not
    announced itself; `locator` itself raises ActorExit for a key that is missing or that nothing can be signed with.
    """
    if settings.environment == "twin":
        path = Path(settings.announcement or "")
        return lambda: _announced(path)
    credentials = None
    if trading:
        key, secret = (
            resolve(getattr(settings, name) or "", f"{settings.venue_id}: {name}") for name in ("api_key", "api_secret")
        )
        try:
            signer_for(secret.reveal())
        except ValueError as error:
            raise ActorExit(ExitCode.CONFIGURATION, f"{settings.venue_id}: api_secret: {error}") from None
        credentials = Credentials(key, secret)
    own = VENUE_ENDPOINTS[settings.environment]
    endpoints = Endpoints(
        settings.rest_url or own.rest, settings.stream_url or own.stream, settings.ws_api_url or own.ws_api
    )
    access = Access(endpoints, credentials)
    return lambda: access


def _announced(path: Path) -> Access:
    try:
        line, newline, _ = path.read_bytes().partition(b"\n")
        if not newline:
            raise NotSent(f"the twin has not announced itself in {path} yet")
        return announced(msgspec.json.decode(line))
    except OSError as error:
        raise NotSent(f"the twin's announcement {path} cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, TypeError) as error:
        raise NotSent(f"the twin's announcement {path}: {error}") from None
