"""Attach a strategy to a running floor: the same as ``tradefloor attach FILE.py:Class``."""

import sys

from tradefloor.commands import main

sys.exit(main(["attach", *sys.argv[1:]]))
