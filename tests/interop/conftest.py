# SPDX-License-Identifier: Apache-2.0
"""The official Node clients, installed once per user and lock file, outside the repository."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.interop.contracts import Parity
from tests.scenarios.conftest import (  # noqa: F401 - these fixtures too
    either,
    embedded,
    embedded_whole,
    fabric_whole,
    place,
    world,
)

from pmcb_benchmarks._node import NodeUnavailable, environment, modules
from pmcb_network.embedded import EmbeddedNetwork

HERE = Path(__file__).parent
INSTALL_S = 110


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The installed packages; skips with the reason where Node or a package index is missing."""
    return packages(HERE)


def packages(folder: Path) -> Path:
    """Those of a folder's lock file, or a skip."""
    try:
        return modules(folder, within_s=INSTALL_S)
    except NodeUnavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[EmbeddedNetwork]:
    async with EmbeddedNetwork(tmp_path / "network", contract=Parity()) as made:
        yield made


Run = Callable[..., Awaitable[list[Any]]]


@pytest.fixture
def run(node_modules: Path, tmp_path: Path) -> Run:
    """Runs one of our scripts with a job, and gives the JSON documents that it prints."""

    async def run_script(script: str, job: dict[str, Any]) -> list[Any]:
        path = tmp_path / "job.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(job))
        process = await asyncio.create_subprocess_exec(
            "node",
            str(HERE / script),
            str(path),
            env=environment(node_modules),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(60):
                said, complaints = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 0, complaints.decode()
        return [json.loads(line) for line in said.splitlines()]

    return run_script
