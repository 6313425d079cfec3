"""A local server of Binance Spot's protocol: REST, market streams and the WebSocket API.

Built from the venue's documentation and captures alone. `main(argv)` runs one twin in this process.
"""

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run a twin until SIGTERM or SIGINT; the exit code."""
    from venues.binance.twin.__main__ import main as run

    return run(argv)
