"""Where secrets come from: references, never literals.

``env:NAME`` an environment variable, ``file:PATH`` a file that only its owner may read (mode 0600), ``keyring:NAME``
the desktop's keyring (service ``tradefloor``), where the package `keyring` is installed.
"""

from __future__ import annotations

import importlib
import os
import stat
from pathlib import Path

from actors.runtime import ActorExit, ExitCode, Secret

__all__ = ["resolve"]

KEYRING_SERVICE = "tradefloor"


def resolve(reference: str, name: str) -> Secret:
    """Return the secret that `reference` names; `name` is the setting, for the message.

    Raises ActorExit with exit code 10 for a reference that is no reference, or names nothing that can be read. No
    message holds any part of a secret: a reference that is none may be one that somebody typed in.
    """
    kind, colon, place = reference.partition(":")
    reader = _READERS.get(kind)
    if not colon or reader is None or not place:
        raise _refuse(name, "expected env:NAME, file:PATH or keyring:NAME, and never the secret itself")
    secret = reader(place, name).strip()
    if not secret:
        raise _refuse(name, f"{kind}:{place} is empty")
    return Secret(secret)


def _from_environment(place: str, name: str) -> str:
    if place not in os.environ:
        raise _refuse(name, f"the environment has no variable {place}")
    return os.environ[place]


def _from_file(place: str, name: str) -> str:
    path = Path(place).expanduser()
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise _refuse(name, f"file {path} has mode {mode:04o}, so others may read it; expected 0600")
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise _refuse(name, f"file {path} cannot be read: {reason}") from None


def _from_keyring(place: str, name: str) -> str:
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        raise _refuse(name, "keyring: needs the Python package keyring, which is not installed") from None
    found = keyring.get_password(KEYRING_SERVICE, place)
    if found is None:
        raise _refuse(name, f"the keyring has no {place!r} of the service {KEYRING_SERVICE!r}")
    return str(found)


_READERS = {"env": _from_environment, "file": _from_file, "keyring": _from_keyring}


def _refuse(name: str, reason: str) -> ActorExit:
    return ActorExit(ExitCode.CONFIGURATION, f"{name}: {reason}")
