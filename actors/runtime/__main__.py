"""``python -m actors.runtime SPEC.json`` runs one actor: what the supervisor starts."""

import sys

from actors.runtime.process import main

sys.exit(main(sys.argv[1:]))
