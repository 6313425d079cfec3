"""A floor's configuration: one TOML file, read and judged whole before anything is started.

Every mistake costs one message that names the file, the key and what was expected, and exit code 10.
"""

from __future__ import annotations

import errno
import importlib
import os
import shlex
import shutil
import socket
import sys
from pathlib import Path
from typing import Any

import msgspec

from actors.runtime import ActorExit, Context, Secret
from actors.supervisor import ChildSpec, FloorSpec, InstanceSpec, Restart
from bus.directory import EndpointError, endpoints, is_address
from bus.messages import ExitPolicy, check_name, strategy_code
from bus.transport import bind_problem
from tradefloor import places
from tradefloor.quotas import Budget, quota_children
from tradefloor.supervision import supervise
from tradefloor.tables import ConfigurationError, Table, read_toml
from venues.addresses import address_problem
from venues.capabilities import AdapterInfo
from venues.secrets import resolve

__all__ = ["Configuration", "ConfigurationError", "prepare", "read"]

ADAPTERS = {"binance": "venues.binance.adapter"}
"""Adapters by name; the others of the capability table are not there yet."""
PLANNED_ADAPTERS = ("bybit", "betfair", "databento", "interactive_brokers")
LIMITS = ("max_order_size", "max_order_notional")
PLANNED_LIMITS = (
    "max_position",
    "max_exposure",
    "max_open_orders",
    "max_orders_per_second",
    "price_collar_bps",
    "loss_limit",
    "drawdown_limit",
    "max_data_age_s",
    "self_trade_prevention",
)
BOOK_PROCESSES = 16
"""Each holds some 40 MB; more of them than a large host has processors divide nothing any more."""
DURABILITIES = ("process", "power")
REPLAY_S = 600.0
"""How long the reconciler may fold its journal at start: some 70,000 rows a second, so forty million."""
BUSY_LIMIT_S = 10.0
RESERVED = ("supervisor", "reconciler", "gate", "EXTERNAL")


class Configuration(msgspec.Struct, frozen=True):
    """A judged configuration."""

    file: Path
    floor: FloorSpec
    twins: dict[str, str]
    """The log of each twin that this floor starts, by instance."""
    is_fresh: bool = False
    """True where the state directory is a new one for this run."""


def read(file: Path, run_dir: Path | None = None, state_dir: Path | None = None, dry: bool = False) -> Configuration:
    """Read and judge a configuration. Nothing is created: `prepare` does that. `dry` is for a look alone.

    Raises ConfigurationError.
    """
    return _Reader(file, read_toml(file), run_dir, state_dir, dry).read()


def prepare(judged: Configuration) -> None:
    """Make the directories of a floor that is going to run."""
    for folder in ("", *(("twins", "keys") if judged.twins else ())):
        Path(judged.floor.state_dir, folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    if judged.is_fresh:
        places.remove_old_runs(judged.floor.name)


class _Reader:
    def __init__(
        self, file: Path, content: dict[str, Any], run_dir: Path | None, state_dir: Path | None, dry: bool
    ) -> None:
        self.file, self.root = file, Table(file, "", content)
        self.run_dir, self.state_dir, self.dry = run_dir, state_dir, dry
        self.children: list[ChildSpec] = []
        self.instances: list[InstanceSpec] = []
        self.twins: dict[str, str] = {}
        self.ports: dict[int, str] = {}
        self.bookless: list[str] = []
        self.books: dict[str, tuple[str, ...]] = {}
        """The names of each instance's book actors."""
        self.alone: dict[str, str] = {}
        self.budgets: dict[str, Budget] = {}

    def read(self) -> Configuration:
        floor = self.root.table("floor")
        self.name = floor.name("name")
        currency = floor.name("currency", "a currency such as USDT", "USDT")
        self.durability = floor.choice("durability", DURABILITIES, "process")
        self.log_level = floor.choice("log_level", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")
        on_alert = _alert_command(self.file, floor)
        self.listen = self._listen(floor)
        floor.finish(("name", "currency", "durability", "log_level", "listen", "on_alert"))
        gate = self._gate(self.root.table("gate"))
        venues = self.root.tables("venues")
        strategies = self.root.tables("strategies")
        supervisor = self.root.table("supervisor")
        self.root.finish(("floor", "gate", "venues", "strategies", "supervisor"))
        self._check_names(venues, strategies)
        own_twins = any(table.content.get("environment") == "twin" for table in venues.values())
        self.run_dir = self.run_dir or places.run_dir(self.name)
        fresh = self.state_dir is None and own_twins and not self.dry
        if self.state_dir is None:
            self.state_dir = places.fresh_state_dir(self.name) if fresh else places.state_dir(self.name)
        for name, table in venues.items():
            self._venue(name, table)
        self.children = [*quota_children(self.children, self.budgets, self._context), *self.children]
        self._core(gate, tuple(strategies))
        for name, table in strategies.items():
            self._strategy(name, table)
        self._check_sockets()
        spec = FloorSpec(
            self.name,
            currency,
            str(self.run_dir),
            str(self.state_dir),
            tuple(self.instances),
            tuple(supervise(self.children, supervisor)),
            self.listen,
            on_alert,
            {**self.alone, f"state directory {self.state_dir}": str(self.state_dir / "lock")},
        )
        return Configuration(self.file, spec, self.twins, fresh)

    def _listen(self, floor: Table) -> str:
        if not floor.has("listen"):
            return ""
        address: str = floor.take("listen", str, "tcp://HOST:PORT")
        if not is_address(address):
            raise floor.error("listen", f"expected tcp://HOST:PORT, found {address!r}")
        host, _, port = address.rpartition(":")
        problem = bind_problem(
            f"{host}:*"
        )  # the port is the supervisor's to find taken: a frozen floor may still have it
        if problem:
            raise floor.error("listen", f"{host} {problem}; expected an IP address of this host")
        self.ports[int(port)] = "floor.listen"
        return address

    def _gate(self, table: Table) -> dict[str, str]:
        table.refuse_planned(PLANNED_LIMITS)
        limits = {name: str(table.number(name, "a number above 0")) for name in LIMITS if table.has(name)}
        table.finish(LIMITS)
        return limits

    def _check_names(self, venues: dict[str, Table], strategies: dict[str, Table]) -> None:
        seen: dict[str, str] = {}
        codes: dict[str, str] = {}
        for group, tables in (("venues", venues), ("strategies", strategies)):
            for name in tables:
                key = f"{group}.{name}"
                try:
                    check_name(name, "name")
                except ValueError as error:
                    raise ConfigurationError(self.file, key, str(error)) from None
                if name.lower() in (reserved.lower() for reserved in RESERVED):
                    raise ConfigurationError(self.file, key, f"{name!r} is a name of the floor's own; expected another")
                if name.lower() in seen:
                    problem = f"duplicate name: {seen[name.lower()]} has it too; expected names that differ"
                    raise ConfigurationError(self.file, key, problem)
                seen[name.lower()] = key
                if group == "strategies" and codes.setdefault(strategy_code(name), name) != name:
                    other = codes[strategy_code(name)]
                    problem = f"its orders could not be told from those of {other!r}; expected another name"
                    raise ConfigurationError(self.file, key, problem)

    def _context(self, name: str, kind: str, instance: str = "", **settings: Any) -> Context:
        return Context(
            name,
            kind,
            str(self.run_dir),
            str(self.state_dir),
            self.name,
            instance,
            settings,
            self.durability,
            log_level=self.log_level,
            listen=self.listen,
        )

    def _core(self, limits: dict[str, str], strategies: tuple[str, ...]) -> None:
        names = [spec.name for spec in self.instances]
        gate = self._context("gate", "gate", instances=names, limits=limits, bookless=self.bookless)
        reconciler = self._context("reconciler", "reconciler", instances=names, strategies=list(strategies))
        self.children[:0] = [
            ChildSpec(reconciler, "actors.reconciler:Reconciler", start_timeout_s=REPLAY_S),
            ChildSpec(gate, "actors.gate:Gate", depends_on=("reconciler",)),
        ]

    def _venue(self, name: str, table: Table) -> None:
        adapter_name = table.take("adapter", str, f"one of {', '.join(ADAPTERS)}")
        if adapter_name in PLANNED_ADAPTERS:
            raise table.error("adapter", f"{adapter_name} is planned and not there yet; expected {', '.join(ADAPTERS)}")
        if adapter_name not in ADAPTERS:
            raise table.error("adapter", f"expected one of {', '.join(ADAPTERS)}, found {adapter_name!r}")
        adapter: AdapterInfo = importlib.import_module(ADAPTERS[adapter_name]).ADAPTER
        account_type = table.choice("account_type", adapter.account_types)
        environment = table.choice("environment", adapter.environments)
        venue_id = table.name("venue_id", "a venue id such as BINANCE_US", adapter_name.upper())
        settings: dict[str, Any] = {
            "adapter": adapter_name,
            "account_type": account_type,
            "environment": environment,
            "venue_id": venue_id,
        }
        known = ["adapter", "account_type", "environment", "venue_id", "books", *adapter.options]
        for key, option in adapter.options.items():
            if table.has(key):
                settings[key] = table.take(key, option.kinds, option.expected)
                problem = option.problem(settings[key])
                if problem:
                    raise table.error(key, problem)
        self.books[name] = self._book_names(name, table)
        if not self.books[name]:
            self.bookless.append(name)
        depends: tuple[str, ...] = ()
        if environment == "twin":
            known.append("twin")
            for key in ("api_key", "api_secret", *adapter.addresses):
                if table.has(key):
                    what = "addresses" if key in adapter.addresses else "keys"
                    raise table.error(key, f"a twin makes its own {what}; expected it in no environment but the others")
            settings["announcement"] = str(Path(str(self.run_dir), f"twin.{name}.json"))
            self._twin(name, adapter, account_type, table.table("twin"))
            depends = (f"twin.{name}",)
        else:
            known += ["api_key", "api_secret", *adapter.addresses]
            settings |= _addresses(table, adapter)
            if table.has("twin"):
                raise table.error("twin", f'belongs to environment = "twin"; expected none with {environment!r}')
            for key in ("api_key", "api_secret"):
                settings[key] = table.take(key, str, "env:NAME, file:PATH or keyring:NAME", secret=True)
            self._alone_on_account(name, table, settings)
        table.finish(tuple(known))
        for other in self.instances:
            if other.venue_id == venue_id and (other.adapter, other.account_type) != (adapter_name, account_type):
                problem = f"{venue_id!r} is the venue id of {other.name} too, and their instruments differ; set another"
                raise table.error("venue_id", problem)
        if adapter.budget_host is not None:
            host = f"twin.{name}" if environment == "twin" else adapter.budget_host(environment, settings)
            shared = self.budgets.setdefault(
                f"{adapter_name} {account_type} {host}", Budget(host, adapter.weight_limit)
            )
            shared.instances.append(name)
        self.instances.append(InstanceSpec(name, adapter_name, account_type, environment, venue_id))
        for kind, path in (("market_data", adapter.market_data), ("execution", adapter.execution)):
            context = self._context(f"{kind}.{name}", kind, name, **settings)
            self.children.append(ChildSpec(context, path, depends_on=("reconciler", *depends)))
        names = self.books[name]
        for number, book in enumerate(names):
            share = {"share": [number, len(names)]} if len(names) > 1 else {}
            context = self._context(book, "book", name, **share)
            self.children.append(ChildSpec(context, "actors.book:BookActor", depends_on=(f"market_data.{name}",)))

    def _book_names(self, name: str, table: Table) -> tuple[str, ...]:
        """Take ``books``: false for none, true for one process, or over how many the books are shared out."""
        expected = f"true, false, or from 1 to {BOOK_PROCESSES} processes"
        found = table.content.pop("books", True)
        if not isinstance(found, bool) and not (isinstance(found, int) and 1 <= found <= BOOK_PROCESSES):
            raise table.error("books", f"expected {expected}, found {found!r}")
        count = int(found)
        return (f"book.{name}",) if count == 1 else tuple(f"book.{name}.{number}" for number in range(count))

    def _alone_on_account(self, name: str, table: Table, settings: dict[str, Any]) -> None:
        """Name the lock of the account, which is known by its key. A twin's needs none: its key is in our directory."""
        api_key, _ = (_secret(table, key, settings[key]) for key in ("api_key", "api_secret"))
        words = (settings["adapter"], settings["environment"], settings["account_type"], api_key.reveal())
        path = str(places.account_lock(*words))
        if path in self.alone.values():
            raise table.error("api_key", "is the key of another instance too; expected an account for each")
        self.alone[f"account of {name}"] = path

    def _twin(self, name: str, adapter: AdapterInfo, account_type: str, table: Table) -> None:
        port = table.take("port", int, "a port number, or 0 for any free one", 0)
        seed = table.take("seed", int, "a whole number", 1)
        rate = table.seconds("rate", "changes a second, above 0", 80.0)
        symbols = str(
            table.take("symbols", (str, int), "names such as BTCUSDT,ETHUSDT, or how many of the best known", "")
        )
        levels = table.take("levels", int, "levels a side of each book, above 0", 0)
        weight = table.take("weight_per_minute", int, "request weight an address may use, above 0", 0)
        for key, value, what in (("levels", levels, "levels a side"), ("weight_per_minute", weight, "request weight")):
            if value < 0:
                raise table.error(key, f"expected {what}, above 0, found {value}")
        table.finish(("port", "seed", "rate", "symbols", "levels", "weight_per_minute"))
        if port:
            self._check_port(table, port)
        log = Path(str(self.state_dir), "twins", f"{name}.jsonl")
        keys = Path(str(self.state_dir), "keys", f"twin.{name}.json")
        self.twins[name] = str(log)
        command = (
            sys.executable,
            *adapter.twin,
            *("--port", str(port)),
            *("--account-type", account_type),
            *("--seed", str(seed)),
            *("--rate", str(rate)),
            *(("--symbols", symbols) if symbols else ()),
            *(("--levels", str(levels)) if levels else ()),
            *(("--weight-per-minute", str(weight)) if weight else ()),
            *("--key-file", str(keys)),
            *("--log", str(log)),
        )
        context = self._context(f"twin.{name}", "twin", name)
        self.children.append(ChildSpec(context, command=command, restart=Restart.TEMPORARY))

    def _check_port(self, table: Table, port: int) -> None:
        if not 0 < port < 65536:
            raise table.error("port", f"expected 1 to 65535, or 0 for any free one, found {port}")
        if port in self.ports:
            raise table.error("port", f"{port} is the port of {self.ports[port]} too; expected ports that differ")
        self.ports[port] = table.path
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                words = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
                problem = f"port {port} {words}; expected a free port, or 0 for any"
                raise table.error("port", problem) from None

    def _strategy(self, name: str, table: Table) -> None:
        path = table.take("path", str, "FILE.py:Class")
        file_name, colon, class_name = path.rpartition(":")
        file = (self.file.parent / file_name).resolve()
        if not colon or not class_name.isidentifier():
            raise table.error("path", f"expected FILE.py:Class, found {path!r}")
        if not file.is_file():
            raise table.error("path", f"expected a Python file, and {file} is none")
        policies = tuple(str(policy) for policy in (ExitPolicy.CANCEL, ExitPolicy.LEAVE))
        if table.content.get("exit_policy") == ExitPolicy.FLATTEN:
            raise table.error("exit_policy", f"flatten is not carried out yet; expected one of {', '.join(policies)}")
        policy = ExitPolicy(table.choice("exit_policy", policies, "cancel"))
        busy_s = table.seconds("busy_limit_s", "seconds above 0", BUSY_LIMIT_S)
        parameters = table.table("parameters").content
        table.finish(("path", "exit_policy", "busy_limit_s", "parameters"))
        context = self._context(name, "strategy", path=f"{file}:{class_name}", parameters=parameters)
        context = msgspec.structs.replace(context, exit_policy=policy)
        depends = ("reconciler", "gate", *(f"execution.{spec.name}" for spec in self.instances))
        depends += tuple(name for spec in self.instances for name in self.books[spec.name])
        actor = "tradefloor.strategies:load"
        self.children.append(
            ChildSpec(context, actor, depends_on=depends, heartbeat_timeout_s=busy_s, restart=Restart.TRANSIENT)
        )

    def _check_sockets(self) -> None:
        longest = max((spec.name for spec in self.children), key=len, default="")
        try:
            endpoints(str(self.run_dir), longest)
        except EndpointError as error:
            raise ConfigurationError(self.file, "", str(error)) from None


def _addresses(table: Table, adapter: AdapterInfo) -> dict[str, str]:
    """Take the addresses that stand in for the environment's own."""
    found = {}
    for key, scheme in adapter.addresses.items():
        if table.has(key):
            found[key] = table.take(key, str, f"an address such as {scheme}://HOST")
            problem = address_problem(found[key], scheme)
            if problem:
                raise table.error(key, f"{problem}; found {found[key]!r}")
    return found


def _secret(table: Table, key: str, reference: str) -> Secret:
    try:
        return resolve(reference, key)
    except ActorExit as error:
        problem = error.reason.partition(": ")[2]
        hint = "" if "expected" in problem else "; expected a secret at env:NAME, file:PATH or keyring:NAME"
        raise table.error(key, problem + hint) from None


def _alert_command(file: Path, floor: Table) -> tuple[str, ...]:
    """Take the program that is run for each alert, and its arguments; found now rather than at the first alert."""
    if not floor.has("on_alert"):
        return ()
    expected = "a program and its arguments, as one text or as a list of texts"
    value = floor.take("on_alert", (str, list), expected)
    try:
        words = shlex.split(value) if isinstance(value, str) else value
    except ValueError as error:
        raise floor.error("on_alert", f"{error}; expected {expected}") from None
    if not words or not all(isinstance(word, str) and "\0" not in word for word in words) or not words[0]:
        raise floor.error("on_alert", f"expected {expected}, found {value!r}")
    here = file.parent.resolve() / Path(words[0]).expanduser()
    found = shutil.which(str(here) if os.sep in words[0] else words[0])
    if found is None:
        raise floor.error("on_alert", f"{words[0]} is no program that can be run; expected {expected}")
    return (found, *words[1:])
