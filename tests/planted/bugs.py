"""Ten mistakes that one could really make, and the tests that have to notice them.

Each is planted by replacing something at run time, in tests only: the product has no switch for it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

from backports import zstd

from sharedctx import codec
from sharedctx.reading import Reader, Rendition
from sharedctx.records import ENTRY_HEADER, StoredEntry
from sharedctx.store import nats, removal, streams
from sharedctx.store.api import publish
from sharedctx.store.base import Job
from sharedctx.store.connection import Connection
from sharedctx.store.current import CurrentEntries
from sharedctx.store.floors import Floors
from sharedctx_workers.job import JobRunner

__all__ = ("BUGS", "Bug")

_MESSAGE_ID = "Nats-Msg-Id"


@dataclass(frozen=True, slots=True)
class Bug:
    """A mistake.

    Attributes:
        says: What is wrong, in a few words.
        plant: Makes the mistake in this process.
        caught_by: Ids of the tests that must fail with it, and pass without it.
        quick: Whether that takes a second or two, so that every run of the suite can try it.
    """

    says: str
    plant: Callable[[], None]
    caught_by: tuple[str, ...]
    quick: bool = False


def _serve_cached_renditions_by_key() -> None:
    genuine = Reader.rendition
    kept: dict[str, Rendition] = {}

    async def rendition(self: Reader, entry: StoredEntry, timeout: float | None) -> Any:
        if entry.key not in kept and (found := await genuine(self, entry, timeout)):
            kept[entry.key] = found
        return kept.get(entry.key)

    _replace(Reader, "rendition", rendition)


def _acknowledge_before_publishing() -> None:
    genuine = JobRunner.compressed

    async def compressed(self: JobRunner, job: Job) -> Any:
        done = await genuine(self, job)
        await self.finish(job)
        return done

    _replace(JobRunner, "compressed", compressed)


def _try_for_ever() -> None:
    genuine = streams._consumer

    async def attempt(self: JobRunner, job: Job) -> None:
        await self._compress(job)

    async def failed(_self: JobRunner, job: Job, _reason: str) -> None:
        await job.retry(0.5)

    _replace(JobRunner, "_attempt", attempt)
    _replace(JobRunner, "_failed", failed)
    _replace(streams, "_consumer", lambda config: genuine(config) | {"max_deliver": -1})


def _identify_puts_by(identify: Callable[[Mapping[str, str]], str]) -> None:
    async def publish_under_it(
        connection: Connection, subject: str, payload: bytes, headers: Mapping[str, str]
    ) -> int:
        if ENTRY_HEADER in headers:
            headers = {**headers, _MESSAGE_ID: identify(headers)}
        return await publish(connection, subject, payload, headers)

    _replace(nats, "publish", publish_under_it)


def _anew_each_time(_headers: Mapping[str, str]) -> str:
    return secrets.token_hex(8)


def _by_content(headers: Mapping[str, str]) -> str:
    return str(json.loads(headers[ENTRY_HEADER])["hash"])


def _read_from_any_replica() -> None:
    single = property(lambda _self: False, lambda _self, _value: None)
    _replace(CurrentEntries, "replicated", single)


def _purge_keys_as_they_come() -> None:
    async def delete(self: nats.NatsStore, key: str, *, revision: int | None = None) -> bool:
        assert revision is None or revision >= 0
        body = {"filter": f"$KV.ctx_{self.namespace}.{key}"}
        return await removal._purge(self._connection, self._subjects.entries, body)

    _replace(nats.NatsStore, "delete", delete)


def _clear_without_bound() -> None:
    genuine = removal._purge

    async def purge(connection: Connection, stream: str, body: Mapping[str, Any]) -> bool:
        return await genuine(connection, stream, {k: v for k, v in body.items() if k != "seq"})

    _replace(removal, "_purge", purge)


def _forget_what_was_seen() -> None:
    _replace(Floors, "saw", lambda *_args, **_more: None)


def _believe_compressed_sizes() -> None:
    class Unbounded:
        def __init__(self, options: Any) -> None:
            self._genuine = zstd.ZstdDecompressor(options=options)

        @property
        def eof(self) -> bool:
            return self._genuine.eof

        def decompress(self, data: bytes, max_length: int) -> bytes:
            assert max_length > 0
            return self._genuine.decompress(data)

    known = {name: getattr(zstd, name) for name in dir(zstd)}
    _replace(codec, "zstd", SimpleNamespace(**{**known, "ZstdDecompressor": Unbounded}))


def _replace(owner: object, name: str, by: object) -> None:
    assert hasattr(owner, name) or name == "replicated", f"{owner} has no {name} any more"
    setattr(owner, name, by)


BUGS: dict[str, Bug] = {
    "cached-by-key": Bug(
        "a cached rendition is served without comparing hashes",
        _serve_cached_renditions_by_key,
        ("tests/client/test_client.py::test_an_overwritten_key_never_serves_the_old_rendition",),
    ),
    "ack-before-publish": Bug(
        "a job is acknowledged before its rendition is published",
        _acknowledge_before_publishing,
        ("tests/worker/test_worker_death.py::test_killed_worker_is_replaced[before-ack]",),
    ),
    "no-attempt-limit": Bug(
        "a job that fails is tried for ever",
        _try_for_ever,
        ("tests/faults/test_workers.py::test_w3_a_poison_job_is_given_up_at_its_limit",),
    ),
    "retry-with-new-id": Bug(
        "a retried put has another message id",
        partial(_identify_puts_by, _anew_each_time),
        ("tests/faults/test_keys_and_values.py::test_k6_a_retried_put_is_stored_once",),
    ),
    "direct-get-on-cluster": Bug(
        "entries of a cluster are read from any replica",
        _read_from_any_replica,
        (
            "tests/faults/test_storage.py::test_n4_a_reader_beside_a_follower_that_lags_is_not_behind",
        ),
    ),
    "unvalidated-key": Bug(
        "keys reach a purge as they come",
        _purge_keys_as_they_come,
        ("tests/store/test_contract.py::test_odd_keys_are_ordinary[nats->]",),
    ),
    "clear-without-bound": Bug(
        "a clear that is retried has no bound",
        _clear_without_bound,
        ("tests/faults/test_keys_and_values.py::test_k7_a_retried_clear_spares_later_puts",),
    ),
    "floor-not-updated": Bug(
        "a client does not note what it has seen",
        _forget_what_was_seen,
        ("tests/faults/test_stale.py::test_a_restored_backup_is_noticed_and_not_served",),
    ),
    "content-hash-as-id": Bug(
        "the message id of a put is the hash of its content",
        partial(_identify_puts_by, _by_content),
        ("tests/faults/test_keys_and_values.py::test_k6_contents_that_come_back_are_stored_again",),
        quick=True,
    ),
    "unbounded-decompression": Bug(
        "a frame unpacks to as much as it says",
        _believe_compressed_sizes,
        ("tests/faults/test_data.py::test_d3_a_bomb_costs_no_more_than_it_may",),
        quick=True,
    ),
}
