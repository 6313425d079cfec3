"""Imports run downwards only: scripts, tradefloor -> venues -> actors -> bus. Says which line breaks that."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("bus", "actors", "venues", "tradefloor")
MAY_NOT_IMPORT = {"venues/binance/twin": ("bus", "actors"), "venues/twins": ("bus", "actors")}
"""A twin is built from the venue's documents, so it shares no code with the floor that it judges."""
MAY_NOT_IMPORT |= {"actors/monitor/checker": ("actors.reconciler", "actors.gate", "actors.strategy", "venues")}
"""The checker shares no code with what it checks."""
MAY_NOT_IMPORT |= {"venues/binance/client": ("bus", "actors.runtime", "venues.binance.twin")}
"""The client is used alone: without a bus, without an actor."""


def imported(tree: ast.AST) -> list[tuple[str, int]]:
    """Return the absolute modules that a file imports, anywhere in it, with their lines."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append((node.module, node.lineno))
    return found


def problems() -> list[str]:
    """Return one line for each import that runs upwards."""
    found = []
    for height, layer in enumerate(LAYERS):
        above = LAYERS[height + 1 :]
        for file in sorted((ROOT / layer).rglob("*.py")):
            name = file.relative_to(ROOT).as_posix()
            barred = [
                *above,
                *(part for place, parts in MAY_NOT_IMPORT.items() if name.startswith(place) for part in parts),
            ]
            for module, line in imported(ast.parse(file.read_text())):
                for part in barred:
                    if module == part or module.startswith(part + "."):
                        found.append(f"{name}:{line}: imports {module}, which is not below it")
    return found


if __name__ == "__main__":
    lines = problems()
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.exit(1 if lines else 0)
