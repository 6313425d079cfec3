"""Every call: one row of the table, one method, one meaning over REST and the WebSocket API."""

from __future__ import annotations

import inspect
import re
import typing
from typing import Any

import pytest

from venues.binance.client import ENDPOINTS, Endpoint
from venues.binance.client.calls import Calls
from venues.binance.twin.requests.endpoints import TABLE

PREFIX = "/api/v3/"
IDS = [endpoint.name for endpoint in ENDPOINTS]


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def parameters(name: str) -> set[str]:
    """What a method takes, by name: its own parameters and those of its options."""
    found = set()
    for parameter in inspect.signature(getattr(Calls, name)).parameters.values():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            (options,) = typing.get_args(typing.get_type_hints(getattr(Calls, name), include_extras=True)["options"])
            found |= set(options.__annotations__)
            assert options.__total__ is False
        elif parameter.name != "self":
            found.add(parameter.name)
    return found


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=IDS)
def test_a_method_takes_what_the_venue_takes_and_says_its_weight(endpoint: Endpoint[Any]) -> None:
    assert parameters(endpoint.name) == set(endpoint.params)
    assert {snake(name) for name in endpoint.params.values()} == set(endpoint.params)
    words = " ".join(inspect.getdoc(getattr(Calls, endpoint.name)).split())  # type: ignore[union-attr]
    assert f"Weight {endpoint.weight}" in words


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=IDS)
def test_a_query_is_named_by_its_path_and_a_command_by_its_verb(endpoint: Endpoint[Any]) -> None:
    path = "_".join(snake(part) for part in endpoint.path.removeprefix(PREFIX).split("/"))
    if endpoint.verb == "GET":
        assert endpoint.name == path
    else:
        assert endpoint.name.partition("_")[0] in ("place", "test", "cancel", "amend")
        assert set(path.removesuffix("_test").split("_")) <= set(endpoint.name.split("_"))


def test_every_call_is_there_once() -> None:
    assert len({endpoint.name for endpoint in ENDPOINTS}) == len(ENDPOINTS) == 48
    assert len({(endpoint.verb, endpoint.path) for endpoint in ENDPOINTS}) == len(ENDPOINTS)
    assert len({endpoint.ws for endpoint in ENDPOINTS}) == len(ENDPOINTS)
    public = {name for name, value in vars(Calls).items() if not name.startswith("_")}
    for base in Calls.__bases__:
        public |= {name for name in vars(base) if not name.startswith("_")}
    assert public == {endpoint.name for endpoint in ENDPOINTS}


def test_the_twin_that_was_built_from_the_venues_pages_understands_the_same_calls() -> None:
    ours = {(endpoint.verb, endpoint.path): endpoint for endpoint in ENDPOINTS}
    served = [theirs for theirs in TABLE if theirs.path.startswith(PREFIX)]
    assert len(served) > 20
    for theirs in served:
        endpoint = ours[theirs.method, theirs.path]
        assert (endpoint.ws, endpoint.signed) == (theirs.ws, theirs.is_signed), endpoint.title
        assert set(endpoint.params.values()) <= theirs.names, endpoint.title
