"""Run a floor in the foreground: the same as ``tradefloor up CONFIG``."""

import sys

from tradefloor.commands import main

sys.exit(main(["up", *sys.argv[1:]]))
