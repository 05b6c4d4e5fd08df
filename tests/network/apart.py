# SPDX-License-Identifier: Apache-2.0
"""A network of the notes contract in a process of its own, which tests may kill."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).parents[2]


async def serve(folder: Path) -> tuple["subprocess.Popen[bytes]", SimpleNamespace]:
    """The server's process, and where its network is; the caller ends it."""
    (folder / "ready.json").unlink(missing_ok=True)
    process = subprocess.Popen(  # noqa: ASYNC220 - the handle must outlive any loop
        [sys.executable, str(ROOT / "tests/network/serve_notes.py"), str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        async with asyncio.timeout(60):
            while not (folder / "ready.json").exists():
                assert process.poll() is None
                await asyncio.sleep(0.05)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return process, SimpleNamespace(network_file=json.loads((folder / "ready.json").read_text()))
