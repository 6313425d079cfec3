"""What the reconciler writes down before anybody is told."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from order_samples import INSTANCE, a_fill, an_event, an_intent, an_order

from actors.reconciler import Reconciler
from actors.reconciler.journal import EventJournal
from actors.reconciler.ledger import Ledger
from actors.runtime import Context
from bus import topics
from bus.codec import ReplyStatus, decode
from bus.messages import Code, ExecutionUpdate, IntentsAnswer, Message, OrderEventKind, Side
from bus.requests import Reply


class Place:
    """A member's epoch and publisher; what is published is kept with what the journal held at that moment."""

    epoch = 7

    def __init__(self, path: Path) -> None:
        self.publisher = self
        self.told: list[tuple[str, int | None, Message, int]] = []
        self._path = path

    def publish(self, topic: str, message: Message, seq: int | None = None) -> None:
        reader = EventJournal(self._path)
        self.told.append((topic, seq, message, reader.last))
        reader.close()


@pytest.fixture
def reconciler(tmp_path: Path) -> Iterator[Any]:
    """A reconciler with a journal and without a floor."""
    made: Any = Reconciler(
        Context("reconciler", "reconciler", str(tmp_path), str(tmp_path), "demo", settings={"instances": [INSTANCE]})
    )
    made.member = Place(tmp_path / "events.db")
    made.journal = EventJournal(tmp_path / "events.db")
    yield made
    made.journal.close()


@pytest.mark.parametrize("wrong", [{"side": Side.UNKNOWN}, {"size": Decimal(0)}, {"trade_id": ""}], ids=str)
def test_a_fill_that_cannot_be_booked_is_journalled_once_and_said_and_hurts_nobody(
    reconciler: Any, wrong: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    bad = a_fill(**{"trade_id": "1", **wrong})
    for _ in range(3):
        reconciler.record([an_intent(1, an_order()), bad, a_fill("2")])
    assert [row.kind for row in list(reconciler.journal.each())] == ["intent", "unbookable", "fill"]
    assert decode(list(reconciler.journal.each())[1].body).fill == bad
    assert [line.levelname for line in caplog.records if "cannot be booked" in line.message] == ["ERROR"]
    assert reconciler._figures["unbookable_fills"] == 1
    assert [position.fills for position in reconciler.ledger.positions.values()] == [1]


def test_nothing_is_told_that_is_not_in_the_journal_already(reconciler: Any) -> None:
    reconciler.record([an_intent(1, an_order()), an_event(OrderEventKind.ACCEPTED), a_fill("1"), a_fill("1")])
    told = reconciler.member.told
    assert [(topic, seq) for topic, seq, _, _ in told] == [(topics.topic("execution", "alpha"), n) for n in (1, 2, 3)]
    assert {rows for _, _, _, rows in told} == {3}
    published = [decode(raw) for _, raw in reconciler.journal.stream_after("alpha", 0)]
    assert published == [message for _, _, message, _ in told]
    assert all(isinstance(update, ExecutionUpdate) for update in published)


def test_a_fill_is_written_with_the_names_of_its_order(reconciler: Any) -> None:
    reconciler.record([an_intent(1, an_order()), an_event(OrderEventKind.ACCEPTED, venue_order_id="5")])
    reconciler.record([a_fill("1", "", venue_order_id="5")])
    row = list(reconciler.journal.each())[-1]
    fill = decode(row.body)
    assert (fill.client_order_id, fill.order_id, fill.strategy) == ("o1", "o1", "alpha")
    assert (row.strategy, row.order_id) == ("alpha", "o1")
    replayed = Ledger()
    for each in list(reconciler.journal.each()):
        replayed.apply(decode(each.body))
    assert replayed.digest() == reconciler.ledger.digest()


async def test_an_intent_that_the_stream_tells_before_an_older_answer_comes_is_no_sign_of_a_lost_journal(
    reconciler: Any, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = (an_intent(number, an_order(f"o{number}")) for number in (1, 2))
    reconciler.record([first])

    async def ask(name: str, message: Message, timeout_s: float) -> Reply:
        reconciler._on_intents(second, None, "intent/gate/")
        return Reply(ReplyStatus.OK, Code.NONE, IntentsAnswer((), 1))

    reconciler.ask = ask
    assert await reconciler._pull_intents()
    assert reconciler.ledger.last_intent == 2
    assert not [line for line in caplog.records if line.levelname == "ERROR"]
