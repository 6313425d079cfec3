"""Serve a venue's own protocol locally: REST, streams, WebSocket API, matching and a market of its own.

The first line of output is JSON with its addresses and a key: rest, stream, ws_api, admin, api_key, api_secret."""

from __future__ import annotations

import argparse

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options; the rest are the twin's own."""
    parser.add_argument("venue", choices=("binance",), help="whose protocol")
    parser.add_argument("options", nargs=argparse.REMAINDER, help="the twin's options; see: tradefloor twin binance -h")


def run(options: argparse.Namespace) -> int:
    """Serve until stopped."""
    from venues.binance import twin

    return twin.main(options.options)
