"""What a twin is started with, and the file of its first key."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from venues.binance.twin.faults.plan import PlanSpec
from venues.binance.twin.render import ATOM
from venues.binance.twin.requests.keys import KeyType, new_name, new_secret, verifier
from venues.binance.twin.rules import ORDERS_PER_TEN_SECONDS, WEIGHT_PER_MINUTE
from venues.twins.market import LEVELS

DEFAULT_RATE = 80.0
"""Book changes a second and symbol."""
DEFAULT_BALANCES = {"BTC": 10 * ATOM, "ETH": 100 * ATOM, "USDT": 1_000_000 * ATOM}


class SettingsError(Exception):
    """The twin cannot start as told; the text says what, where and what was expected."""


class Keys(msgspec.Struct):
    """The content of a key file; `api_secret` is an HMAC secret, or a private key in PEM."""

    api_key: str
    api_secret: str

    def __repr__(self) -> str:
        return "Keys(***)"


@dataclass(frozen=True, slots=True)
class Settings:
    """A twin's start: `rate` in book changes a second and symbol, balances in atoms, port 0 for any."""

    keys: Keys
    seed: int
    port: int = 0
    admin_port: int = 0
    rate: float = DEFAULT_RATE
    levels: int = LEVELS
    symbols: tuple[str, ...] = ("BTCUSDT", "ETHUSDT")
    log: Path | None = None
    replay: tuple[Path, ...] = ()
    speed: float = 1.0
    replay_starts_at_once: bool = False
    balances: dict[str, int] = field(default_factory=lambda: dict(DEFAULT_BALANCES))
    legacy_listen_key: bool = False
    weight_per_minute: int = WEIGHT_PER_MINUTE
    orders_per_ten_seconds: int = ORDERS_PER_TEN_SECONDS
    faults: PlanSpec | None = None


def new_keys(kind: KeyType) -> Keys:
    """A key that nobody had before."""
    return Keys(new_name(), new_secret(kind))


def keys_in(path: Path, kind: KeyType) -> Keys:
    """The key of a file, which is made with a new one of that type where it is missing. Raises SettingsError."""
    if not path.exists():
        keys = new_keys(kind)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as out:
            out.write(msgspec.json.encode(keys))
        return keys
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SettingsError(f"--key-file: {path} may be read by others; expected mode 0600")
    try:
        keys = msgspec.json.decode(path.read_bytes(), type=Keys)
        verifier(keys.api_secret)
    except (msgspec.DecodeError, ValueError) as error:
        raise SettingsError(f"--key-file: {path}: {error}; expected JSON with api_key and api_secret") from None
    return keys
