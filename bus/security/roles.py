"""What a role may ask and read, as pure functions.

The table, in one place::

    role               calls itself           may ask
    actor:<name>       <name>                 everything but what only some actors may: the gate hands orders on, the
                                              supervisor ends strategies, an execution actor tells of its own instance
    strategy:<name>    <name>                 queries, of its own; to join and leave the floor as itself, owning no
                                              topics; to submit, modify and cancel its own orders
    monitor            monitor:<anything>     queries
    operator           operator:<anything>    queries, of a venue's orders and account as well; cancels; trading states;
                                              restarts; to stop the floor

    reads              market/, book/, state/, alert/, status/, directory/, heartbeat/: every key of the floor
                       account/: every key; execution/<name>/: actors, monitor, operator and that strategy
                       intent/: actors, monitor, operator
"""

from __future__ import annotations

from bus import topics
from bus.messages import (
    ActorHeartbeat,
    CancelAll,
    CancelOrder,
    Code,
    Deregister,
    EndStrategy,
    GetExecution,
    GetFloor,
    GetInstruments,
    GetIntents,
    GetOrders,
    GetPositions,
    GetSchema,
    GetStatus,
    Message,
    ModifyOrder,
    QueryBalances,
    QueryBook,
    QueryFills,
    QueryHistory,
    QueryOpenOrders,
    QueryOrder,
    QueryPositions,
    Refused,
    Register,
    RestartActor,
    SetTradingState,
    StopFloor,
    SubmitOrder,
    SubmitOrderList,
    VenueBatch,
)

__all__ = ["MONITOR", "OPERATOR", "SUPERVISOR_ROLE", "may_read", "name_of_file", "refusal_of", "role_of_actor"]

SUPERVISOR_ROLE = "actor:supervisor"
MONITOR = "monitor"
OPERATOR = "operator"

_QUERIES = (
    GetFloor,
    GetInstruments,
    GetSchema,
    GetStatus,
    QueryBook,
    QueryHistory,
)
"""Questions whose answer is everybody's."""
_OWN_QUERIES = (GetExecution, GetIntents, GetOrders, GetPositions)
"""Questions about a strategy; a strategy may name itself alone."""
_OF_THE_VENUE = (QueryBalances, QueryFills, QueryOpenOrders, QueryOrder, QueryPositions)
"""Questions that a venue's actor passes on to the venue, at the cost of the address's request weight."""
_COMMANDS = (CancelAll, CancelOrder, RestartActor, SetTradingState, StopFloor)
"""What an operator may do."""
_OF_A_STRATEGY = (CancelAll, CancelOrder, ModifyOrder)
"""Commands that name their strategy."""
_CORE = ("gate", "reconciler", "supervisor")
"""Names that no strategy may have: others believe them."""
_SOME_ACTORS: dict[type[Message], tuple[str, ...]] = {
    SubmitOrder: ("gate",),
    SubmitOrderList: ("gate",),
    ModifyOrder: ("gate",),
    SetTradingState: ("gate", "supervisor"),
    EndStrategy: ("supervisor",),
    CancelAll: ("supervisor",),
    CancelOrder: ("supervisor",),
    RestartActor: (),
    StopFloor: (),
}
"""Commands that only these of the floor's own actors send."""


def role_of_actor(name: str, kind: str) -> str:
    """Return the role of a member of the floor."""
    return f"strategy:{name}" if kind == "strategy" else f"actor:{name}"


def name_of_file(role: str) -> str:
    """Return the name of the file in which the role's key pair lies."""
    return role.replace(":", ".") + ".key"


def refusal_of(role: str, caller: str, message: Message) -> Refused | None:
    """Return why the holder of a key with this role may not ask this, calling itself `caller`; None where it may."""
    kind, _, name = role.partition(":")
    if kind in ("actor", "strategy"):
        if caller != name:
            return Refused(Code.NOT_ALLOWED, f"the key of {role} speaks for itself alone, not for {caller!r}")
        return _refusal_of_actor(name, message) if kind == "actor" else _refusal_of_strategy(name, message)
    if kind not in (MONITOR, OPERATOR):
        return Refused(Code.NOT_ALLOWED, "the key is not on the floor's list")
    if caller.partition(":")[0] != kind:
        return Refused(Code.NOT_ALLOWED, f"the key of {role} speaks as {kind}:NAME, not as {caller!r}")
    if isinstance(message, (*_QUERIES, *_OWN_QUERIES)) or (
        kind == OPERATOR and isinstance(message, (*_COMMANDS, *_OF_THE_VENUE))
    ):
        return None
    return Refused(Code.NOT_ALLOWED, f"{kind} may not ask for {type(message).__name__}")


def _refusal_of_actor(name: str, message: Message) -> Refused | None:
    whose = name
    match message:
        case Register(name=claimed) | ActorHeartbeat(name=claimed) | Deregister(name=claimed):
            whose = claimed
        case VenueBatch(instance=instance):
            whose = f"execution.{instance}"
        case _:
            may = next((names for kind, names in _SOME_ACTORS.items() if isinstance(message, kind)), (name,))
            if name not in may:
                return Refused(Code.NOT_ALLOWED, f"actor {name!r} may not ask for {type(message).__name__}")
    if whose != name:
        return Refused(Code.NOT_ALLOWED, f"actor {name!r} may not send {type(message).__name__} for {whose!r}")
    return None


def _refusal_of_strategy(name: str, message: Message) -> Refused | None:
    if name in _CORE:
        return Refused(Code.NOT_ALLOWED, f"{name!r} is no name for a strategy")
    whose = name
    match message:
        case SubmitOrder(order=order):
            whose = order.strategy
        case SubmitOrderList(orders=orders):
            whose = next((order.strategy for order in orders if order.strategy != name), name)
        case Register(name=claimed, kind=kind, prefixes=prefixes):
            if kind != "strategy":
                return Refused(Code.NOT_ALLOWED, f"a strategy's key registers a strategy, not a {kind or 'nameless'}")
            if prefixes:  # everybody would believe what it says there: prices, who is SYNCED, what others hold
                return Refused(Code.NOT_ALLOWED, f"a strategy owns no topics, so not {', '.join(prefixes)}")
            whose = claimed
        case ActorHeartbeat(name=claimed) | Deregister(name=claimed):
            whose = claimed
        case _ if isinstance(message, (*_OF_A_STRATEGY, *_OWN_QUERIES)):
            whose = message.strategy
        case _ if not isinstance(message, _QUERIES):
            return Refused(Code.NOT_ALLOWED, f"a strategy may not ask for {type(message).__name__}")
    if whose != name:
        asked = type(message).__name__
        return Refused(Code.NOT_ALLOWED, f"strategy {name!r} may not ask for {asked} of {whose or 'everybody'!r}")
    return None


def may_read(role: str, topic: str) -> bool:
    """True where the holder of a key with this role may subscribe to a private topic, or to a prefix of some."""
    kind, _, name = role.partition(":")
    if kind in ("actor", MONITOR, OPERATOR):
        return True
    if kind != "strategy" or name in _CORE:
        return False
    return topic == topics.topic("execution", name) or topic.startswith(("account/", "heartbeat/"))
