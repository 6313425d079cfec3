"""Print an actor's log, the supervisor's by default; -f goes on with what comes."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from actors.monitor.visitor import Visitor
from actors.runtime import ActorExit, ExitCode
from tradefloor import places
from tradefloor.commands.common import add_floor, visit

__all__ = ["add_arguments", "run"]

LOOK_S = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("actor", metavar="ACTOR", nargs="?", default="", help="its name; all of them by default")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what comes")
    parser.add_argument("-n", "--lines", type=int, default=40, help="how many lines of the past (40)")
    add_floor(parser, far=False)


def run(options: argparse.Namespace) -> int:
    """Find the files and print them."""
    places.find_floor(options.floor)
    found: list[Path] = []

    async def work(floor: Visitor) -> int:
        found.extend(sorted(Path(floor.info.state_dir, "logs").glob("*.log")))
        return ExitCode.DONE

    visit(options, work)
    files = [file for file in found if options.actor in ("", file.stem)]
    if not files:
        names = ", ".join(file.stem for file in found) or "none"
        raise ActorExit(ExitCode.FAILED, f"no log of an actor {options.actor!r}; there are: {names}")
    lines = [(line, file.stem) for file in files for line in file.read_text(errors="replace").splitlines()]
    if len(files) > 1:
        lines.sort(key=lambda pair: pair[0][:24])
    for line, _ in lines[-options.lines :]:
        sys.stdout.write(line + "\n")
    if options.follow:
        _follow(files)
    return ExitCode.DONE


def _follow(files: list[Path]) -> None:
    places = {file: (file.stat().st_ino, file.stat().st_size) for file in files}
    while True:
        for file, (inode, offset) in places.items():
            if not file.exists():
                continue
            status = file.stat()
            if status.st_ino != inode or status.st_size < offset:  # rotated
                offset = 0
            with open(file, errors="replace") as opened:
                opened.seek(offset)
                sys.stdout.write(opened.read())
                places[file] = (status.st_ino, opened.tell())
        sys.stdout.flush()
        time.sleep(LOOK_S)
