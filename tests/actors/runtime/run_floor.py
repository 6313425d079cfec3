"""``run_floor.py FLOOR.json LOG`` runs a supervisor with the floor that the file describes."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from actors.runtime import run_actor
from actors.runtime.log import configure
from actors.supervisor import FloorSpec, Supervisor

configure(Path(sys.argv[2]))
sys.exit(run_actor(Supervisor(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=FloorSpec))))
