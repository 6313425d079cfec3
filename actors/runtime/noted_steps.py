"""A coroutine that a handler began: each of its steps is noted as the message's own handler was.

So the message is named that a crash in the midst of an async handler is the fault of, whatever was handled in between.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any

from actors.runtime.note import Frames, Note

__all__ = ["NotedSteps"]


class NotedSteps(Coroutine[Any, Any, Any]):
    """The coroutine itself, for a task; what it begins in turn is noted in the same way."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], note: Note, frames: Frames) -> None:
        self.frames = frames
        self._coroutine, self._note = coroutine, note
        self.__qualname__ = getattr(coroutine, "__qualname__", type(coroutine).__name__)  # for the task's name in logs

    def send(self, value: Any) -> Any:
        """Take a step. One that raises leaves the note as it is."""
        return self._step(self._coroutine.send, value)

    def throw(self, *error: Any) -> Any:
        """Take the step that an exception or a cancellation asks for."""
        return self._step(self._coroutine.throw, *error)

    def close(self) -> None:
        """End the coroutine without another step."""
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._coroutine.__await__()

    def _step(self, step: Callable[..., Any], *arguments: Any) -> Any:
        self._note.begin(*self.frames)
        try:
            awaited = step(*arguments)
        except StopIteration:
            self._note.done()
            raise
        self._note.done()
        return awaited
