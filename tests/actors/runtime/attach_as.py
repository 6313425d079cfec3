"""``attach_as.py VERSION NAME RUN_DIR`` attaches an actor that says it is of that version."""

from __future__ import annotations

import sys

from floor_actors import Plain

from actors.runtime import Context, run_actor
from actors.runtime import actor as actor_module
from actors.runtime.log import configure
from bus.security import KeyStore, role_of_actor

version, name, run_dir = sys.argv[1:]
actor_module.VERSION = version
configure(None)
KeyStore.of_floor(run_dir).ensure(role_of_actor(name, "twin"))
actor = Plain(Context(name, "twin", run_dir, f"{run_dir}/state", "test", attached=True))
code = run_actor(actor)
sys.stderr.write(f"{actor.failure}\n")
sys.exit(code)
