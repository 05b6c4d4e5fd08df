# SPDX-License-Identifier: Apache-2.0
"""A network process of its own, for tests that kill it: `serve_notes.py FOLDER`."""

import asyncio
import json
import sys
from pathlib import Path

from tests.network.contracts import Notes

from pmcb_network.embedded import EmbeddedNetwork


async def main(folder: Path) -> None:
    async with EmbeddedNetwork(folder / "network", contract=Notes()) as network:
        ready = folder / "ready.json"
        ready.with_suffix(".tmp").write_text(json.dumps(network.network_file))
        ready.with_suffix(".tmp").rename(ready)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
