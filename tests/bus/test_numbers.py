"""What a publisher counts: numbers never run backwards in one life, and what is forgotten costs nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bus.streams.numbers import CLOSED_BEATS, FULL_BEATS, Numbers


def test_each_topic_counts_for_itself() -> None:
    numbers = Numbers()
    assert [numbers.next(topic) for topic in ("a", "a", "b")] == [1, 2, 1]
    assert (numbers.at("a"), numbers.at("c")) == (2, 0)


def test_a_beat_names_what_changed_since_the_last_one_and_now_and_then_all() -> None:
    numbers = Numbers()
    numbers.next("quiet")
    assert numbers.beat() == {"quiet": 1}
    said = []
    for _ in range(FULL_BEATS):
        numbers.next("busy")
        said.append(numbers.beat())
    assert said[0] == {"busy": 1}
    assert said[-1] == {"busy": FULL_BEATS, "quiet": 1}
    assert numbers.beat() == {}


def test_a_closed_topics_last_number_is_told_until_a_reader_that_missed_it_takes_us_for_mute() -> None:
    numbers = Numbers()
    numbers.beat()
    numbers.next("a")
    numbers.forget("a")
    assert [numbers.beat() for _ in range(CLOSED_BEATS + 1)] == [{"a": 1}] * CLOSED_BEATS + [{}]


def test_a_number_that_a_journal_gave_is_kept() -> None:
    numbers = Numbers()
    numbers.give("execution/a/", 41)
    numbers.forget("execution/a/")
    assert numbers.is_given("execution/a/")
    assert numbers.at("execution/a/") == 41
    assert numbers.at("other") == 0


@given(st.lists(st.tuples(st.sampled_from(["next", "forget", "at", "beat"]), st.sampled_from("abc")), max_size=40))
def test_numbers_never_run_backwards_and_what_was_said_covers_them(steps: list[tuple[str, str]]) -> None:
    numbers, last, held = Numbers(), dict.fromkeys("abc", 0), set()
    for step, topic in steps:
        if step == "next":
            number = numbers.next(topic)
            assert number > last[topic]
            last[topic] = number
            held.add(topic)
        elif step == "at":
            assert numbers.at(topic) >= last[topic]
            last[topic] = numbers.at(topic)
            held.add(topic)
        elif step == "forget":
            numbers.forget(topic)
            held.discard(topic)
        else:
            assert all(number <= max(last.values()) for number in numbers.beat().values())
        assert len(numbers) == len(held)
