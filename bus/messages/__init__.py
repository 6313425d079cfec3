"""The vocabulary: every message that can be on the bus.

`CATALOGUE` holds each message class by its tag. Classes whose docstring begins with ``provisional`` may still change
until the first venue that publishes them lands; all others change by appended fields only.
"""

from __future__ import annotations

import inspect

from bus.messages import accounts, commands, control, exchange, instruments, market_data, orders, queries, quota, terms
from bus.messages.accounts import *  # noqa: F403
from bus.messages.base import *  # noqa: F403
from bus.messages.base import Message, Query
from bus.messages.commands import *  # noqa: F403
from bus.messages.control import *  # noqa: F403
from bus.messages.exchange import *  # noqa: F403
from bus.messages.identifiers import *  # noqa: F403
from bus.messages.instruments import *  # noqa: F403
from bus.messages.market_data import *  # noqa: F403
from bus.messages.orders import *  # noqa: F403
from bus.messages.queries import *  # noqa: F403
from bus.messages.quota import *  # noqa: F403
from bus.messages.terms import *  # noqa: F403
from bus.messages.words import *  # noqa: F403

CATALOGUE: dict[str, type[Message]] = {
    name: member
    for module in (instruments, market_data, accounts, terms, orders, queries, commands, control, exchange, quota)
    for name, member in vars(module).items()
    if inspect.isclass(member) and issubclass(member, Message) and member not in (Message, Query)
}
"""Message classes by tag."""
