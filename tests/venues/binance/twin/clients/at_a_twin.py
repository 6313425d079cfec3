"""What the scripts of foreign clients share: the twin's greeting, and what they saw as one JSON object."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
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
    print(json.dumps(seen), flush=True)


def run(main: Callable[[], Coroutine[Any, Any, Any]], limit_s: float) -> None:
    """Run a script's coroutine, print what it saw, and leave at once.

    asyncio would first cancel what the library left running and wait for it; but up to Python 3.11 `wait_for` swallows
    a cancel that meets a message, and a library's loop that reads a lively stream that way then never ends.
    """

    async def body() -> None:
        status = 1
        try:
            tell(await asyncio.wait_for(main(), limit_s))
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)

    asyncio.run(body())


async def until(end_s: float, next_one: Callable[[], Awaitable[Any]]) -> AsyncIterator[Any]:
    """What comes until a time of the loop's clock."""
    loop = asyncio.get_running_loop()
    while (left_s := end_s - loop.time()) > 0:
        try:
            async with asyncio.timeout(left_s):
                found = await next_one()
        except TimeoutError:
            return
        yield found
