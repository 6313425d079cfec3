"""The floor's keys: list them, make one for another host, rotate, revoke.

Keys are made by a floor's first start and lie in its state directory, 0600. ROLE is operator, monitor, strategy:NAME or
actor:NAME. A key that is made by `new` is written to a file of its own, to be carried to another host."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import zmq
from rich.table import Table

from actors.monitor.visitor import Visitor
from actors.runtime import ActorExit, ExitCode
from bus.directory import DIRECTORY
from bus.messages import Code, RestartActor, check_name
from bus.security import MONITOR, OPERATOR, SUPERVISOR_ROLE, KeyFileError, Keys, KeyStore, write_keys
from tradefloor import places
from tradefloor.commands.common import add_floor, add_json, console, print_json, visit

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("action", nargs="?", choices=("list", "new", "rotate", "revoke"), default="list")
    parser.add_argument("role", nargs="*", metavar="ROLE")
    parser.add_argument("--all", action="store_true", help="with rotate: every role; the floor must not be running")
    parser.add_argument("--out", type=Path, metavar="FILE", help="with new: where the key is written")
    parser.add_argument("--state-dir", type=Path, help="the state directory of a floor that is not running")
    add_floor(parser, far=False)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Do what `action` says."""
    run_dir = None if options.state_dir else places.find_floor(options.floor)
    store = KeyStore.of_floor(run_dir or options.state_dir)
    if not store.folder.is_dir():
        raise ActorExit(ExitCode.CONFIGURATION, f"{store.folder}: no floor has made keys there")
    try:
        return _Keys(store, run_dir, options).run()
    except KeyFileError as error:
        raise ActorExit(ExitCode.CONFIGURATION, str(error)) from None


class _Keys:
    def __init__(self, store: KeyStore, run_dir: Path | None, options: argparse.Namespace) -> None:
        self.store, self.run_dir, self.options = store, run_dir, options

    def run(self) -> int:
        roles = [_checked(role) for role in self.options.role]
        if self.options.action == "list":
            return self._list(roles)
        if self.options.action == "new":
            return self._new(roles)
        if self.options.action == "rotate" and self.options.all:
            roles = sorted(set(self.store.allowed().values()))
            if self.run_dir is not None:
                raise ActorExit(ExitCode.CONFIGURATION, "rotate --all: stop the floor first, then give its --state-dir")
        if not roles:
            raise ActorExit(ExitCode.USAGE, f"{self.options.action}: expected one or more roles")
        done = [self._rotate(role) if self.options.action == "rotate" else self._revoke(role) for role in roles]
        return max(done)

    def _list(self, roles: list[str]) -> int:
        allowed = {key: role for key, role in self.store.allowed().items() if not roles or role in roles}
        if self.options.json:
            print_json({"keys": [{"role": role, "public": key} for key, role in allowed.items()]})
            return ExitCode.DONE
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in ("role", "public key", "file"):
            table.add_column(name)
        for key, role in sorted(allowed.items(), key=lambda pair: pair[1]):
            file = self.store.file_of(role)
            is_here = file.exists() and self.store.load(role).public == key
            table.add_row(role, key, file.name if is_here else "[dim]elsewhere[/]")
        console().print(table)
        return ExitCode.DONE

    def _new(self, roles: list[str]) -> int:
        if len(roles) != 1 or self.options.out is None or roles[0].startswith("actor:"):
            raise ActorExit(ExitCode.USAGE, "new: expected operator, monitor or strategy:NAME, and --out FILE")
        if self.options.out.exists():
            raise ActorExit(ExitCode.CONFIGURATION, f"{self.options.out} is there already; it is not overwritten")
        public, secret = (each.decode() for each in zmq.curve_keypair())
        supervisor = self.store.load(SUPERVISOR_ROLE).public
        write_keys(self.options.out, Keys(roles[0], public, secret, supervisor))
        self.store.allow(public, roles[0])
        return self._say(f"{roles[0]}: {self.options.out}", {"role": roles[0], "public": public})

    def _rotate(self, role: str) -> int:
        if role == SUPERVISOR_ROLE and self.run_dir is not None:
            raise ActorExit(ExitCode.CONFIGURATION, f"{role}: everybody knows the floor by it; stop the floor first")
        old, new = self.store.rotate(role), self.store.load(role)
        if not self._restart(role.partition(":")[2]):  # else the old key is retired when the new life has come
            self.store.forbid(old.public)  # and no other of the role: those were made for other hosts
        return self._say(f"{role}: {new.public}", {"role": role, "public": new.public})

    def _restart(self, name: str) -> bool:
        """Restart the floor's own actor of this name, so that it takes its new key; False where there is none."""
        if self.run_dir is None or not name:
            return False

        async def ask(floor: Visitor) -> int:
            reply = await floor.request(DIRECTORY, RestartActor(name))
            if not reply.ok and reply.code is not Code.NO_SUCH_ACTOR:
                raise ActorExit(ExitCode.FAILED, f"{name} is not restarted and keeps its old key: {reply.reason}")
            return ExitCode.DONE if reply.ok else ExitCode.FAILED

        return visit(self.options, ask, OPERATOR) == ExitCode.DONE

    def _revoke(self, role: str) -> int:
        if role.startswith("actor:"):
            raise ActorExit(ExitCode.CONFIGURATION, f"{role}: the floor cannot do without; rotate it")
        if not self.store.revoke(role):
            raise ActorExit(ExitCode.CONFIGURATION, f"{role}: no key of this role is let in")
        return self._say(f"{role}: not let in any more", {"role": role})

    def _say(self, text: str, document: dict[str, str]) -> int:
        if self.options.json:
            print_json(dict(document))
        else:
            sys.stdout.write(text + "\n")
        return ExitCode.DONE


def _checked(role: str) -> str:
    kind, colon, name = role.partition(":")
    try:
        if kind == "strategy" and colon:
            check_name(name, "strategy")
        elif not (role in (MONITOR, OPERATOR) or (kind == "actor" and name)):
            raise ValueError(f"role {role!r}: expected operator, monitor, strategy:NAME or actor:NAME")
    except ValueError as error:
        raise ActorExit(ExitCode.USAGE, str(error)) from None
    return role
