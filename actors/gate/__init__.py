"""The risk gate that every order passes; one small file per rule."""

from actors.gate.actor import Gate
from actors.gate.rules import RULES, Denial, Limits, Rule, View, judge

__all__ = ["RULES", "Denial", "Gate", "Limits", "Rule", "View", "judge"]
