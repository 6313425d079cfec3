"""Strategies from a user's own files: found, judged and made.

``python -m tradefloor.strategies FILE.py:Class [JSON]`` judges one in a short-lived process: the file is imported, the
class found, its parameters checked; a message and exit code 10 where something is wrong. So a configuration is judged
without running a user's code in the supervisor.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import msgspec

from actors.runtime import ActorExit, Context, ExitCode
from actors.strategy import Strategy

__all__ = ["check_parameters", "load", "load_class", "main"]


def load_class(path: str) -> type[Strategy]:
    """Return the strategy class that ``FILE.py:Class`` names; the class may be left out where the file has one.

    Raises ActorExit (exit code 10) naming the file and what was expected.
    """
    file_name, colon, class_name = path.rpartition(":")
    if not colon:
        file_name, class_name = path, ""
    file = Path(file_name).expanduser().resolve()
    if not file.is_file():
        raise _refuse(f"{file_name or path}: there is no such file; expected FILE.py:Class")
    module = _import(file)
    found = {
        name: member
        for name, member in vars(module).items()
        if isinstance(member, type) and issubclass(member, Strategy) and member.__module__ == module.__name__
    }
    if not class_name and len(found) == 1:
        return next(iter(found.values()))
    if class_name not in found:
        names = ", ".join(found) or "none"
        raise _refuse(f"{file}: expected a strategy class {class_name or 'named after a colon'}; the file has: {names}")
    return found[class_name]


def _import(file: Path) -> Any:
    sys.path.insert(0, str(file.parent))  # a user's strategy may import what lies beside it
    name = f"strategy_{file.stem}" if file.stem in sys.modules else file.stem  # random.py must not replace random
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise _refuse(f"{file}: expected a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SystemExit:
        problem = 'it ends the process when it is imported; expected that below if __name__ == "__main__"'
        raise _refuse(f"{file}: {problem}") from None
    except Exception as error:
        words = " ".join(f"{type(error).__name__}: {error}".split())
        raise _refuse(f"{file}: cannot be imported: {words}") from error
    return module


def check_parameters(kind: type[Strategy], parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters as the class wants them. Raises ActorExit naming the one that is wrong."""
    known = {
        name: value
        for base in reversed(kind.__mro__)
        if issubclass(base, Strategy) and base.__module__.split(".")[0] not in ("actors", "tradefloor")
        for name, value in vars(base).items()
        if not name.startswith("_") and not callable(value) and not isinstance(value, (property, classmethod))
    }
    judged = {}
    for name, value in parameters.items():
        if name not in known:
            names = ", ".join(known) or "none"
            raise _refuse(f"{kind.__name__} has no parameter {name!r}; its class attributes are: {names}")
        judged[name] = _converted(kind, name, value, known[name])
    return judged


def _converted(kind: type[Strategy], name: str, value: Any, default: Any) -> Any:
    if default is None or type(value) is type(default):
        return value
    try:
        return msgspec.convert(value, type(default), strict=not isinstance(value, str))
    except msgspec.ValidationError:
        wanted, found = type(default).__name__, type(value).__name__
        raise _refuse(f"{kind.__name__}.{name}: expected {wanted} like {default!r}, found {found} {value!r}") from None


def load(context: Context) -> Strategy:
    """Make the strategy that a context describes: what a configured strategy's process runs."""
    kind = load_class(str(context.settings["path"]))
    parameters = check_parameters(kind, context.settings.get("parameters", {}))
    return kind(msgspec.structs.replace(context, settings={**context.settings, "parameters": parameters}))


def _refuse(text: str) -> ActorExit:
    return ActorExit(ExitCode.CONFIGURATION, text)


def main(arguments: list[str]) -> int:
    """Judge one strategy."""
    try:
        kind = load_class(arguments[0])
        check_parameters(kind, msgspec.json.decode(arguments[1]) if len(arguments) > 1 else {})
    except ActorExit as error:
        sys.stderr.write(error.reason + "\n")
        return error.code
    return ExitCode.DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
