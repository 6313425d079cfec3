"""``python -m tradefloor``."""

import sys

from tradefloor.commands import main

sys.exit(main())
