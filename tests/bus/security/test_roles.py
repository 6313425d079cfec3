"""What each role may ask and read: the table, cell by cell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from order_samples import an_order

from bus.messages import (
    ActorHeartbeat,
    CancelAll,
    CancelOrder,
    Code,
    Deregister,
    EndStrategy,
    GetExecution,
    GetFloor,
    GetIntents,
    GetOrders,
    GetPositions,
    GetSchema,
    GetStatus,
    Message,
    ModifyOrder,
    Register,
    RestartActor,
    SetTradingState,
    StopFloor,
    SubmitOrder,
    SubmitOrderList,
    TradingState,
    VenueBatch,
)
from bus.security import may_read, refusal_of

QUERIES = (GetFloor(), GetSchema(), GetStatus())
OWN = (GetOrders("maker"), GetPositions("maker"), GetExecution("maker", 0), GetIntents(0, "maker"))
CANCELS = (CancelOrder("c", "V", "X.V", "maker"), CancelAll("V", "maker"))
ORDER = SubmitOrder(an_order("o1", strategy="maker"))
STATE = SetTradingState("floor", TradingState.HALTED)


def may(role: str, message: Message, caller: str = "") -> bool:
    kind, _, name = role.partition(":")
    refusal = refusal_of(role, caller or name or f"{kind}:test", message)
    assert refusal is None or refusal.code is Code.NOT_ALLOWED
    return refusal is None


@pytest.mark.parametrize("message", [*QUERIES, *OWN, GetOrders(), GetPositions(), GetIntents(0)])
def test_a_monitor_and_an_operator_may_ask_all_questions(message: Message) -> None:
    assert may("monitor", message)
    assert may("operator", message)


@pytest.mark.parametrize("message", [*CANCELS, STATE, RestartActor("gate"), StopFloor()])
def test_an_operator_commands_and_a_monitor_does_not(message: Message) -> None:
    assert may("operator", message)
    assert not may("monitor", message)


@pytest.mark.parametrize("role", ["monitor", "operator", "actor:book.V", "actor:execution.V", "actor:reconciler", ""])
def test_nobody_orders_but_strategies_and_the_gate(role: str) -> None:
    assert not may(role, ORDER)
    assert not may(role, SubmitOrderList((ORDER.order,)))
    assert may("strategy:maker", ORDER)
    assert may("actor:gate", ORDER)


@pytest.mark.parametrize(
    "message",
    [
        ORDER,
        SubmitOrderList((an_order("o1", strategy="other"), ORDER.order)),
        ModifyOrder("o", "c", "v", "V", "X.V", "maker"),
        *CANCELS,
        CancelAll("V"),
        *OWN,
        GetOrders(),
        GetPositions(),
        GetIntents(0),
        Register("maker", "strategy", 1, "0.1"),
        ActorHeartbeat("maker", 1, "READY"),
        Deregister("maker", 1),
    ],
)
def test_a_strategy_speaks_for_itself_alone(message: Message) -> None:
    assert not may("strategy:other", message)
    assert not may("strategy:other", message, caller="maker"), "whatever it calls itself"


def test_a_strategy_may_do_all_of_this_for_itself() -> None:
    for message in (ORDER, *CANCELS, *OWN, *QUERIES, Register("maker", "strategy", 1, "0.1")):
        assert may("strategy:maker", message), message


def test_a_strategys_key_registers_no_gate() -> None:
    assert not may("strategy:maker", Register("maker", "gate", 1, "0.1"))


@pytest.mark.parametrize("prefix", ["market/V/", "state/instance/", "execution/other/", "execution/maker/"])
def test_a_strategys_key_registers_no_topics_for_others_would_believe_what_it_says_there(prefix: str) -> None:
    assert not may("strategy:maker", Register("maker", "strategy", 1, "0.1", prefixes=(prefix,)))


@pytest.mark.parametrize("name", ["gate", "reconciler", "supervisor"])
def test_a_strategys_key_in_the_name_of_the_core_may_nothing(name: str) -> None:
    """An execution actor takes orders from who is called the gate."""
    order = SubmitOrder(an_order("o1", strategy=name))
    for message in (order, GetStatus(), Register(name, "strategy", 1, "0.1")):
        assert not may(f"strategy:{name}", message)
    assert not may_read(f"strategy:{name}", f"execution/{name}/")


@pytest.mark.parametrize("message", [STATE, RestartActor("gate"), StopFloor(), EndStrategy("maker", 1)])
def test_a_strategy_commands_nobody(message: Message) -> None:
    assert not may("strategy:maker", message)


def test_only_the_gate_and_the_supervisor_set_trading_states_and_only_the_supervisor_ends_strategies() -> None:
    assert may("actor:gate", STATE)
    assert may("actor:supervisor", STATE)
    assert not may("actor:book.V", STATE)
    assert may("actor:supervisor", EndStrategy("maker", 1))
    assert not may("actor:gate", EndStrategy("maker", 1))


def test_an_execution_actor_tells_of_its_own_instance_alone() -> None:
    assert may("actor:execution.V", VenueBatch("V", 1, ()))
    assert not may("actor:execution.W", VenueBatch("V", 1, ()))
    assert not may("actor:gate", VenueBatch("V", 1, ()))


def test_an_actor_registers_and_beats_as_itself_alone() -> None:
    assert may("actor:gate", Register("gate", "gate", 1, "0.1"))
    assert not may("actor:book.V", Register("gate", "gate", 1, "0.1"))
    assert not may("actor:book.V", ActorHeartbeat("gate", 1, "READY"))


@pytest.mark.parametrize("caller", ["gate", "maker", "operators:test", "monitor:test", ""])
def test_an_operator_borrows_nobodys_name(caller: str) -> None:
    assert refusal_of("operator", caller, GetStatus()) is not None


@given(st.sampled_from([*QUERIES, *OWN, *CANCELS, ORDER, STATE, StopFloor()]), st.text(max_size=12), st.text())
def test_a_key_that_is_not_on_the_list_may_nothing(message: Message, caller: str, role: str) -> None:
    if role.partition(":")[0] not in ("actor", "strategy", "monitor", "operator"):
        assert refusal_of(role, caller, message) is not None
        assert not may_read(role, caller)


@pytest.mark.parametrize(
    ("role", "topic", "granted"),
    [
        ("strategy:maker", "execution/maker/", True),
        ("strategy:maker", "execution/maker2/", False),
        ("strategy:maker", "execution/other/", False),
        ("strategy:maker", "execution/", False),
        ("strategy:maker", "execution/mak", False),
        ("strategy:maker", "", False),
        ("strategy:maker", "account/V/", True),
        ("strategy:maker", "intent/gate/", False),
        ("strategy:maker", "heartbeat/reconciler/", True),
        ("monitor", "", True),
        ("monitor", "execution/maker/", True),
        ("operator", "intent/gate/", True),
        ("actor:gate", "execution/maker/", True),
        ("", "account/V/", False),
        ("", "", False),
    ],
)
def test_private_topics_are_granted_by_role(role: str, topic: str, granted: bool) -> None:
    assert may_read(role, topic) is granted
