"""The services of the compose file work together, run as plain processes for want of an engine."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import nats
import pytest
from nats.errors import Error as NatsError

from sharedctx import AuthError, SharedContext, State
from sharedctx_workers.prose.hub import ENCODER, HUB_MODEL, ONNX
from tests.deployment.files import COMPOSE, documents, dotenv, project, seconds
from tests.deployment.processes import Node, answers, free_ports, nats_nodes, started
from tests.text_models import hub_snapshot, write_onnx, write_tokenizer

TEXT = "\n".join(
    f"{number}: a line about nothing at all, and one more word" for number in range(99)
)
PROSE = "".join(
    f"The operator of the service on host h{number} was asked to look at the log of the job, "
    f"which should not be running before the end of the migration of table_{number}. "
    for number in range(60)
)


def _at_home(text: str, nodes: Mapping[str, Node]) -> str:
    """Return `text` with the addresses that the nodes have here."""
    for name, node in nodes.items():
        text = text.replace(f"@{name}:4222", f"@127.0.0.1:{node.port}")
    return text


def _health_url(service: Mapping[str, Any]) -> str:
    found = re.search(r"http://[^'\s]+", " ".join(service["healthcheck"]["test"]))
    assert found
    return found[0]


async def test_nats_and_a_worker(tmp_path: Path) -> None:
    services = project(dotenv(cluster=False))["services"]
    worker = services["worker"]
    (port,) = free_ports(1)
    with nats_nodes(services, ["nats"], tmp_path) as (node,):
        assert await answers(_health_url(services["nats"]).replace(":8222", f":{node.http_port}"))
        assert node.get("/varz")["jetstream"]["config"]["sync_interval"] == 120 * 10**9

        environment = worker["environment"] | {"SHAREDCTX_HEALTH_PORT": str(port)}
        environment["NATS_URL"] = _at_home(environment["NATS_URL"], {"nats": node})
        with started(worker["command"], environment, tmp_path / "worker.log") as process:
            ready = _health_url(worker).replace(":8080", f":{port}")
            assert await answers(ready), (tmp_path / "worker.log").read_text()
            assert await answers(f"http://127.0.0.1:{port}/livez")
            await _check_probe(worker, port)

            url = _at_home("nats://agent:p1a@nats:4222", {"nats": node})
            async with SharedContext(url) as ctx:
                entry = await ctx.put("k", TEXT, wait=True)
                assert entry.state is State.READY
                await _check_what_keda_sees(node)

            process.send_signal(signal.SIGTERM)
            limit = seconds(worker["stop_grace_period"])
            assert await asyncio.to_thread(process.wait, limit) == 0


async def test_a_worker_for_gpus_has_its_model_from_the_cache(tmp_path: Path) -> None:
    services = project(dotenv(cluster=False))["services"]
    worker = services["worker-gpu"]
    (models,) = {volume.split(":")[1] for volume in worker["volumes"]}
    # Its variant for onnxruntime: there may be no GPU here.
    write_onnx(hub_snapshot(tmp_path / "hub", HUB_MODEL) / ONNX[0], ("final_scores",))
    write_tokenizer(hub_snapshot(tmp_path / "hub", ENCODER) / "tokenizer.json")
    log = tmp_path / "worker.log"
    (port,) = free_ports(1)
    with nats_nodes(services, ["nats"], tmp_path) as (node,):
        environment = worker["environment"] | {"SHAREDCTX_HEALTH_PORT": str(port)}
        assert environment["HF_HOME"] == models
        environment["HF_HOME"] = str(tmp_path)
        environment["NATS_URL"] = _at_home(environment["NATS_URL"], {"nats": node})
        with started(worker["command"], environment, log):
            assert await answers(f"http://127.0.0.1:{port}/readyz"), log.read_text()
            async with SharedContext(f"nats://agent:p1a@127.0.0.1:{node.port}") as ctx:
                entry = await ctx.put("k", PROSE, wait=True)
    assert "text.fallback" not in log.read_text()
    assert any(each.startswith("kompress:kompress-v2-base-") for each in entry.transforms)


async def _check_probe(worker: Mapping[str, Any], port: int) -> None:
    """Run the health check of the container itself: well while the port answers, ill when not."""
    _, program, *arguments = worker["healthcheck"]["test"]
    assert program == "python"
    for number, healthy in ((port, True), (free_ports(1)[0], False)):
        own = [argument.replace(":8080", f":{number}") for argument in arguments]
        done = await asyncio.to_thread(
            subprocess.run, [sys.executable, *own], capture_output=True, check=False
        )
        assert (done.returncode == 0) == healthy


async def _check_what_keda_sees(node: Node) -> None:
    """The scaler finds its account, stream and consumer on the monitoring port, and their lag."""
    (scaled,) = documents(COMPOSE / "k8s" / "scaledobject.yaml")
    wanted = scaled["spec"]["triggers"][0]["metadata"]
    with anyio.fail_after(30):
        while _lag(node, wanted):  # a rendition is there a moment before its job is acknowledged
            await anyio.sleep(0.1)


def _lag(node: Node, wanted: Mapping[str, Any]) -> int:
    answer = node.get(f"/jsz?acc={wanted['account']}&consumers=true&config=true")
    (account,) = answer["account_details"]
    streams = {stream["name"]: stream for stream in account["stream_detail"]}
    consumers = {each["name"]: each for each in streams[wanted["stream"]]["consumer_detail"]}
    lag = consumers[wanted["consumer"]]
    return int(lag["num_pending"] + lag["num_ack_pending"])


async def test_accounts_keep_others_out(tmp_path: Path) -> None:
    services = project(dotenv(cluster=False))["services"]
    with nats_nodes(services, ["nats"], tmp_path) as (node,):
        assert await answers(f"http://127.0.0.1:{node.http_port}/healthz")
        for user in ("", "agent:wrong@"):
            with pytest.raises(AuthError):
                await SharedContext(f"nats://{user}127.0.0.1:{node.port}").open()
        async with SharedContext(f"nats://agent:p1a@127.0.0.1:{node.port}") as ctx:
            await ctx.put("k", "v")
        # The system account administers servers and has no streams.
        system = await nats.connect(f"nats://sys:p3c@127.0.0.1:{node.port}")
        with pytest.raises(NatsError):
            await system.jetstream().stream_info("KV_ctx_default")
        await system.close()


async def test_three_nodes_and_three_replicas(tmp_path: Path) -> None:
    environment = dotenv(cluster=True)
    services = project(environment)["services"]
    names = ["nats", "nats-2", "nats-3"]
    with nats_nodes(services, names, tmp_path) as found:
        nodes = dict(zip(names, found, strict=True))
        for name, node in nodes.items():
            url = _health_url(services[name]).replace(":8222", f":{node.http_port}")
            assert await answers(url), (tmp_path / f"{name}.log").read_text()

        creates = services["namespace"]
        given = {name: _at_home(each, nodes) for name, each in creates["environment"].items()}
        code = _at_home(creates["command"][0], nodes)
        program = [*creates["entrypoint"], code]
        # Compose starts it again until it succeeds; a cluster without a leader yet is no reason.
        async with asyncio.timeout(60):
            while True:
                with started(program, given, tmp_path / "namespace.log") as process:
                    if await asyncio.to_thread(process.wait) == 0:
                        break

        urls = _at_home(environment["AGENT_URL"], nodes)
        assert urls.count("127.0.0.1") == 3
        async with SharedContext(urls) as ctx:
            assert (await ctx.info()).config.replicas == 3
            await ctx.put("k", "v")
            assert await ctx.get("k") == "v"
        for node in found:
            # Links between nodes are pooled; each node knows the two others.
            assert len({each["remote_id"] for each in node.get("/routez")["routes"]}) == 2
