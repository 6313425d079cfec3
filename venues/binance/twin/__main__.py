"""`python -m venues.binance.twin`: run one twin until SIGTERM or SIGINT."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Sequence

import uvloop

from venues.binance.twin.options import parse
from venues.binance.twin.server import PortTaken, Server
from venues.binance.twin.settings import SettingsError
from venues.twins.log import TruthLog
from venues.twins.replay import ReplayError

EXIT_CONFIGURATION = 10
"""Told wrongly, or the port is taken: starting again would not help."""
SUPERVISOR_PID = "TRADEFLOOR_SUPERVISOR_PID"
PR_SET_PDEATHSIG = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run a twin; the exit code. The first line on stdout is a JSON object with its addresses and key."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    if not _die_with_parent():
        return 0
    try:
        settings = parse(sys.argv[1:] if argv is None else argv)
        log = TruthLog(settings.log)
    except (SettingsError, OSError) as error:
        print(f"binance twin: {error}", file=sys.stderr)
        return EXIT_CONFIGURATION
    try:
        return uvloop.run(Server(settings, log).run())
    except (PortTaken, ReplayError) as error:
        print(f"binance twin: {error}", file=sys.stderr)
        return EXIT_CONFIGURATION
    finally:
        log.close()


def _die_with_parent() -> bool:
    """Under a supervisor, ask Linux for SIGTERM when it dies; False when it is dead already."""
    supervisor = os.environ.get(SUPERVISOR_PID)
    if supervisor is None or not sys.platform.startswith("linux"):
        return True
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    return str(os.getppid()) == supervisor


if __name__ == "__main__":
    sys.exit(main())
