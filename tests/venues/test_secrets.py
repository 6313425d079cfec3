"""Secrets come by reference, and no message shows one."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.runtime import ActorExit, ExitCode
from venues.secrets import resolve


def test_a_secret_comes_from_the_environment_and_does_not_show_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", " hush\n")
    secret = resolve("env:A_SECRET", "api_key")
    assert secret.reveal() == "hush"
    assert "hush" not in f"{secret!r}{secret}"


def test_a_secret_comes_from_a_file_that_only_its_owner_may_read(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("hush\n")
    file.chmod(0o600)
    assert resolve(f"file:{file}", "api_secret").reveal() == "hush"
    file.chmod(0o640)
    with pytest.raises(ActorExit, match="mode 0640, so others may read it; expected 0600"):
        resolve(f"file:{file}", "api_secret")


@pytest.mark.parametrize("reference", ["", "plain-secret", "env:", "vault:x", "env:NOT_THERE", "file:/not/there"])
def test_a_reference_that_gives_nothing_is_one_clear_configuration_error(reference: str) -> None:
    with pytest.raises(ActorExit) as caught:
        resolve(reference, "BINANCE: api_key")
    assert caught.value.code is ExitCode.CONFIGURATION
    assert caught.value.reason.startswith("BINANCE: api_key: ")


def test_a_secret_typed_in_by_mistake_is_not_repeated_in_the_message() -> None:
    with pytest.raises(ActorExit) as caught:
        resolve("s3cr3t-typed-in", "api_key")
    assert "s3cr3t" not in caught.value.reason
