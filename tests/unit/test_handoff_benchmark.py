"""The replay of a swarm: its sequence, its questions, and its sums, on a real server and worker."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from sharedctx import tokens
from sharedctx.embedded import local_stack
from tests.benchmarks.compression.documents import KINDS, CorpusDocument
from tests.benchmarks.handoff import report, sums
from tests.benchmarks.handoff.facts import MUST_FACTS, Fact, facts_of
from tests.benchmarks.handoff.replay import Outcome, Read, replay
from tests.benchmarks.handoff.swarm import AGENTS, NOTE, Content, Handoff, plan

_ROOT = Path(__file__).parents[2]
_LOG = "\n".join(
    f"2025-11-03 08:{n // 60:02}:{n % 60:02} INFO worker {n % 5} took job {n * 31} of 7000 rows"
    for n in range(400)
)
_NEEDLE = (
    "\n2025-11-03 08:07:11 ERROR worker 3 refused job 99113: quota of tenant acme-7 is spent\n"
)
_TEXTS = {
    "log": _LOG + _NEEDLE + _LOG.replace(" 08:", " 09:"),
    "code": (_ROOT / "sharedctx" / "client.py").read_text(),
    "text": (_ROOT / "docs" / "architecture.md").read_text(),
    "json": json.dumps([{"id": f"order-{n}", "total": n * 31, "paid": n % 3} for n in range(300)]),
}


def _documents() -> list[CorpusDocument]:
    """Return two documents of each kind; the kinds without material of their own take the log."""
    return [
        CorpusDocument(kind, f"{kind}/{n}", f"{n}\n" + _TEXTS.get(kind, _TEXTS["log"]))
        for kind in KINDS
        for n in range(2)
    ]


def _handoff(kind: str, text: str, number: int = 0) -> Handoff:
    content = Content(f"{kind}-{number}", kind, CorpusDocument(kind, f"{kind}-{number}", text))
    return Handoff(number, "coder", "reviewer", content, again=False)


def test_a_seed_fixes_the_sequence() -> None:
    documents = _documents()
    handoffs = plan(documents, 60, seed=1)
    assert handoffs == plan(documents, 60, seed=1)
    assert handoffs != plan(documents, 60, seed=2)
    assert [each.number for each in handoffs] == list(range(60))
    assert {each.sender for each in handoffs} | {each.receiver for each in handoffs} == set(AGENTS)
    assert {each.content.kind for each in handoffs} >= {NOTE, "diff", "code", "log"}
    assert all(each.sender != each.receiver for each in handoffs)
    had: set[tuple[str, str]] = set()
    for each in handoffs:
        assert each.again == ((each.receiver, each.content.key) in had)
        had.add((each.receiver, each.content.key))
    assert any(each.again for each in handoffs)
    receivers = Counter(each.content.key for each in handoffs if not each.again)
    assert max(receivers.values()) == 3, "a brief goes to all researchers"


def test_a_question_does_not_give_the_answer_away() -> None:
    asked = 0
    for kind, text in _TEXTS.items():
        for number in range(10):
            facts = facts_of(_handoff(kind, text, number), seed=1)
            assert sum(fact.must for fact in facts) == MUST_FACTS
            for fact in facts:
                asked += 1
                assert fact.question.strip()
                assert fact.told(text)
                assert not fact.told(fact.question)
    assert asked > 40
    assert facts_of(_handoff(NOTE, "1. read the code"), seed=1) == []


async def test_a_replay_counts_what_was_moved() -> None:
    count = tokens.load().count
    quota = Fact("whose quota is spent?", lambda text: "tenant acme-7" in text, must=True)
    never = Fact("what is nowhere?", lambda text: text == _TEXTS["log"], must=False)
    log = _handoff("log", _TEXTS["log"])
    note = _handoff(NOTE, "1. read the code", 1)
    again = replace(log, number=2, receiver="planner", again=True)
    needs = [(log, [quota, never]), (note, []), (again, [quota])]
    async with local_stack(workers=1) as stack:
        done = await replay(needs, stack.url, count, model="gpt-4o", seed=1)
    first, small, second = done
    assert first.original_tokens == count(_TEXTS["log"]) > first.rendition_tokens > 0
    assert first.facts == [(True, "rendition"), (False, "original")]
    assert [read.how for read in first.reads][:2] == ["query", "full after query"]
    assert first.reads[0].tokens <= 500
    assert first.reads[1] == Read("full after query", count(_TEXTS["log"]), len(_TEXTS["log"]))
    asked = count("log-0") + count("what is nowhere?")
    assert first.asked_tokens == asked
    expected = first.rendition_tokens + asked + sum(read.tokens for read in first.reads)
    assert first.tokens == expected > first.original_tokens
    assert small.reads == []
    assert small.tokens == small.original_tokens + count("note-1")
    assert small.times.ready is None
    assert second.times.put is None, "what was put is not put again"
    assert second.rendition_tokens == first.rendition_tokens
    assert sums.moved(done).without == sum(each.original_tokens for each in done)
    assert sums.times(done)["put"][0] == 2
    assert sums.times(done)["get"][0] == 3


def _outcome(kind: str, original: int, rendition: int, *reads: Read) -> Outcome:
    return Outcome(_handoff(kind, "x"), original, rendition, 5, 40, 10, list(reads))


def test_sums_and_report(tmp_path: Path) -> None:
    asking = _outcome("log", 1000, 200, Read("query", 95, 7))
    asking.facts = [(True, "rendition"), (True, "query"), (False, "original")]
    outcomes = [asking, _outcome("json", 3000, 300), _outcome(NOTE, 40, 40)]
    by_kind = sums.moved_by_kind(outcomes)
    assert list(by_kind) == ["json", "log", NOTE, "all"]
    assert by_kind["log"].ratio == pytest.approx(0.3)
    assert by_kind["all"].without == 4040
    assert by_kind["all"].with_it == 200 + 95 + 5 + 300 + 5 + 40 + 5
    assert by_kind["all"].bytes_with == 37
    assert sums.reads(outcomes) == {"query": (1, 95)}
    assert sums.fidelity(outcomes, must=True) == sums.Fidelity(asked=2, rendition=1, query=2)
    assert report.cost(2_000_000, 3.0) == pytest.approx(6.0)
    assert "USD" not in "\n".join(report.lines(outcomes, None))
    shown = "\n".join(report.lines(outcomes, 3.0))
    assert "0.01 USD without, 0.00 USD with" in shown
    assert "1 of 3 receivers had to ask" in shown
    report.write_json(outcomes, 3.0, {"seed": 1}, tmp_path / "figures.json")
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["moved"]["all"]["with"] == by_kind["all"].with_it
    assert figures["usd_without"] == pytest.approx(0.01212)
