"""Order state machine, journal, merge rules, positions."""

from actors.reconciler.actor import Reconciler
from actors.reconciler.ledger import EXTERNAL, Ledger

__all__ = ["EXTERNAL", "Ledger", "Reconciler"]
