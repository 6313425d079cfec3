"""What the scripts of foreign clients share: the twin's greeting, and what they saw as one JSON object."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

GREETING: dict[str, Any] = json.loads(sys.argv[1])


class Seen(dict[str, Any]):
    """What a client was given, by the name of the call; a refusal as `{"refused": ...}`.

    `refusal` tells what of a client's exception is worth keeping, None for one that is no answer of the venue.
    """

    def __init__(self, refusal: Callable[[Exception], dict[str, Any] | None]) -> None:
        super().__init__()
        self._refusal = refusal

    async def ask(self, name: str, answer: Awaitable[Any]) -> Any:
        """Note an answer, or the refusal that the client raised for it; None for a refusal."""
        try:
            self[name] = await answer
        except Exception as error:
            return self._refuse(name, error)
        return self[name]

    def call(self, name: str, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """As `ask`, for a client that blocks."""
        try:
            self[name] = function(*arguments, **named)
        except Exception as error:
            return self._refuse(name, error)
        return self[name]

    def _refuse(self, name: str, error: Exception) -> None:
        refused = self._refusal(error)
        if refused is None:
            raise error
        self[name] = {"refused": refused}


def tell(seen: Any) -> None:
    """Print what was seen; the last line that a script writes."""
    print(json.dumps(seen))
