"""Refusals are told to a person, but nobody can drown other alerts with them."""

from __future__ import annotations

from actors.runtime.refusals import REFUSAL_TOLD_S, REFUSALS_EACH, REFUSALS_KEPT, Refusals


def told(refusals: Refusals, who: str, count: int, now_s: float) -> int:
    return sum(refusals.is_news(who, f"may not read {number}", now_s) for number in range(count))


def test_the_same_refusal_is_news_once_a_while() -> None:
    refusals = Refusals()
    assert refusals.is_news("monitor", "may not halt", 1.0)
    assert not refusals.is_news("monitor", "may not halt", 2.0)
    assert refusals.is_news("operator", "may not halt", 2.0)
    assert refusals.is_news("monitor", "may not halt", 1.0 + REFUSAL_TOLD_S)


def test_who_is_refused_for_ever_new_reasons_keeps_nobody_else_from_being_told_of() -> None:
    refusals = Refusals()
    assert told(refusals, "strategy:a", 1_000, 1.0) == REFUSALS_EACH
    assert told(refusals, "strategy:b", 1, 2.0) == 1
    assert told(refusals, "strategy:a", 1_000, 1.0 + REFUSAL_TOLD_S) == REFUSALS_EACH


def test_refusals_are_bounded_whoever_is_refused() -> None:
    refusals = Refusals()
    assert sum(told(refusals, f"strategy:{number}", 1, 1.0) for number in range(1_000)) == REFUSALS_KEPT
