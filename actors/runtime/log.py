"""Structured logs: a sentence, then ``key=value``.

One rotated file for each actor. A line says what happened and what is done about it; INFO is quiet, one screen for a
start. A secret's repr is ``***``, so that none can reach a line.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from actors.secret import Secret

__all__ = ["Log", "Secret", "configure"]

FILE_BYTES = 5 * 1024 * 1024
FILES_KEPT = 3
"""Four files of 5 MiB for each actor: days of INFO, minutes of DEBUG, and never a full disk."""


class Log:
    """An actor's log: ``log.info("filled", side=side, size=size)``."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, text: str, **fields: Any) -> None:
        """Detail for whoever hunts a fault."""
        if self._logger.isEnabledFor(logging.DEBUG):
            self._logger.debug(_line(text, fields))

    def info(self, text: str, **fields: Any) -> None:
        """What a calm operator wants to see."""
        self._logger.info(_line(text, fields))

    def warning(self, text: str, **fields: Any) -> None:
        """Something is not as it should be; it is being dealt with."""
        self._logger.warning(_line(text, fields))

    def error(self, text: str, **fields: Any) -> None:
        """Something is wrong and needs a person, now or soon."""
        self._logger.error(_line(text, fields))

    def exception(self, text: str, error: BaseException, **fields: Any) -> None:
        """An error with its traceback."""
        self._logger.error(_line(text, fields), exc_info=(type(error), error, error.__traceback__))


def _line(text: str, fields: dict[str, Any]) -> str:
    if not fields:
        return text
    return text + " " + " ".join(f"{key}={_value(value)}" for key, value in fields.items())


def _value(value: Any) -> str:
    text = format(value, "g") if isinstance(value, float) else str(value)
    return repr(text) if not text or any(mark in text for mark in ' "\n=') else text


class _Formatter(logging.Formatter):
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        return f"{seconds}.{int(record.msecs):03d}Z"


class _RotatingFile(RotatingFileHandler):
    """Rotates, and takes standard error along, so that a dying interpreter's words are in the same file."""

    def __init__(self, path: Path, takes_stderr: bool) -> None:
        super().__init__(path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8")
        self._takes_stderr = takes_stderr
        self._take_stderr()

    def doRollover(self) -> None:
        super().doRollover()
        self._take_stderr()

    def _take_stderr(self) -> None:
        if self._takes_stderr and self.stream is not None:
            os.dup2(self.stream.fileno(), 2)


def configure(path: Path | None, level: str = "INFO", show: bool = False) -> None:
    """Send all logs to the rotated file `path`, or to standard error where it is None; with `show` to both."""
    handlers: list[logging.Handler] = []
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(_RotatingFile(path, takes_stderr=not show))
    if path is None or show:
        handlers.append(logging.StreamHandler(sys.stderr))
    for handler in handlers:
        handler.setFormatter(_Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = handlers
    root.setLevel(level)
