"""The command line of a twin: its options in groups, each with a sentence, and what is wrong with a bad one."""

from __future__ import annotations

import argparse
import math
import secrets
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NoReturn

from venues.binance.twin.faults.plan import DEFAULT_RATE as FAULT_RATE
from venues.binance.twin.faults.plan import PlanSpec
from venues.binance.twin.market.catalogue import KNOWN, MOST_SYMBOLS, first_symbols, symbol_of
from venues.binance.twin.render import ATOM
from venues.binance.twin.requests.keys import KEY_TYPES
from venues.binance.twin.rules import ORDERS_PER_TEN_SECONDS, WEIGHT_PER_MINUTE
from venues.binance.twin.settings import (
    DEFAULT_BALANCES,
    DEFAULT_RATE,
    Settings,
    SettingsError,
    keys_in,
    new_keys,
)
from venues.twins.market import LEVELS, MAX_LEVELS

_KEY_TYPES = {kind.lower(): kind for kind in KEY_TYPES}
MAX_PORT = 65_535
DESCRIPTION = """\
Serves Binance Spot's protocol on 127.0.0.1: REST, market streams and the WebSocket API, with matching and a market of
its own. The first line of output is JSON: the addresses (rest, stream, ws_api, admin), a key (api_key, api_secret),
the log, the seed and the process id. It ends on SIGTERM or SIGINT within a second.
"""
REPLAY = """\
Only the streams that were captured are sent, with their own numbers and times. Orders are refused with
'Market is closed.', for nobody knows what the captured market would have done with them.
"""
EXAMPLES = """\
examples:
  a quiet afternoon, the same each time
      python -m venues.binance.twin --seed 7 --port 8080
  one symbol, a busy market, some money, and a log of all that was true
      python -m venues.binance.twin --symbols SOLUSDT --rate 400 --balance SOL=50 --log truth.jsonl
  one request, event and depth update in fifty goes wrong, the same ones each time
      python -m venues.binance.twin --faults 42:0.02
  lose the answer to the next order, by the address called admin in the first line
      curl -d '{"kind":"ack_lost","method":"order.place"}' http://127.0.0.1:PORT/faults
  all faults, actions and numbers that can be changed while it runs
      curl http://127.0.0.1:PORT/
"""


class _Parser(argparse.ArgumentParser):
    """Raises SettingsError where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        raise SettingsError(f"{message}; --help tells all options")


def parser() -> argparse.ArgumentParser:
    """The options, grouped, each with a sentence."""
    whole = _Parser(
        prog="binance twin",
        usage="python -m venues.binance.twin [options]",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, max_help_position=30, width=118),
        allow_abbrev=False,
    )
    doors = whole.add_argument_group("where it listens")
    doors.add_argument(
        "--port", type=_port, default=0, metavar="N", help="TCP port of the venue; 0, the default, is any free one"
    )
    doors.add_argument(
        "--admin-port", type=_port, default=0, metavar="N", help="TCP port of the admin's HTTP; 0 is any free one"
    )

    market = whole.add_argument_group("the market")
    market.add_argument(
        "--symbols",
        type=_symbols,
        default=_symbols("BTCUSDT,ETHUSDT"),
        metavar="A,B",
        help=f"what is traded (BTCUSDT,ETHUSDT); or how many (over {len(KNOWN)} some are invented), or all",
    )
    market.add_argument(
        "--rate",
        type=_amount,
        default=DEFAULT_RATE,
        metavar="X",
        help=f"book changes a second and symbol ({DEFAULT_RATE:g}); 0 is a still market",
    )
    market.add_argument(
        "--levels", type=_levels, default=LEVELS, metavar="N", help=f"levels a side ({LEVELS}), up to {MAX_LEVELS}"
    )
    market.add_argument(
        "--seed", type=int, default=None, metavar="N", help="the same seed gives the same market; random when not given"
    )

    replay = whole.add_argument_group("a captured market instead", REPLAY)
    replay.add_argument(
        "--replay",
        type=_file,
        action="append",
        default=[],
        metavar="FILE",
        help="a capture, lines of '<ns> <json>', gzipped or not; repeat to merge several",
    )
    replay.add_argument(
        "--speed", type=_amount, default=1.0, metavar="X", help="times as fast as it was (1); 0: as its readers read"
    )
    replay.add_argument(
        "--replay-start",
        choices=["subscribed", "now"],
        default="subscribed",
        help="whether it begins at the first subscription (the default) or at once",
    )

    account = whole.add_argument_group("the account")
    account.add_argument(
        "--account-type", choices=["spot"], default="spot", help="what kind of account is served; spot alone"
    )
    account.add_argument(
        "--balance",
        type=_balance,
        action="append",
        default=[],
        metavar="ASSET=AMOUNT",
        help="what it owns at first, such as BTC=10; repeat for more",
    )
    account.add_argument(
        "--key-file",
        type=Path,
        metavar="FILE",
        help="JSON with api_key and api_secret, mode 0600; made when it is missing",
    )
    account.add_argument(
        "--key-type",
        choices=list(_KEY_TYPES),
        default="hmac",
        help="what a key that is made signs by (hmac); else api_secret is a private key in PEM",
    )

    rules = whole.add_argument_group("the venue's rules")
    rules.add_argument(
        "--weight-per-minute",
        type=_count,
        default=WEIGHT_PER_MINUTE,
        metavar="N",
        help=f"request weight of an address ({WEIGHT_PER_MINUTE})",
    )
    rules.add_argument(
        "--orders-per-10s",
        type=_count,
        default=ORDERS_PER_TEN_SECONDS,
        metavar="N",
        help=f"unfilled orders of an account ({ORDERS_PER_TEN_SECONDS})",
    )
    rules.add_argument(
        "--legacy-listen-key", action="store_true", help="serve the listen keys that the venue retired in 2026"
    )

    truth = whole.add_argument_group("truth and faults")
    truth.add_argument(
        "--log",
        type=Path,
        metavar="FILE",
        help="write what was received, sent and done, as JSON lines; none when not given",
    )
    truth.add_argument(
        "--faults",
        type=_plan,
        metavar="SEED[:RATE]",
        help=f"let a share RATE of all requests, account events and depth updates go wrong ({FAULT_RATE:g})",
    )
    return whole


def parse(argv: Sequence[str]) -> Settings:
    """Settings from arguments. Raises SettingsError; --help alone ends the process."""
    args = parser().parse_args(list(argv))
    kind = _KEY_TYPES[args.key_type]
    return Settings(
        keys=keys_in(args.key_file, kind) if args.key_file else new_keys(kind),
        seed=args.seed if args.seed is not None else secrets.randbelow(2**31),
        port=args.port,
        admin_port=args.admin_port,
        rate=args.rate,
        levels=args.levels,
        symbols=args.symbols,
        log=args.log,
        replay=tuple(args.replay),
        speed=args.speed,
        replay_starts_at_once=args.replay_start == "now",
        balances=DEFAULT_BALANCES | dict(args.balance),
        legacy_listen_key=args.legacy_listen_key,
        weight_per_minute=args.weight_per_minute,
        orders_per_ten_seconds=args.orders_per_10s,
        faults=args.faults,
    )


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a number from 0 to {MAX_PORT}")
    return int(text)


def _count(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r}; expected a whole number above 0")
    return int(text)


def _amount(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = -1.0
    if not 0 <= amount < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a number of 0 or more")
    return amount


def _levels(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= MAX_LEVELS:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a number from 1 to {MAX_LEVELS}")
    return int(text)


def _file(text: str) -> Path:
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"no file {text}; expected a capture")
    return Path(text)


def _symbols(text: str) -> tuple[str, ...]:
    if text.isascii() and text.isdigit() and 0 < int(text) <= MOST_SYMBOLS:
        return first_symbols(int(text))
    if text == "all":
        return tuple(KNOWN)
    symbols = tuple(dict.fromkeys(text.split(",")))
    unknown = [name for name in symbols if symbol_of(name) is None]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown {','.join(unknown)}; known are {','.join(KNOWN)}")
    return symbols


def _balance(text: str) -> tuple[str, int]:
    asset, _, number = text.partition("=")
    try:
        atoms = Decimal(number) * ATOM
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{text!r}; expected ASSET=AMOUNT such as BTC=10") from None
    if not asset or not atoms.is_finite() or atoms < 0 or atoms != int(atoms):
        raise argparse.ArgumentTypeError(f"{text!r}; expected ASSET=AMOUNT with at most eight decimals")
    return asset, int(atoms)


def _plan(text: str) -> PlanSpec:
    seed, _, share = text.partition(":")
    try:
        spec = PlanSpec(int(seed), float(share) if share else FAULT_RATE)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}; expected SEED or SEED:RATE such as 42:0.02") from None
    if not 0 < spec.rate <= 1:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a RATE above 0 and at most 1")
    return spec
