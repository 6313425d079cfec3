"""What a twin is started with, from the command line and the key file."""

from __future__ import annotations

import argparse
import os
import secrets
import stat
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

import msgspec

from venues.binance.twin.limits import ORDERS_PER_TEN_SECONDS, WEIGHT_PER_MINUTE
from venues.binance.twin.market.catalogue import KNOWN
from venues.binance.twin.render import ATOM
from venues.twins.market import LEVELS, MAX_LEVELS

KEY_LENGTH = 64
DEFAULT_RATE = 80.0
"""Book changes a second and symbol."""
DEFAULT_BALANCES = {"BTC": 10 * ATOM, "ETH": 100 * ATOM, "USDT": 1_000_000 * ATOM}
REPLAY_HELP = (
    "a capture to tell again instead of a live market, lines of '<ns> <json>', gzipped or not; several are merged. "
    "Only the captured streams are sent. Orders are refused with 'Market is closed.', for nobody knows what the "
    "captured market would have done with them"
)
_ALPHABET = string.ascii_letters + string.digits


class SettingsError(Exception):
    """The twin cannot start as told; the text says what, where and what was expected."""


class Keys(msgspec.Struct):
    """The content of a key file."""

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


def parse(argv: Sequence[str]) -> Settings:
    """Settings from arguments. Raises SettingsError; argparse exits by itself on unknown options."""
    parser = argparse.ArgumentParser(prog="binance twin", description="A local server of Binance Spot's protocol.")
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1; 0 takes any free one")
    parser.add_argument("--account-type", choices=["spot"], default="spot")
    parser.add_argument("--seed", type=int, default=None, help="seed of the market; random when absent")
    parser.add_argument(
        "--rate", type=float, default=DEFAULT_RATE, help="book changes a second and symbol; 0: a still market"
    )
    parser.add_argument("--levels", type=int, default=LEVELS, help=f"levels a side, up to {MAX_LEVELS}")
    parser.add_argument(
        "--symbols", default="BTCUSDT,ETHUSDT", help=f"comma separated, or how many of {len(KNOWN)}, or all"
    )
    parser.add_argument("--replay", type=Path, action="append", default=[], metavar="FILE", help=REPLAY_HELP)
    parser.add_argument("--speed", type=float, default=1.0, help="of the replay; 0: as fast as its readers read")
    parser.add_argument(
        "--replay-start", choices=["subscribed", "now"], default="subscribed", help="when the replay begins"
    )
    parser.add_argument("--key-file", type=Path, help="JSON with api_key and api_secret, mode 0600; made when missing")
    parser.add_argument("--log", type=Path, help="truth log, JSON lines")
    parser.add_argument("--balance", action="append", default=[], metavar="ASSET=AMOUNT")
    parser.add_argument("--legacy-listen-key", action="store_true", help="serve the retired listen keys")
    parser.add_argument("--weight-per-minute", type=int, default=WEIGHT_PER_MINUTE)
    parser.add_argument("--orders-per-10s", type=int, default=ORDERS_PER_TEN_SECONDS)
    args = parser.parse_args(list(argv))
    symbols = _symbols(args.symbols)
    unknown = [name for name in symbols if name not in KNOWN]
    if unknown:
        raise SettingsError(f"--symbols: unknown {','.join(unknown)}; known are {','.join(KNOWN)}")
    if not 0 <= args.rate < float("inf"):
        raise SettingsError(f"--rate: {args.rate} changes a second; expected 0 or more")
    if not 1 <= args.levels <= MAX_LEVELS:
        raise SettingsError(f"--levels: {args.levels} a side; expected 1 to {MAX_LEVELS}")
    missing = [str(path) for path in args.replay if not path.is_file()]
    if missing:
        raise SettingsError(f"--replay: no file {', '.join(missing)}; expected a capture")
    if not 0 <= args.speed < float("inf"):
        raise SettingsError(f"--speed: {args.speed} times; expected 0 or more")
    return Settings(
        keys=_keys(args.key_file) if args.key_file else _new_keys(),
        seed=args.seed if args.seed is not None else secrets.randbelow(2**31),
        port=args.port,
        rate=args.rate,
        levels=args.levels,
        symbols=symbols,
        log=args.log,
        replay=tuple(args.replay),
        speed=args.speed,
        replay_starts_at_once=args.replay_start == "now",
        balances=DEFAULT_BALANCES | dict(_balance(text) for text in args.balance),
        legacy_listen_key=args.legacy_listen_key,
        weight_per_minute=args.weight_per_minute,
        orders_per_ten_seconds=args.orders_per_10s,
    )


def _symbols(text: str) -> tuple[str, ...]:
    if text.isascii() and text.isdigit() and int(text) > 0:
        return tuple(KNOWN)[: int(text)]
    return tuple(KNOWN) if text == "all" else tuple(dict.fromkeys(text.split(",")))


def _balance(text: str) -> tuple[str, int]:
    asset, _, number = text.partition("=")
    try:
        atoms = Decimal(number) * ATOM
    except InvalidOperation:
        raise SettingsError(f"--balance: {text!r}; expected ASSET=AMOUNT such as BTC=10") from None
    if not asset or not atoms.is_finite() or atoms < 0 or atoms != int(atoms):
        raise SettingsError(f"--balance: {text!r}; expected ASSET=AMOUNT with at most eight decimals")
    return asset, int(atoms)


def _new_keys() -> Keys:
    key, secret = ("".join(secrets.choice(_ALPHABET) for _ in range(KEY_LENGTH)) for _ in range(2))
    return Keys(key, secret)


def _keys(path: Path) -> Keys:
    if not path.exists():
        keys = _new_keys()
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as out:
            out.write(msgspec.json.encode(keys))
        return keys
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SettingsError(f"--key-file: {path} may be read by others; expected mode 0600")
    try:
        return msgspec.json.decode(path.read_bytes(), type=Keys)
    except msgspec.DecodeError as error:
        raise SettingsError(f"--key-file: {path}: {error}; expected JSON with api_key and api_secret") from None
