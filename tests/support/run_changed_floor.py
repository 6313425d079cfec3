"""``run_changed_floor.py CONFIG RUN_DIR STATE_DIR CHANGES`` runs a floor as ``tradefloor up`` does, other classes
standing for some of its actors: CHANGES is a JSON object, actor to import path."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from msgspec.structs import replace

from actors.runtime import run_actor
from actors.runtime.log import configure
from actors.supervisor import Supervisor
from tradefloor import configuration

config, run_dir, state_dir = map(Path, sys.argv[1:4])
changes = json.loads(sys.argv[4])
judged = configuration.read(config, run_dir, state_dir)
configuration.prepare(judged)
configure(state_dir / "logs" / "supervisor.log")
children = tuple(replace(child, actor=changes.get(child.name, child.actor)) for child in judged.floor.children)
sys.exit(run_actor(Supervisor(replace(judged.floor, children=children))))
