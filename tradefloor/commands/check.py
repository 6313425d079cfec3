"""Read and judge a configuration; nothing is started. Exit code 10 and one message where something is wrong."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import msgspec

from actors.runtime import ActorExit, ExitCode
from tradefloor import configuration
from tradefloor.commands.common import add_json, as_json, print_json

__all__ = ["add_arguments", "check_strategies", "run"]


JUDGE_S = 30.0
"""How long a strategy's file may take to be imported."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the floor's TOML file")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Judge and say so."""
    judged = configuration.read(options.config, dry=True)
    check_strategies(judged)
    floor = judged.floor
    if options.json:
        print_json({"ok": True, "floor": floor.name, "instances": as_json(floor.instances)})
    else:
        sys.stdout.write(f"{options.config}: good. Floor {floor.name!r} would run:\n")
        for spec in floor.children:
            sys.stdout.write(f"  {spec.kind:<12} {spec.name}\n")
    return ExitCode.DONE


def check_strategies(judged: configuration.Configuration) -> None:
    """Judge each configured strategy in a short-lived process of its own. Raises ActorExit (exit code 10)."""
    for spec in judged.floor.children:
        if spec.kind != "strategy":
            continue
        settings = spec.context.settings
        parameters = msgspec.json.encode(settings["parameters"]).decode()
        command = [sys.executable, "-m", "tradefloor.strategies", settings["path"], parameters]
        try:
            result = subprocess.run(
                command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=JUDGE_S
            )
        except subprocess.TimeoutExpired:
            text = f"{judged.file}: strategies.{spec.name}.path: importing it took over {JUDGE_S:g} s; expected no work"
            raise ActorExit(ExitCode.CONFIGURATION, text) from None
        if result.returncode:
            words = result.stderr.strip().splitlines() or [f"ended with {result.returncode}"]
            text = f"{judged.file}: strategies.{spec.name}: {words[-1]}"
            raise ActorExit(ExitCode.CONFIGURATION, text)
