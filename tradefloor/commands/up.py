"""Run a floor in the foreground. Ctrl-C or SIGTERM stops it in order: strategies, their exit policies, venues, gate,
reconciler. A third Ctrl-C kills what is left."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from actors.runtime import ActorExit, Log, run_actor
from actors.runtime.actor import MEMORY_LIMIT_MB
from actors.runtime.log import configure
from actors.runtime.process import allow_descriptors, bind_to_parent, limit_memory
from actors.supervisor import Supervisor
from tradefloor import configuration
from tradefloor.commands.check import check_strategies

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the floor's TOML file")
    parser.add_argument("--run-dir", type=Path, help="where its sockets are (short; default below XDG_RUNTIME_DIR)")
    parser.add_argument(
        "--state-dir",
        type=Path,
        help="where its journals, epochs, keys and logs are (default below XDG_STATE_HOME; a floor that starts its "
        "own twin gets a new one each time)",
    )
    parser.add_argument("--log-level", choices=("DEBUG", "INFO", "WARNING", "ERROR"), help="over the configuration's")


def run(options: argparse.Namespace) -> int:
    """Run until stopped."""
    bind_to_parent()
    run_dir = options.run_dir.resolve() if options.run_dir else None
    state_dir = options.state_dir.resolve() if options.state_dir else None
    judged = configuration.read(options.config, run_dir, state_dir)
    check_strategies(judged)
    configuration.prepare(judged)
    allow_descriptors()
    limit_memory(MEMORY_LIMIT_MB)  # of the supervisor too: its server is a way in like any other
    log_file = Path(judged.floor.state_dir, "logs", "supervisor.log")
    configure(log_file, options.log_level or "INFO", show=True)
    Log("up").info("state", dir=judged.floor.state_dir)
    supervisor = Supervisor(judged.floor)
    code = run_actor(supervisor)
    if isinstance(supervisor.failure, ActorExit):
        sys.stderr.write(f"tradefloor up: {supervisor.failure.reason}\n")
    return code
