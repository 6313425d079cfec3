"""What strategies want done with their orders, written down for when nobody is left who knew it."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from bus.messages import ExitPolicy

__all__ = ["remember_policy", "remembered_policies"]

FILE = "exit_policies.json"


def remember_policy(state_dir: Path, strategy: str, policy: ExitPolicy) -> None:
    """Write a strategy's exit policy down; the file is replaced whole."""
    policies = remembered_policies(state_dir)
    if policies.get(strategy) != policy:
        draft = state_dir / f"{FILE}.new"
        draft.write_bytes(msgspec.json.encode({**policies, strategy: policy}))
        os.replace(draft, state_dir / FILE)


def remembered_policies(state_dir: Path) -> dict[str, ExitPolicy]:
    """Return the exit policies of strategies that were attached in this or an earlier life of the floor."""
    try:
        return msgspec.json.decode((state_dir / FILE).read_bytes(), type=dict[str, ExitPolicy])
    except (OSError, msgspec.DecodeError):
        return {}
