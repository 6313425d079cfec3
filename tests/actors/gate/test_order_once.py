"""An order id is judged once, in all lives of the gate; a repeated one is answered by what became of the first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from order_samples import an_order

from actors.gate import Gate
from actors.gate.journal import IntentJournal
from actors.runtime import Context
from bus.codec import WIRE_VERSION, RequestHeader
from bus.messages import Code, GetIntents, NewOrder, Refused, SubmitOrder, mint_order_id

GATES_EPOCH = 100
OLDER, YOUNGER = GATES_EPOCH - 1, GATES_EPOCH + 1


class Scene:
    """A gate whose floor is this test: every strategy speaks for itself, every rule is content."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.judged: list[str] = []
        gate: Any = Gate(Context("gate", "gate", "/nowhere", str(folder), "test"))
        gate.journal = self.journal = IntentJournal(folder / "intents.db")
        gate.member = gate.view = self
        monkeypatch.setattr(gate, "_speaks_for", lambda header: True)
        monkeypatch.setattr(gate, "_judge", self._judge)
        self.gate = gate
        self.epoch = GATES_EPOCH

    def is_settled(self, order: NewOrder) -> bool:
        return True

    def _judge(self, orders: tuple[NewOrder, ...], as_list: bool, header: RequestHeader) -> None:
        self.judged += [order.order_id for order in orders]
        self.journal.append_all([(order, None) for order in orders], False, self.epoch, 1)

    def submit(self, order: NewOrder, strategys_epoch: int) -> Any:
        header = RequestHeader(WIRE_VERSION, 1, order.strategy, strategys_epoch, 2**62, 1)
        return self.gate.on_submit_order(SubmitOrder(order), header)


def minted(epoch: int, count: int, **terms: Any) -> NewOrder:
    order_id = mint_order_id("test", "alpha", epoch, count)
    return an_order(order_id, client_order_id=order_id, **terms)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    playing = Scene(tmp_path, monkeypatch)
    yield playing
    playing.journal.close()


@pytest.mark.parametrize("epoch", [OLDER, YOUNGER])
def test_a_repeated_order_is_judged_once_and_one_with_other_terms_is_denied(scene: Scene, epoch: int) -> None:
    first = minted(epoch, 1)
    assert scene.submit(first, epoch) is None
    assert scene.submit(first, epoch) is None
    assert scene.judged == [first.order_id]
    other = scene.submit(minted(epoch, 1, size=first.size * 2), epoch)
    assert isinstance(other, Refused)
    assert other.code is Code.DUPLICATE_ORDER_ID
    assert scene.judged == [first.order_id]


def test_an_order_that_an_earlier_life_of_the_gate_has_judged_is_not_judged_again(scene: Scene) -> None:
    before = minted(OLDER, 1)
    scene.journal.append(before, False, None, OLDER - 1, 1)
    scene.journal._written.clear()  # as a life that has just begun
    assert scene.submit(before, OLDER) is None
    assert scene.judged == []


@pytest.mark.parametrize("order_id", [mint_order_id("test", "alpha", epoch, 1) for epoch in (1, OLDER)])
def test_an_id_that_is_not_of_the_life_that_sends_it_is_looked_up_in_the_journal(scene: Scene, order_id: str) -> None:
    before = an_order(order_id, client_order_id=order_id)
    scene.journal.append(before, False, None, OLDER - 1, 1)
    scene.journal._written.clear()
    assert scene.submit(before, YOUNGER) is None
    assert scene.judged == []


@pytest.mark.parametrize(("asked", "shown"), [("", ["a", "b"]), ("alpha", ["a"]), ("beta", ["b"]), ("gamma", [])])
def test_intents_are_cut_to_the_strategy_that_is_asked_for(scene: Scene, asked: str, shown: list[str]) -> None:
    for name, strategy in (("a", "alpha"), ("b", "beta")):
        scene.journal.append(an_order(name, strategy=strategy), False, None, YOUNGER, 5)
    header = RequestHeader(WIRE_VERSION, 1, "whoever", 0, 2**62, 1)
    answer = scene.gate.on_get_intents(GetIntents(0, asked), header)
    assert [intent.order.order_id for intent in answer.intents] == shown
    assert (answer.last, answer.oldest_ns) == (2, 5), "what was cut is not taken for the end of the journal"


@pytest.mark.parametrize(
    "terms",
    [
        {"order_id": mint_order_id("test", "beta", YOUNGER, 1)},
        {"client_order_id": mint_order_id("test", "beta", YOUNGER, 1)},
        {"client_order_id": mint_order_id("test", "alpha", YOUNGER, 2)},
        {"order_id": mint_order_id("other", "alpha", YOUNGER, 1)},
        {"order_id": "by hand"},
        {"order_id": ""},
    ],
    ids=str,
)
def test_p12_a_strategy_orders_by_names_of_its_own(scene: Scene, terms: dict[str, str]) -> None:
    order_id = terms.get("order_id", mint_order_id("test", "alpha", YOUNGER, 1))
    refused = scene.submit(an_order(order_id, client_order_id=terms.get("client_order_id", order_id)), YOUNGER)
    assert isinstance(refused, Refused)
    assert refused.code is Code.NOT_ALLOWED
    assert scene.judged == []
