"""Key files and the list of who is let in."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from bus.security import SUPERVISOR_ROLE, KeyFileError, KeyRing, KeyStore


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    """A store with the keys of a gate and a strategy."""
    found = KeyStore(tmp_path / "keys")
    found.ensure("actor:gate", "strategy:maker")
    return found


def test_the_first_start_makes_a_key_for_each_role_and_the_second_keeps_them(store: KeyStore) -> None:
    first = store.load("actor:gate")
    store.ensure("actor:gate", "operator")
    assert store.load("actor:gate") == first
    assert store.allowed()[first.public] == "actor:gate"
    assert sorted(store.allowed().values()) == ["actor:gate", "actor:supervisor", "operator", "strategy:maker"]


def test_every_key_names_the_supervisors_so_that_its_holder_finds_the_floor(store: KeyStore) -> None:
    assert store.load("strategy:maker").supervisor == store.load(SUPERVISOR_ROLE).public


def test_key_files_are_their_owners_alone_and_a_secret_never_shows_itself(store: KeyStore) -> None:
    assert store.file_of("actor:gate").stat().st_mode & 0o777 == 0o600
    assert store.folder.stat().st_mode & 0o077 == 0
    keys = store.load("actor:gate")
    assert keys.secret not in repr(keys)


def test_a_key_that_others_can_read_is_refused_by_name(store: KeyStore) -> None:
    file = store.file_of("actor:gate")
    file.chmod(0o644)
    with pytest.raises(KeyFileError, match=rf"{file} can be read by others; expected mode 0600"):
        store.load("actor:gate")


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b'{"role": 1}'])
def test_a_damaged_key_file_is_one_error_that_names_it(store: KeyStore, content: bytes) -> None:
    store.file_of("actor:gate").write_bytes(content)
    with pytest.raises(KeyFileError, match=r"actor\.gate\.key is no key file"):
        store.load("actor:gate")


def test_a_missing_key_is_one_error_that_names_it(store: KeyStore) -> None:
    with pytest.raises(KeyFileError, match=r"strategy.other.key: there is no such key"):
        store.load("strategy:other")


def test_a_ring_knows_who_is_allowed_and_sees_changes_when_it_looks(store: KeyStore) -> None:
    ring, gate = KeyRing(store.folder), store.load("actor:gate")
    assert ring.role_of(gate.public) == "actor:gate"
    assert ring.role_of("a stranger's") == ""
    assert ring.refresh() is False
    store.ensure("monitor")
    assert ring.role_of(store.load("monitor").public) == ""
    assert ring.refresh() is False, "a key more takes nothing from anybody"
    assert ring.role_of(store.load("monitor").public) == "monitor"
    store.revoke("actor:gate")
    assert ring.refresh() is True
    assert ring.role_of(gate.public) == ""


def test_a_list_that_cannot_be_opened_for_want_of_descriptors_takes_nobodys_key(store: KeyStore) -> None:
    ring, gate = KeyRing(store.folder), store.load("actor:gate")
    store.ensure("monitor")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        assert ring.refresh() is False
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert ring.role_of(gate.public) == "actor:gate"
    ring.refresh()
    assert ring.role_of(store.load("monitor").public) == "monitor", "and it is read once it can be"


def test_a_key_with_another_role_has_lost_the_one_it_had(store: KeyStore) -> None:
    ring, gate = KeyRing(store.folder), store.load("actor:gate")
    store.allow(gate.public, "monitor")
    assert ring.refresh() is True
    assert ring.role_of(gate.public) == "monitor"


def test_without_a_readable_list_nobody_is_let_in(store: KeyStore) -> None:
    ring, gate = KeyRing(store.folder), store.load("actor:gate")
    (store.folder / "allowed.json").unlink()
    assert ring.refresh() is True
    assert ring.role_of(gate.public) == ""
    (store.folder / "allowed.json").write_text("no list")
    assert KeyRing(store.folder).role_of(gate.public) == ""


def test_a_slip_in_the_list_takes_no_key_from_whoever_knew_a_good_one_and_is_told(store: KeyStore) -> None:
    ring, gate = KeyRing(store.folder), store.load("actor:gate")
    good = (store.folder / "allowed.json").read_bytes()
    (store.folder / "allowed.json").write_text("no list")
    assert not ring.has_lost()
    assert ring.role_of(gate.public) == "actor:gate"
    assert "allowed.json cannot be read, so the list before it stands" in ring.problem
    (store.folder / "allowed.json").write_bytes(good)
    assert not ring.has_lost()
    assert ring.problem == ""


def test_a_key_that_is_forbidden_takes_no_other_of_its_role_along(store: KeyStore) -> None:
    store.allow("elsewhere", "strategy:maker")
    old = store.rotate("strategy:maker")
    store.forbid(old.public)
    assert sorted(key for key, role in store.allowed().items() if role == "strategy:maker") == sorted(
        ["elsewhere", store.load("strategy:maker").public]
    )


def test_a_rotated_key_is_let_in_beside_the_old_one_until_that_is_retired(store: KeyStore) -> None:
    old = store.load("strategy:maker")
    assert store.rotate("strategy:maker").public == old.public
    new = store.load("strategy:maker")
    assert new.public != old.public
    assert {store.allowed()[old.public], store.allowed()[new.public]} == {"strategy:maker"}
    assert store.retire("strategy:maker", keep=new.public)
    assert old.public not in store.allowed()
    assert store.allowed()[new.public] == "strategy:maker"
    assert not store.retire("strategy:maker", keep=new.public)


def test_a_role_that_has_no_key_cannot_be_rotated(store: KeyStore) -> None:
    with pytest.raises(KeyFileError):
        store.rotate("strategy:nobody")


def test_processes_that_make_keys_at_once_lose_none_of_them(tmp_path: Path) -> None:
    code = "import sys; from bus.security import KeyStore; KeyStore(sys.argv[1]).ensure(*sys.argv[2:])"
    folder, roles = tmp_path / "keys", [[f"strategy:s{who}x{count}" for count in range(20)] for who in range(4)]
    running = [subprocess.Popen([sys.executable, "-c", code, str(folder), *each], env=os.environ) for each in roles]
    assert [process.wait(30) for process in running] == [0] * 4
    store = KeyStore(folder)
    assert sorted(store.allowed().values()) == sorted(["actor:supervisor", *(role for each in roles for role in each)])
    assert all(store.allowed()[store.load(role).public] == role for each in roles for role in each)
