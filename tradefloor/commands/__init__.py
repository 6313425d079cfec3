"""The command ``tradefloor``: one file per command, imported when it is called.

Exit codes: those of `actors.runtime.ExitCode`; 0 done, 1 refused or failed, 2 wrong usage, 10 configuration.
``--json`` prints one JSON document, or one per line for a stream, on standard output; logs go to standard error.
"""

from __future__ import annotations

import argparse
import importlib
import sys

from actors.runtime import ActorExit, ExitCode

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "start": "run a whole floor with no credentials, against a twin, under a live table",
    "up": "run a floor in the foreground",
    "check": "read and judge a configuration; nothing is started",
    "twin": "serve a venue's own protocol locally",
    "attach": "run a strategy in this process, attached to a running floor",
    "status": "who lives on the floor, which venues are synced",
    "tap": "print live traffic",
    "orders": "orders, as the reconciler knows them",
    "positions": "positions by strategy and balances by instance",
    "history": "download trades or bars into a CSV or Parquet file",
    "logs": "print an actor's log",
    "restart": "end an actor and start it again",
    "stop": "stop a floor in order",
    "halt": "take no new orders: floor, instance/NAME or strategy/NAME",
    "resume": "take new orders again",
    "cancel": "cancel an order, or all",
    "keys": "list, make, rotate and revoke the floor's keys",
}
"""Commands and what they do, in the order of the help."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tradefloor", description="Live trading for Python quants, as actors.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, text in COMMANDS.items():
        commands.add_parser(name, help=text, add_help=False)
    return parser


def _version() -> str:
    from tradefloor import __version__

    return f"tradefloor {__version__}"


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    if not words or words[0] not in COMMANDS:
        _parser().parse_args(words or ["--help"])
        return ExitCode.USAGE
    name = words[0]
    module = importlib.import_module(f"tradefloor.commands.{name}")
    parser = argparse.ArgumentParser(
        prog=f"tradefloor {name}", description=module.__doc__, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    module.add_arguments(parser)
    try:
        code: int = module.run(parser.parse_args(words[1:]))
    except ActorExit as error:
        sys.stderr.write(f"tradefloor {name}: {error.reason}\n")
        return error.code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return ExitCode.DONE
    return code
