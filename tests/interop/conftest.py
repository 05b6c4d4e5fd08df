# SPDX-License-Identifier: Apache-2.0
"""The official Node clients, installed once per user and lock file, outside the repository."""

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from tests.interop.contracts import Parity
from tests.scenarios.conftest import embedded, place, world  # noqa: F401 - these fixtures too

from pmcb_network._files import locked
from pmcb_network.embedded import EmbeddedNetwork

HERE = Path(__file__).parent
MANIFESTS = ("package.json", "package-lock.json", ".npmrc")
INSTALL_S = 110


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The installed packages; skips with the reason where Node or a package index is missing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node with npm is not installed")
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in MANIFESTS))
    cache = platformdirs.user_cache_path("pmcb") / "interop"
    cache.mkdir(parents=True, exist_ok=True)
    installed = cache / digest.hexdigest()[:16]
    with locked(cache / "lock", wait_s=INSTALL_S):
        if not installed.exists():
            _install(npm, cache, installed)
    return installed / "node_modules"


def _install(npm: str, cache: Path, installed: Path) -> None:
    with tempfile.TemporaryDirectory(dir=cache) as name:
        folder = Path(name) / "new"
        folder.mkdir()
        for manifest in MANIFESTS:
            shutil.copy(HERE / manifest, folder)
        try:
            done = subprocess.run(
                [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
                cwd=folder, capture_output=True, text=True, timeout=INSTALL_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            pytest.skip("npm did not install the official clients in time")
        if done.returncode != 0:
            last = (done.stderr.strip() or "no reason given").splitlines()[-1]
            pytest.skip(f"npm could not install the official clients: {last}")
        folder.rename(installed)


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
            env={"PATH": os.environ["PATH"], "NODE_PATH": str(node_modules)},
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
