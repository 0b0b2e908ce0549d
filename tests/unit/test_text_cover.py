from __future__ import annotations

import random

import pytest

from sharedctx_workers.compressors.text_cover import NEARLY, cover
from sharedctx_workers.compressors.text_facts import facts_of


def stated(*facts: str) -> list[frozenset[str]]:
    return [frozenset(each.split()) for each in facts]


def test_what_states_most_in_the_fewest_tokens_is_read_first() -> None:
    order, covered, new = cover(
        stated("a b c", "", "a", "d e", "a b"), [0.0] * 5, [20, 10, 10, 30, 20]
    )
    assert order[:2] == [0, 3]
    assert covered == 2
    assert sorted(order) == [0, 1, 2, 3, 4]
    assert new == [{"a", "b", "c"}, set(), set(), {"d", "e"}, set()]


def test_repetition_waits_for_what_is_worth_more_by_itself() -> None:
    order, covered, _ = cover(stated("a", "a", ""), [0.0, 0.1, 1.0], [10, 10, 10])
    assert covered == 1
    assert order == [1, 2, 0]


def test_neighbors_cost_less() -> None:
    facts = stated("a b c d", "e", "", "f")
    order, _, _ = cover(facts, [0.0] * 4, [10, 10, 10, 10])
    assert order[:2] == [0, 1]


@pytest.mark.parametrize("seed", range(5))
def test_nearly_every_fact_is_stated_when_it_says_so(seed: int) -> None:
    choose = random.Random(seed)
    facts = [frozenset(choose.sample("abcdefghijklmnop", choose.randrange(4))) for _ in range(60)]
    costs = [float(choose.randrange(1, 50)) for _ in facts]
    order, covered, new = cover(facts, [choose.random() for _ in facts], costs)
    assert sorted(order) == list(range(60))
    wanted = NEARLY * len(frozenset().union(*facts))
    assert len(frozenset().union(*(facts[i] for i in order[:covered]))) >= wanted
    assert len(frozenset().union(*(facts[i] for i in order[: covered - 1]))) < wanted
    assert sorted(fact for told in new for fact in told) == sorted(frozenset().union(*facts))
    assert all(told <= stated for told, stated in zip(new, facts, strict=True))


def test_nothing_to_read() -> None:
    assert cover([], [], []) == ([], 0, [])


def test_facts_are_what_cannot_be_guessed() -> None:
    text = (
        "Set `max_size` to 4.5 in /etc/app.conf, see https://x.test/a. "
        "what Blue Whale Project did is "
        "never started with --force unless --dry-run is given, and it doesn't retry."
    )
    assert {
        "max_size", "4.5", "/etc/app.conf", "https://x.test/a.", "Blue Whale Project", "--force",
        "--dry-run", "never started", "unless dry", "doesn't retry",
    } <= set(facts_of(text))  # fmt: skip
    assert not [fact for fact in facts_of("x = not y", is_code=True) if "not" in fact]


def test_a_number_is_a_fact_apart_from_the_words_it_is_part_of() -> None:
    assert {"12", "2020-12-27", "5%"} <= set(facts_of("Node 12 since 2020-12-27, 5% faster"))
    assert "12" not in facts_of("released on 2020-12-27")


def test_facts_of_code_are_what_it_imports_and_defines() -> None:
    source = "import { a } from 'b'\nasync def go(x, y):\n    return {\"key\": x is not y}\n"
    facts = set(facts_of(source, is_code=True))
    assert {"import { a } from 'b'", "async def go(x, y)", '"key"'} <= facts
    assert not any(fact.startswith("not") for fact in facts)
