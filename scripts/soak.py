"""Hurt real floors for a while, by rounds, and have each round judged: ``scripts/test --soak [MINUTES]``.

First 100,000 hostile frames go to each kind of socket, a venue says 2,000 things that none should, and a captured
market is played at its own pace. The first round then has every kind of fault on every kind of victim (kill -9, a
freeze longer than the limit on silence, a pause shorter than it; each kind of actor, an attached strategy, the
supervisor), in an order of its seed's choice. The rounds after it have faults of their seeds' choice, some of them two
at once, until the time is spent. What was covered is printed at the end. Exit code 1 when a round was
not good; its journals and logs are kept then, and ``--seed`` plays it again alone.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from rounds import EVERY, Fault, Round, play, some  # noqa: E402

MINUTES = 30.0
HOSTILE_FRAMES = 100_000
HOSTILE_TEST = "tests/bus/test_hostile.py"
HOSTILE_VENUE_TEST = "tests/venues/binance/test_hostile_venue.py"
HOSTILE_MESSAGES = 2_000
CAPTURE_TEST = "tests/venues/binance/test_a_captured_market.py"


def main(arguments: list[str] | None = None) -> int:
    """Play rounds until the time is spent."""
    parser = argparse.ArgumentParser(
        prog="scripts/test --soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("minutes", nargs="?", type=float, default=MINUTES, help=f"{MINUTES:g} by default")
    parser.add_argument("--seed", type=int, help="play the round of this seed, and no other")
    parser.add_argument("--every", action="store_true", help="with --seed: the round of every fault on every victim")
    options = parser.parse_args(arguments)
    if options.seed is not None:
        rounds = [_play(options.seed, EVERY if options.every else some(options.seed))]
        return _summarise(rounds, hostile=True)
    deadline = time.monotonic() + options.minutes * 60
    hostile = _send_hostile_frames()
    seed = secrets.randbelow(10**6)
    rounds = [_play(seed, EVERY)]
    while time.monotonic() < deadline:
        seed += 1
        rounds.append(_play(seed, some(seed)))
    return _summarise(rounds, hostile)


def _send_hostile_frames() -> bool:
    environment = {
        **os.environ,
        "TRADEFLOOR_HOSTILE_FRAMES": str(HOSTILE_FRAMES),
        "TRADEFLOOR_HOSTILE_MESSAGES": str(HOSTILE_MESSAGES),
        "TRADEFLOOR_CAPTURE_SPEED": "1",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-s", HOSTILE_TEST, HOSTILE_VENUE_TEST, CAPTURE_TEST]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def _play(seed: int, faults: list[Fault]) -> Round:
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="tfsoak", dir="/tmp"))
    every = " --every" if faults is EVERY else ""
    sys.stdout.write(f"seed {seed}{every}: {len(faults)} faults ... ")
    sys.stdout.flush()
    played = play(seed, faults, folder)
    figures = {name: played.verdict.get(name) for name in ("orders", "fills", "fills_while_down", "gaps_marked")}
    told = ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in figures.items())
    if played.is_good:
        sys.stdout.write(f"good ({told}; {time.monotonic() - began:.0f} s)\n")
        shutil.rmtree(folder, ignore_errors=True)
    else:
        sys.stdout.write(f"NOT GOOD {played.problem or played.verdict}\n")
        sys.stdout.write(f"  kept in {folder}; again with: scripts/test --soak --seed {seed}{every}\n")
    sys.stdout.flush()
    return played


def _summarise(rounds: list[Round], hostile: bool) -> int:
    """Print what was covered; return the exit code."""
    done = [fault for played in rounds for fault in played.done]
    counts = Counter((fault.kind, victim) for fault in done for victim in (fault.victim, fault.with_other) if victim)
    pairs = sum(bool(fault.with_other) for fault in done)
    kinds = list(dict.fromkeys(fault.kind for fault in EVERY))
    sys.stdout.write(f"\n{'':18}" + "".join(f"{kind:>9}" for kind in kinds) + "\n")
    for victim in dict.fromkeys(fault.victim for fault in EVERY):
        sys.stdout.write(f"{victim:18}" + "".join(f"{counts[kind, victim]:9}" for kind in kinds) + "\n")
    bad = [played.seed for played in rounds if not played.is_good]
    good = len(rounds) - len(bad)
    sys.stdout.write(f"{good} of {len(rounds)} rounds are good; {pairs} of the kills were of two at once\n")
    if not hostile:
        sys.stdout.write("hostile frames, a hostile venue or the captured market were not borne\n")
    return 1 if bad or not hostile else 0


if __name__ == "__main__":
    sys.exit(main())
