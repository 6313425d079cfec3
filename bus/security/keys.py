"""Key pairs in files, and the floor's list of the public keys that it lets in.

A key directory holds `<role>.key` for each key pair (mode 0600) and `allowed.json`, which maps public keys to roles.
Writers hold a lock and replace the list whole, so a reader never sees half of one.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import zmq

from bus.security.roles import SUPERVISOR_ROLE, name_of_file

__all__ = ["Identity", "KeyFileError", "KeyRing", "KeyStore", "Keys", "read_keys", "write_keys"]

ALLOWED = "allowed.json"
FOLDER = "keys"
"""Below the state directory, where the keys are, and in the run directory, where a link leads to them."""
_SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""Why a list that is there cannot be read just now; it is tried again."""


class KeyFileError(Exception):
    """A key file is missing, cannot be read, or can be read by others; the text names it and what was expected."""


class Keys(msgspec.Struct, frozen=True):
    """A key pair, the role that it stands for, and the public key by which the floor's supervisor is known.

    Keys are CURVE25519 in Z85 text, 40 characters (https://rfc.zeromq.org/spec/32/). The secret never shows itself.
    """

    role: str
    public: str
    secret: str
    supervisor: str = ""

    def __repr__(self) -> str:
        return f"Keys({self.role}, {self.public}, secret=***)"


class KeyRing:
    """The public keys that are let in, by role; reads its file again whenever that has changed."""

    def __init__(self, folder: Path | str) -> None:
        self._file = Path(folder, ALLOWED)
        self._roles: dict[str, str] = {}
        self._stamp: tuple[int, int, int] = (0, 0, 0)
        self._lost = False
        self.problem = ""
        """Why the newest list is not the one that counts; empty where it is."""
        self.refresh()

    def role_of(self, key: str) -> str:
        """Return the role of a public key, as of the last `refresh`; empty for a stranger's."""
        return self._roles.get(key, "")

    def refresh(self) -> bool:
        """Read the list where it has changed; True where a key was taken off it, or has another role now.

        Costs a look at the file.
        """
        try:
            found = self._file.stat()
            stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
            if stamp == self._stamp:
                return False
            roles = msgspec.json.decode(self._file.read_bytes(), type=dict[str, str])
        except msgspec.DecodeError as error:
            self.problem = f"{self._file} cannot be read, so the list before it stands: {error}"
            return False  # a slip in it must not end the floor; whoever has no list before it lets nobody in
        except OSError as error:
            if error.errno in _SHORTAGES:
                return False  # a flood of connections must not take the floor's own keys away
            stamp, roles = (0, 0, 0), {}  # without a list nobody is let in
        lost = any(roles.get(key) != role for key, role in self._roles.items())
        self._roles, self._stamp, self.problem = roles, stamp, ""
        self._lost |= lost
        return lost

    def has_lost(self) -> bool:
        """Read the list; True where a key was taken off it since this was last asked, whoever has read it meanwhile."""
        self.refresh()
        lost, self._lost = self._lost, False
        return lost


class Identity(msgspec.Struct, frozen=True):
    """What a process proves itself with, and whom it lets in; a process that serves nobody needs no ring."""

    keys: Keys
    ring: KeyRing | None = None


class KeyStore:
    """A floor's key directory."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    @classmethod
    def of_floor(cls, directory: Path | str) -> KeyStore:
        """Return the keys of the floor whose run or state directory this is."""
        return cls(Path(directory, FOLDER))

    def ensure(self, *roles: str) -> None:
        """Make what is missing of the supervisor's key and those of `roles`, and allow them."""
        wanted = (SUPERVISOR_ROLE, *roles)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._locked():
            allowed = self.allowed()
            for role in wanted:
                keys = read_keys(self.file_of(role)) if self.file_of(role).exists() else self._make(role)
                allowed[keys.public] = role
            self._write_allowed(allowed)

    def load(self, role: str) -> Keys:
        """Return the key pair of a role. Raises KeyFileError."""
        keys = read_keys(self.file_of(role))
        supervisor = self.file_of(SUPERVISOR_ROLE)
        return msgspec.structs.replace(keys, supervisor=read_keys(supervisor).public) if supervisor.exists() else keys

    def identity(self, role: str, serves: bool = True) -> Identity:
        """Return what a process of this role proves itself with. Raises KeyFileError."""
        return Identity(self.load(role), KeyRing(self.folder) if serves else None)

    def rotate(self, role: str) -> Keys:
        """Give a role a new key pair and return the old one, which stays allowed until it is forbidden or retired.

        Raises KeyFileError.
        """
        with self._locked():
            old = read_keys(self.file_of(role))
            keys = self._make(role)
            self._write_allowed({**self.allowed(), keys.public: role})
        return old

    def forbid(self, public: str) -> None:
        """Let in this key no more."""
        with self._locked():
            self._write_allowed({key: role for key, role in self.allowed().items() if key != public})

    def allow(self, public: str, role: str) -> None:
        """Let in a key pair that lies elsewhere."""
        with self._locked():
            self._write_allowed({**self.allowed(), public: role})

    def retire(self, role: str, keep: str) -> bool:
        """Let in no key of this role but `keep`; False where there was no other."""
        with self._locked():
            allowed = self.allowed()
            rest = {key: its for key, its in allowed.items() if its != role or key == keep}
            if rest == allowed:
                return False
            self._write_allowed(rest)
        return True

    def revoke(self, role: str) -> bool:
        """Let in no key of this role any more, and remove its file; False where there was none."""
        found = self.retire(role, keep="")
        existed = self.file_of(role).exists()
        self.file_of(role).unlink(missing_ok=True)
        return found or existed

    def allowed(self) -> dict[str, str]:
        """Return the list: roles by public key."""
        try:
            return msgspec.json.decode(Path(self.folder, ALLOWED).read_bytes(), type=dict[str, str])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError) as error:
            raise KeyFileError(f"{self.folder / ALLOWED} cannot be read: {error}") from None

    def file_of(self, role: str) -> Path:
        """Return where a role's key pair lies."""
        return self.folder / name_of_file(role)

    def _make(self, role: str) -> Keys:
        public, secret = zmq.curve_keypair()
        keys = Keys(role, public.decode(), secret.decode())
        write_keys(self.file_of(role), keys)
        return keys

    def _write_allowed(self, allowed: dict[str, str]) -> None:
        _replace(self.folder / ALLOWED, msgspec.json.format(msgspec.json.encode(allowed)))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def read_keys(file: Path) -> Keys:
    """Return the key pair in a file. Raises KeyFileError where it is missing, unreadable, or open to others."""
    try:
        if file.stat().st_mode & 0o077:
            raise KeyFileError(f"{file} can be read by others; expected mode 0600")
        return msgspec.json.decode(file.read_bytes(), type=Keys)
    except FileNotFoundError:
        raise KeyFileError(f"{file}: there is no such key; expected one that the floor has made") from None
    except (OSError, msgspec.DecodeError) as error:
        raise KeyFileError(f"{file} is no key file: {error}") from None


def write_keys(file: Path, keys: Keys) -> None:
    """Write a key pair where only its owner can read it."""
    _replace(file, msgspec.json.format(msgspec.json.encode(keys)))


def _replace(file: Path, content: bytes) -> None:
    draft = file.with_name(f"{file.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content + b"\n")
    os.replace(draft, file)
