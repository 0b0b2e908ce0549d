"""A model of put, get, delete, clear, conditional puts, history and expiry: a dict."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sharedctx import RevisionConflict, SharedContext
from sharedctx.testing import MemoryStore, NamespaceConfig

KEYS = st.sampled_from(["a", "b", "c.d", "", "*", "é\x00"])
CONTENTS = st.text(st.characters(exclude_categories=[]), max_size=40)
MAX_ENTRIES = 4
HISTORY = 2
_numbers = itertools.count()


class ContextMachine(RuleBasedStateMachine):
    """Runs random calls on a context and on the model, and compares what they answer."""

    expiries_left = 100

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.context = self.make_context()
        self.run(self.context.open())
        self.model: dict[str, list[tuple[int, str]]] = {}  # newest revision first, oldest key first

    def make_context(self) -> SharedContext:
        raise AssertionError("each store has its own machine")

    def expire(self) -> None:
        raise AssertionError("each store has its own machine")

    def run(self, call: Any) -> Any:
        return self.loop.run_until_complete(call)

    def teardown(self) -> None:
        self.run(self.context.aclose())
        self.loop.close()

    def stored(self, key: str, revision: int, content: str) -> None:
        past = self.model.pop(key, [])
        self.model[key] = [(revision, content), *past][:HISTORY]
        while len(self.model) > MAX_ENTRIES:
            del self.model[next(iter(self.model))]

    @rule(key=KEYS, content=CONTENTS)
    def put(self, key: str, content: str) -> None:
        entry = self.run(self.context.put(key, content))
        self.stored(key, entry.revision, content)

    @rule(key=KEYS, content=CONTENTS, stale=st.booleans())
    def put_conditionally(self, key: str, content: str, stale: bool) -> None:  # noqa: FBT001
        current = self.model.get(key, [(0, "")])[0][0]
        try:
            entry = self.run(self.context.put(key, content, expect=current + 1000 * stale))
        except RevisionConflict:
            assert stale
        else:
            assert not stale
            self.stored(key, entry.revision, content)

    @rule(key=KEYS)
    def get(self, key: str) -> None:
        expected = self.model[key][0][1] if key in self.model else None
        assert self.run(self.context.get(key, full=True)) == expected
        assert self.run(self.context.get(key, timeout=0)) == expected

    @rule(key=KEYS)
    def get_entry(self, key: str) -> None:
        entry = self.run(self.context.get_entry(key))
        found = None if entry is None else (entry.revision, entry.original)
        assert found == (self.model[key][0] if key in self.model else None)

    @rule(key=KEYS)
    def history(self, key: str) -> None:
        kept = [(entry.revision, entry.original) for entry in self.run(self.context.history(key))]
        assert kept == self.model.get(key, [])

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        assert self.run(self.context.delete(key)) == (self.model.pop(key, None) is not None)

    @rule()
    def clear(self) -> None:
        assert self.run(self.context.clear()) == len(self.model)
        self.model.clear()

    @precondition(lambda self: self.expiries_left > 0)
    @rule(key=KEYS, content=CONTENTS)
    def put_and_let_expire(self, key: str, content: str) -> None:
        entry = self.run(self.context.put(key, content, ttl=1))
        self.stored(key, entry.revision, content)
        self.expiries_left -= 1
        self.expire()
        del self.model[key]

    @invariant()
    def lists_the_live_keys(self) -> None:
        assert self.run(self.context.keys()) == sorted(self.model)


class MemoryMachine(ContextMachine):
    def make_context(self) -> SharedContext:
        self.now = 0.0
        config = NamespaceConfig(max_entries=MAX_ENTRIES, history=HISTORY)
        store = MemoryStore("m", config, compressor=None, clock=lambda: self.now)
        return SharedContext(store=store)

    def expire(self) -> None:
        self.now += 1.0


def test_memory_store_behaves_like_the_model() -> None:
    run_state_machine_as_test(
        MemoryMachine, settings=settings(max_examples=60, stateful_step_count=30, deadline=None)
    )


@pytest.mark.timeout(300)
def test_nats_store_behaves_like_the_model(nats_url: str) -> None:
    class NatsMachine(ContextMachine):
        expiries_left = 1  # each takes real seconds

        def make_context(self) -> SharedContext:
            return SharedContext(
                nats_url,
                namespace=f"machine-{next(_numbers)}",
                max_entries=MAX_ENTRIES,
                history=HISTORY,
            )

        def expire(self) -> None:
            # The server expires within a quarter of a second of the ttl.
            self.run(asyncio.sleep(2.0))

    run_state_machine_as_test(
        NatsMachine,
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
