"""Strategies from a user's own files: found, judged, made, or refused in one message."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from actors.runtime import ActorExit, Context, ExitCode
from tradefloor import Strategy, strategies

ONE = """
from tradefloor import Strategy

class Alpha(Strategy):
    threshold = 0.7
    size = "0.001"
    levels = 5
    loud = False
    pairs = ("a", "b")
    anything = None
    _own = 1

    def on_quote(self, quote):
        pass

    @property
    def computed(self):
        return 1
"""
TWO = (
    ONE
    + """
class Beta(Alpha):
    threshold = 0.9
    extra = 1
"""
)


@pytest.fixture(autouse=True)
def modules() -> Iterator[None]:
    """What a user's file leaves behind in this process is taken away again."""
    known, path = set(sys.modules), list(sys.path)
    yield
    for name in set(sys.modules) - known:
        del sys.modules[name]
    sys.path[:] = path


def written(folder: Path, code: str, name: str = "mine.py") -> Path:
    file = folder / name
    file.write_text(code)
    return file


def refused(path: str, parameters: dict[str, Any] | None = None) -> str:
    with pytest.raises(ActorExit) as caught:
        strategies.check_parameters(strategies.load_class(path), parameters or {})
    assert caught.value.code == ExitCode.CONFIGURATION
    assert "\n" not in caught.value.reason
    return caught.value.reason


def test_a_class_is_found_by_its_name_and_alone_without_one(tmp_path: Path) -> None:
    file = written(tmp_path, ONE)
    assert strategies.load_class(f"{file}:Alpha").__name__ == "Alpha"
    assert strategies.load_class(str(file)).__name__ == "Alpha"
    assert issubclass(strategies.load_class(str(file)), Strategy)


def test_of_several_classes_one_has_to_be_named(tmp_path: Path) -> None:
    file = written(tmp_path, TWO)
    assert strategies.load_class(f"{file}:Beta").__name__ == "Beta"
    expected = f"{file}: expected a strategy class named after a colon; the file has: Alpha, Beta"
    assert refused(str(file)) == expected


def test_a_class_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    file = written(tmp_path, TWO)
    assert refused(f"{file}:Gamma") == f"{file}: expected a strategy class Gamma; the file has: Alpha, Beta"
    file = written(tmp_path, "class Alpha: pass", "other.py")
    assert refused(f"{file}:Alpha") == f"{file}: expected a strategy class Alpha; the file has: none"


def test_a_class_that_the_file_only_imports_is_not_the_file_s(tmp_path: Path) -> None:
    written(tmp_path, ONE, "beside.py")
    file = written(tmp_path, "from beside import Alpha\nclass Mine(Alpha):\n    more = 1\n")
    kind = strategies.load_class(str(file))
    assert kind.__name__ == "Mine"
    assert strategies.check_parameters(kind, {"more": 2, "threshold": 0.1}) == {"more": 2, "threshold": 0.1}


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.py"
    assert refused(f"{missing}:Alpha") == f"{missing}: there is no such file; expected FILE.py:Class"


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("1 / 0", "cannot be imported: ZeroDivisionError: division by zero"),
        ("def broken(:", "cannot be imported: SyntaxError: "),
        ("import nowhere_to_be_found", "cannot be imported: ModuleNotFoundError: No module named"),
        ("raise ValueError('first\\nsecond')", "cannot be imported: ValueError: first second"),
        ("raise SystemExit", "it ends the process when it is imported; expected that below if __name__"),
    ],
)
def test_a_file_that_cannot_be_imported_is_one_message(tmp_path: Path, code: str, problem: str) -> None:
    file = written(tmp_path, code)
    assert refused(f"{file}:Alpha").startswith(f"{file}: {problem}")


def test_a_file_named_like_a_module_of_python_s_own_does_not_replace_it(tmp_path: Path) -> None:
    file = written(tmp_path, ONE, "random.py")
    assert strategies.load_class(str(file)).__name__ == "Alpha"
    assert sys.modules["random"] is random


def judged(tmp_path: Path, **parameters: Any) -> dict[str, Any]:
    return strategies.check_parameters(strategies.load_class(str(written(tmp_path, ONE))), parameters)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({"threshold": 0.5}, {"threshold": 0.5}),
        ({"threshold": 1}, {"threshold": 1.0}),
        ({"threshold": "0.5"}, {"threshold": 0.5}),
        ({"size": "0.002"}, {"size": "0.002"}),
        ({"levels": "7"}, {"levels": 7}),
        ({"loud": True}, {"loud": True}),
        ({"loud": "true"}, {"loud": True}),
        ({"pairs": ["c"]}, {"pairs": ("c",)}),
        ({"anything": {"deep": [1]}}, {"anything": {"deep": [1]}}),
        ({}, {}),
    ],
    ids=str,
)
def test_a_parameter_becomes_what_its_class_attribute_is(
    tmp_path: Path, given: dict[str, Any], taken: dict[str, Any]
) -> None:
    found = judged(tmp_path, **given)
    assert found == taken
    assert [type(value) for value in found.values()] == [type(value) for value in taken.values()]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"treshold": 1}, "Alpha has no parameter 'treshold'; its class attributes are: threshold, size, levels, loud"),
        ({"on_quote": 1}, "Alpha has no parameter 'on_quote'"),
        ({"computed": 1}, "Alpha has no parameter 'computed'"),
        ({"_own": 1}, "Alpha has no parameter '_own'"),
        ({"serves": True}, "Alpha has no parameter 'serves'"),
        ({"threshold": "high"}, "Alpha.threshold: expected float like 0.7, found str 'high'"),
        ({"size": 0.002}, "Alpha.size: expected str like '0.001', found float 0.002"),
        ({"levels": 1.5}, "Alpha.levels: expected int like 5, found float 1.5"),
        ({"levels": True}, "Alpha.levels: expected int like 5, found bool True"),
        ({"loud": 1}, "Alpha.loud: expected bool like False, found int 1"),
        ({"pairs": "ab"}, "Alpha.pairs: expected tuple like ('a', 'b'), found str 'ab'"),
    ],
    ids=str,
)
def test_a_parameter_that_does_not_fit_is_refused_with_what_would(
    tmp_path: Path, given: dict[str, Any], problem: str
) -> None:
    assert refused(str(written(tmp_path, ONE)), given).startswith(problem)


def test_a_decimal_default_makes_decimals(tmp_path: Path) -> None:
    code = ONE.replace('"0.001"', 'Decimal("0.001")').replace("from", "from decimal import Decimal\nfrom", 1)
    kind = strategies.load_class(str(written(tmp_path, code)))
    assert strategies.check_parameters(kind, {"size": "0.10"}) == {"size": Decimal("0.10")}


def test_a_strategy_is_made_with_its_parameters(tmp_path: Path) -> None:
    file = written(tmp_path, TWO)
    settings = {"path": f"{file}:Beta", "parameters": {"threshold": "0.25", "levels": 9}}
    made: Any = strategies.load(Context("alpha", "strategy", "/run", "/state", "demo", settings=settings))
    assert (made.name, made.threshold, made.levels, made.extra) == ("alpha", 0.25, 9, 1)
    assert type(made).threshold == 0.9


@pytest.mark.parametrize(
    ("parameters", "code", "words"),
    [
        ("{}", 0, ""),
        ('{"levels": 6}', 0, ""),
        ('{"levels": "x"}', 10, "Alpha.levels: expected int like 5, found str 'x'\n"),
    ],
)
def test_a_strategy_is_judged_in_a_process_of_its_own(tmp_path: Path, parameters: str, code: int, words: str) -> None:
    command = [sys.executable, "-m", "tradefloor.strategies", f"{written(tmp_path, ONE)}:Alpha", parameters]
    result = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert (result.returncode, result.stderr, result.stdout) == (code, words, "")
