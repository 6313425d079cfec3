"""A small actor that never finds its supervisor silent: only what it is told ends it."""

from __future__ import annotations

import patient_actors

from actors.runtime import actor as actor_module

actor_module.ORPHAN_S = 3600.0

Plain = patient_actors.Plain
