"""Request parameters as text, with the venue's complaints about them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from venues.binance.twin.errors import (
    VenueError,
    empty,
    illegal_characters,
    invalid_data,
    invalid_symbol,
    mandatory,
    precision,
    too_many_parameters,
    unread,
)
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.render import ATOM, decode
from venues.binance.twin.requests.signing import MICROSECONDS_FROM

SIGNING = frozenset(("timestamp", "recvWindow", "signature", "apiKey"))
DECIMAL = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
SYMBOL = r"^[A-Z0-9-_.]{1,50}$"
CLIENT_ID = r"^[a-zA-Z0-9-_]{1,36}$"
INTEGER = r"^[0-9]{1,20}$"
DECIMAL_PLACES = 8
MAX_INT = 2**63 - 1
_PATTERNS = {text: re.compile(text) for text in (DECIMAL, SYMBOL, CLIENT_ID, INTEGER)}


class Params:
    """What a request sent, by name. Every method raises VenueError on a bad value."""

    __slots__ = ("_sent",)

    def __init__(self, sent: Mapping[str, str]) -> None:
        self._sent = sent

    def __contains__(self, name: str) -> bool:
        return name in self._sent

    def check_names(self, known: Collection[str], is_signed: bool) -> None:
        """-1101 or -1104 when something was sent that nobody reads, -1105 when something was sent empty."""
        legal = SIGNING.union(known) if is_signed else known
        read = sum(1 for name in self._sent if name in legal)
        if read != len(self._sent):
            if not legal:
                raise too_many_parameters(0, len(self._sent))
            raise unread(read, len(self._sent))
        for name, value in self._sent.items():
            if not value:
                raise empty(name)

    def text(self, name: str, legal: str | None = None) -> str | None:
        """A value, None when it was not sent; -1100 unless it matches the pattern."""
        value = self._sent.get(name)
        if value is not None and legal is not None and not _PATTERNS[legal].match(value):
            raise illegal_characters(name, legal)
        return value

    def required(self, name: str, legal: str | None = None) -> str:
        """A mandatory value, -1102 when it is missing."""
        value = self.text(name, legal)
        if not value:
            raise mandatory(name)
        return value

    def integer(self, name: str) -> int | None:
        """A whole number, None when it was not sent."""
        value = self.text(name, INTEGER)
        if value is None:
            return None
        if int(value) > MAX_INT:
            raise VenueError(-1108, f"Parameter '{name}' overflowed.")
        return int(value)

    def time(self, name: str) -> int | None:
        """A time in milliseconds, sent in milliseconds or microseconds."""
        value = self.integer(name)
        return value // 1000 if value is not None and value >= MICROSECONDS_FROM else value

    def limit(self, default: int, maximum: int) -> int:
        """The `limit` of a list; larger values count as the maximum."""
        value = self.integer("limit")
        if value is None:
            return default
        if value < 1:
            raise invalid_data("limit")
        return min(value, maximum)

    def flag(self, name: str, default: bool) -> bool:
        """A boolean."""
        value = self._sent.get(name)
        if value is None:
            return default
        if value.lower() not in ("true", "false"):
            raise illegal_characters(name, "true|false")
        return value.lower() == "true"

    def choice(self, name: str, choices: Collection[str], error: VenueError) -> str | None:
        """One of some words; `error` for any other."""
        value = self._sent.get(name)
        if value is not None and value not in choices:
            raise error
        return value

    def atoms(self, name: str) -> int | None:
        """A decimal in atoms; -1111 with more than eight places."""
        value = self.text(name, DECIMAL)
        if value is None:
            return None
        whole, _, decimals = value.partition(".")
        decimals = decimals.rstrip("0")
        if len(decimals) > DECIMAL_PLACES:
            raise precision(name)
        return int(whole) * ATOM + int(decimals.ljust(DECIMAL_PLACES, "0") or 0)

    def symbol(self, symbols: Mapping[str, Symbol]) -> Symbol:
        """The mandatory symbol; -1121 when the venue has none of that name."""
        symbol = symbols.get(self.required("symbol", SYMBOL))
        if symbol is None:
            raise invalid_symbol()
        return symbol

    def symbols(self, known: Mapping[str, Symbol]) -> tuple[list[Symbol], bool]:
        """The symbols asked for by `symbol` or `symbols`, all without either; and whether it was just one."""
        if "symbol" in self._sent and "symbols" in self._sent:
            raise VenueError(-1101, "Parameters 'symbol' and 'symbols' cannot be used in combination.")
        if "symbol" in self._sent:
            return [self.symbol(known)], True
        if "symbols" not in self._sent:
            return list(known.values()), False
        try:
            names = decode(self._sent["symbols"])
        except (ValueError, RecursionError):
            names = None
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise illegal_characters("symbols", r"^\[\"[A-Z0-9-_.]{1,50}\"(,\"[A-Z0-9-_.]{1,50}\"){0,}\]$")
        if len(set(names)) != len(names):
            raise VenueError(-1151, "Symbol is present multiple times in the list.")
        if any(name not in known for name in names):
            raise invalid_symbol()
        return [known[name] for name in names], False
