"""What a floor's desk has read of market data, and what its twin says that it sent."""

from __future__ import annotations

from typing import Any

from binance_floor import Floor, TwinProcess, wait_for

from bus import topics
from bus.codec import Kind
from bus.messages import Code, TopicStatus

__all__ = ["ID", "changes", "live", "sent", "states", "status_of", "topic"]

ID = "BTCUSDT.BINANCE"


def topic(kind: str, *details: str, instrument: str = ID) -> str:
    """A topic of the floor's instance."""
    return topics.market("BINANCE", kind, instrument, *details)


def changes(floor: Floor, name: str) -> list[Any]:
    """The changes that came on a topic, marks of losses too."""
    return [message for header, message in floor.messages(name) if header.kind == Kind.CHANGE]


def states(floor: Floor, name: str) -> list[Any]:
    """The states that came on a topic."""
    return [message for header, message in floor.messages(name) if header.kind == Kind.STATE]


def live(floor: Floor, *names: str) -> None:
    """Read topics, and wait until each has told something."""
    for name in names:
        floor.subscribe(name)
    wait_for(lambda: all(floor.messages(name) for name in names), "every topic is live")


def status_of(floor: Floor, name: str) -> TopicStatus:
    """What was last said of a topic; CLOSED before anything was."""
    told = floor.messages(f"status/{name}")
    found = told[-1][1] if told else TopicStatus(name, "CLOSED", Code.NONE)
    assert isinstance(found, TopicStatus)
    return found


def sent(venue: TwinProcess, stream: str) -> list[dict[str, Any]]:
    """The payload of every message of a stream; stops the twin."""
    return [line["data"] for line in venue.log("sent") if line["stream"] == stream]
