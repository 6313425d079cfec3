"""One TOML file, table by table: every key is taken, with what was expected of it, or complained about."""

from __future__ import annotations

import math
import re
import tomllib
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from actors.runtime import ActorExit, ExitCode
from bus.messages import check_name

__all__ = ["ConfigurationError", "Table", "read_toml"]


class ConfigurationError(ActorExit):
    """The configuration is wrong; the message says where and what was expected."""

    def __init__(self, file: Path | str, key: str, problem: str) -> None:
        where = f"{file}: {key}: " if key else f"{file}: "
        super().__init__(ExitCode.CONFIGURATION, where + problem)


class Table:
    """One table of the file: takes keys out of it, and complains about the rest."""

    def __init__(self, file: Path, path: str, content: object) -> None:
        if not isinstance(content, dict):
            raise ConfigurationError(file, path, f"expected a table, found {_kind(content)}")
        self.file, self.path, self.content = file, path, dict(content)

    def key(self, name: str) -> str:
        """Return a key's whole path."""
        return f"{self.path}.{name}" if self.path else name

    def error(self, name: str, problem: str) -> ConfigurationError:
        """Return the error about a key."""
        return ConfigurationError(self.file, self.key(name), problem)

    def has(self, name: str) -> bool:
        """True when the key is there and was not taken yet."""
        return name in self.content

    def take(
        self, name: str, kind: type | tuple[type, ...], expected: str, default: Any = None, secret: bool = False
    ) -> Any:
        """Take a value of a kind; without a default it must be there. A secret is never shown."""
        value = self.content.pop(name, None)
        if value is None:
            if default is None:
                raise self.error(name, f"is missing; expected {expected}")
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.error(name, f"expected {expected}, found {_kind(value)}{'' if secret else f' {value!r}'}")
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """Take one of a few words."""
        value = self.take(name, str, f"one of {', '.join(choices)}", default)
        if value not in choices:
            raise self.error(name, f"expected one of {', '.join(choices)}, found {value!r}")
        return str(value)

    def name(self, name: str, expected: str = "a name", default: str | None = None) -> str:
        """Take what can stand in a topic and a path."""
        value = self.take(name, str, expected, default)
        try:
            return check_name(value, "name")
        except ValueError as error:
            raise self.error(name, str(error)) from None

    def seconds(self, name: str, expected: str, default: float) -> float:
        """Take a finite number above 0."""
        value = self.take(name, (int, float), expected, default)
        if not 0 < value < math.inf:
            raise self.error(name, f"expected {expected}, found {value!r}")
        return float(value)

    def number(self, name: str, expected: str) -> Decimal:
        """Take an exact number above 0, from text or a number."""
        value = self.take(name, (str, int, float), expected)
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal("nan")
        if not number.is_finite() or number <= 0:
            raise self.error(name, f"expected {expected}, found {value!r}")
        return number

    def table(self, name: str) -> Table:
        """Take a table; one that is left out is empty."""
        return Table(self.file, self.key(name), self.content.pop(name, {}))

    def tables(self, name: str) -> dict[str, Table]:
        """Take a table of tables."""
        whole = Table(self.file, self.key(name), self.content.pop(name, {}))
        return {key: Table(self.file, whole.key(key), value) for key, value in whole.content.items()}

    def refuse_planned(self, planned: tuple[str, ...]) -> None:
        """Complain about what is known and not enforced yet."""
        for name in planned:
            if name in self.content:
                raise self.error(name, "is known but not enforced yet, so it is refused; remove it")

    def finish(self, known: tuple[str, ...]) -> None:
        """Complain about what nobody took; `known` are all keys of the table."""
        for name in self.content:
            raise self.error(name, f"unknown key; expected {'one of ' if len(known) > 1 else ''}{', '.join(known)}")


def read_toml(file: Path) -> dict[str, Any]:
    """Return what a TOML file says. Raises ConfigurationError."""
    try:
        text = file.read_text()
    except OSError as error:
        raise ConfigurationError(file, "", f"cannot be read: {error.strerror}; expected a TOML file") from None
    except UnicodeDecodeError:
        raise ConfigurationError(file, "", "is not UTF-8 text; expected a TOML file") from None
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number too long and tables too deep are mistakes too
        raise _not_toml(file, text, error) from None


def _not_toml(file: Path, text: str, error: Exception) -> ConfigurationError:
    """A name that is given twice is a mistake in what is said; everything else in how."""
    twice = re.search(
        r"(?:Cannot (?:declare .* twice|overwrite a value|mutate .*|redefine .*)|Duplicate ).* \(at line (\d+)",
        str(error),
    )
    if twice is None:
        words = "its tables are too deep" if isinstance(error, RecursionError) else str(error)
        return ConfigurationError(file, "", f"is not TOML: {words}")
    lines = text.splitlines()[: int(twice[1])]
    key = lines[-1].partition("=")[0].strip()
    if key.startswith("["):
        key = key.partition("]")[0].strip("[] ")
    else:
        tables = [line.strip().partition("]")[0].strip("[] ") for line in lines if line.strip().startswith("[")]
        key = f"{tables[-1]}.{key}" if tables else key
    return ConfigurationError(file, key, f"duplicate name, again in line {twice[1]}; expected each name once")


def _kind(value: object) -> str:
    names = {bool: "true or false", str: "text", int: "a whole number", float: "a number", dict: "a table"}
    return names.get(type(value), "a list" if isinstance(value, list) else type(value).__name__)
