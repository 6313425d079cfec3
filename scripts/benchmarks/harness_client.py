"""Our side of a tick-to-order harness: a whole floor, as any user runs it, against a stand-in of Binance Spot.

    python scripts/benchmarks/harness_client.py --client --port PORT --market spot

What runs is ``tradefloor up``, in this process: the supervisor, which starts market data, gate, reconciler, execution
and one strategy, each in its process, journals on; with ``--books`` the order book too. The stand-in serves REST,
streams and the WebSocket API on one port of this host. On the first tick one line of JSON goes to standard output,
``{"event": "first_tick", "t_ns": ...}``; from then on each tick that asks for it gets one LIMIT IOC, whose client order
id ends in ``-<tick's number>-<ticks seen>``. SIGTERM ends it, and everything that it started.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE.parents[1])  # wherever it is started from; and `bus` is the package, not a file beside this one

from tradefloor.commands import up  # noqa: E402

FLOOR = """
[floor]
name = "bench"
log_level = "WARNING"
durability = "{durability}"

[venues.BINANCE]
adapter = "binance"
account_type = "spot"
environment = "live"
api_key = "env:TRADEFLOOR_BENCH_KEY"
api_secret = "env:TRADEFLOOR_BENCH_SECRET"
rest_url = "http://127.0.0.1:{port}"
stream_url = "ws://127.0.0.1:{port}"
ws_api_url = "ws://127.0.0.1:{port}/ws-api/v3"
books = {books}
allow_withdrawal_key = true

[gate]
max_order_size = "1"
max_order_notional = "1_000_000"

[strategies.trigger]
path = "{here}/trigger_strategy.py:TriggerStrategy"
[strategies.trigger.parameters]
report = "{report}"
"""


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the options; those that a harness has for other clients are ignored."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--client", action="store_true", help="said by the harness; changes nothing")
    parser.add_argument("--port", type=int, required=True, help="where the stand-in listens on 127.0.0.1")
    parser.add_argument("--market", choices=("spot",), default="spot", help="futures are not there yet")
    parser.add_argument("--durability", choices=("process", "power"), default="process", help="of both journals")
    parser.add_argument(
        "--books",
        action="store_true",
        help="keep the order book too; where the stand-in's depth crosses, orders are denied",
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the floor's state (journals, logs) in DIR")
    return parser.parse_known_args(arguments)[0]


def main() -> int:
    """Run until SIGTERM, or until the floor ends by itself."""
    options = parse()
    folder = Path(tempfile.mkdtemp(prefix="tf", dir="/tmp"))  # short: sockets have to fit below it
    state = options.keep.resolve() if options.keep else folder / "state"
    config = folder / "floor.toml"
    places = {"port": options.port, "here": HERE, "report": f"/proc/{os.getpid()}/fd/1"}
    config.write_text(FLOOR.format(**places, durability=options.durability, books=str(options.books).lower()))
    os.environ.setdefault("TRADEFLOOR_BENCH_KEY", f"bench{os.getpid()}")  # one floor an account, and several run here
    os.environ.setdefault("TRADEFLOOR_BENCH_SECRET", "bench")
    os.environ["TRADEFLOOR_SUPERVISOR_PID"] = str(os.getppid())  # should the harness die, the floor stops
    parser = argparse.ArgumentParser()
    up.add_arguments(parser)
    words = [str(config), "--run-dir", str(folder), "--state-dir", str(state), "--log-level", "WARNING"]
    try:
        return up.run(parser.parse_args(words))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
