"""Our side of a tick-to-order harness: a whole floor, as any user runs it, against a stand-in of Binance Spot.

    python scripts/benchmarks/harness_client.py --client --port PORT --market spot

What runs is ``tradefloor up``: supervisor, market data, gate, reconciler, execution and one strategy, each in its
process, journals on; with ``--books`` the order book too. The stand-in serves REST, streams and the WebSocket API on
one port of this host. On the first tick one line of JSON goes to standard output, ``{"event": "first_tick", "t_ns":
...}``; from then on each tick that asks for it gets one LIMIT IOC, whose client order id ends in ``-<tick's
number>-<ticks seen>``. SIGTERM ends it, and everything that it started.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
STOP_S = 2.5
"""How long the floor may take to stop in order; harnesses kill what has not ended after three seconds."""

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


class Client:
    """One floor and its directory."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tf", dir="/tmp"))  # short: sockets have to fit below it
        self.state = options.keep.resolve() if options.keep else self.folder / "state"
        self.report = self.folder / "report"
        os.mkfifo(self.report)
        config = self.folder / "floor.toml"
        config.write_text(
            FLOOR.format(
                port=options.port,
                here=HERE,
                report=self.report,
                durability=options.durability,
                books=str(options.books).lower(),
            )
        )
        environment = {
            "TRADEFLOOR_BENCH_KEY": "bench",
            "TRADEFLOOR_BENCH_SECRET": "bench",
            **os.environ,
            "TRADEFLOOR_SUPERVISOR_PID": str(os.getpid()),  # should this process be killed, the floor stops
        }
        command = [sys.executable, "-m", "tradefloor", "up", str(config)]
        command += ["--run-dir", str(self.folder), "--state-dir", str(self.state), "--log-level", "WARNING"]
        self.floor = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=environment)

    def tell(self) -> None:
        """Hand the strategy's first line on."""
        with self.report.open() as lines:
            for line in lines:
                sys.stdout.write(line)
                sys.stdout.flush()

    def stop(self) -> int:
        """Stop the floor, in order while there is time; return its exit code."""
        if self.floor.poll() is None:
            self.floor.send_signal(signal.SIGTERM)
            try:
                self.floor.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.floor.kill()  # its children end by its death
                self.floor.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        return self.floor.returncode


def main() -> int:
    """Run until SIGTERM, or until the floor ends by itself."""
    client = Client(parse())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    threading.Thread(target=client.tell, daemon=True).start()
    try:
        return client.floor.wait()
    finally:
        client.stop()


if __name__ == "__main__":
    sys.exit(main())
