"""Who is on the floor, and epochs that are never issued twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.supervisor.registry import Registry
from bus.messages import Code, DirectoryEntry, Refused, Register

NOW = 1_760_000_000 * 10**9


def registration(name: str = "gate", version: str = "0.1", **facts: Any) -> Register:
    return Register(name, "gate", 42, version, serves_at=f"ipc://{name}.s", prefixes=("intent/",), **facts)


def added(registry: Registry, name: str = "gate", wall_ns: int = NOW) -> DirectoryEntry:
    entry = registry.add(registration(name), wall_ns, "0")
    assert isinstance(entry, DirectoryEntry)
    return entry


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry("demo", tmp_path / "epoch")


def test_an_actor_is_entered_with_what_it_offers_under_a_new_epoch(registry: Registry) -> None:
    entry = added(registry)
    assert (entry.name, entry.serves_at, entry.prefixes, entry.live) == ("gate", "ipc://gate.s", ("intent/",), True)
    assert entry.epoch == NOW // 10**9
    assert registry.is_current("gate", entry.epoch)
    assert not registry.is_current("gate", entry.epoch - 1)
    assert registry.table().entries == (entry,)
    assert registry.table().floor == "demo"


def test_a_name_that_lives_is_refused_with_the_pid_that_has_it(registry: Registry) -> None:
    first = added(registry)
    refused = registry.add(registration(), NOW, "0")
    assert refused == Refused(Code.DUPLICATE_NAME, "'gate' is on the floor already (pid 42)")
    assert registry.is_current("gate", first.epoch)


def test_a_name_is_free_again_once_its_life_is_revoked(registry: Registry) -> None:
    first = added(registry)
    gone = registry.revoke("gate", first.epoch)
    assert gone is not None
    assert not gone.live
    assert not registry.is_current("gate", first.epoch)
    assert added(registry).epoch > first.epoch


def test_an_older_life_cannot_be_revoked_in_the_newer_one_s_place(registry: Registry) -> None:
    first = added(registry)
    registry.revoke("gate")
    second = added(registry)
    assert registry.revoke("gate", first.epoch) is None
    assert registry.is_current("gate", second.epoch)
    assert registry.revoke("nobody") is None


@pytest.mark.parametrize("version", ["1.0", "2", "", "x.1"])
def test_another_major_version_is_refused_with_both_named(registry: Registry, version: str) -> None:
    refused = registry.add(registration(version=version), NOW, "0")
    reason = f"gate speaks version {version}, the floor major version 0"
    assert refused == Refused(Code.BAD_VERSION, reason)
    assert registry.table().entries == ()


@pytest.mark.parametrize("version", ["0.0", "0.1", "0.99", "0"])
def test_another_minor_version_is_welcome(registry: Registry, version: str) -> None:
    assert isinstance(registry.add(registration(version=version), NOW, "0"), DirectoryEntry)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(-100, 100), st.booleans()), min_size=1, max_size=30))
def test_epochs_grow_over_restarts_and_whatever_the_wall_clock_does(
    tmp_path_factory: pytest.TempPathFactory, lives: list[tuple[int, bool]]
) -> None:
    file = tmp_path_factory.mktemp("floor") / "epoch"
    registry, last = Registry("demo", file), 0
    for seconds, restarted in lives:
        if restarted:
            registry = Registry("demo", file)
        epoch = registry.issue_epoch(NOW + seconds * 10**9)
        assert epoch > last
        last = epoch


@pytest.mark.parametrize("ruin", [lambda file: file.unlink(), lambda file: file.write_text("half a numb")])
def test_a_lost_epoch_file_repeats_no_epoch_as_the_seconds_go_on(tmp_path: Path, ruin: Any) -> None:
    file = tmp_path / "epoch"
    before = Registry("demo", file)
    epochs = [before.issue_epoch(NOW + number) for number in range(5)]
    ruin(file)
    assert Registry("demo", file).issue_epoch(NOW + 10 * 10**9) > epochs[-1]


def test_an_epoch_is_written_down_before_anybody_learns_of_it(tmp_path: Path) -> None:
    registry = Registry("demo", tmp_path / "epoch")
    epoch = registry.issue_epoch(NOW)
    assert (tmp_path / "epoch").read_text() == str(epoch)
    assert [path.name for path in tmp_path.iterdir()] == ["epoch"]
