# SPDX-License-Identifier: Apache-2.0
"""The contract ``pmcb`` is replaced under load, by `pmcb network upgrade`."""

import asyncio
import json
import time
from collections import Counter
from pathlib import Path

from ._offering import offering
from ._site import Site, pmcb
from ._told import Told, Window

RATE = 50.0
_AGAIN_S = 60.0


async def upgrade(site: Site) -> tuple[dict[str, object], list[Told]]:
    """Another quorum in the governance makes another package, which all organisations approve.

    Raises:
        RuntimeError: the command failed; with what it said.
        TimeoutError: afterwards nothing succeeded, or the client was not told of all.
    """
    before = await asyncio.to_thread(_standing, site)
    async with offering(site.places.home, "pmcb", RATE) as load:
        await load.goes_on(within_s=_AGAIN_S)
        rules = str(_other_rules(site))
        began_s = time.monotonic()
        await asyncio.to_thread(pmcb, site.places.home, "network", "upgrade", "--governance", rules)
        window = Window(began_s, time.monotonic())
        await load.goes_on(within_s=_AGAIN_S)
        await load.finish()
    words = Counter(each.word for each in load.told)
    found = {
        "rate": RATE,
        "took_s": round(window.back_s - window.killed_s, 2),
        "sequences": [before, await asyncio.to_thread(_standing, site)],
        "outcomes": dict(sorted(words.items())),
        "meanwhile": window.seen_by(load.told),
    }
    return found, load.told


def _other_rules(site: Site) -> Path:
    rules = json.loads((site.network.layout.root / "governance.json").read_bytes())
    rules["epoch_quorum"] = 3 - rules["epoch_quorum"]
    place = site.places.home / "governance.json"
    place.write_text(json.dumps(rules))
    return place


def _standing(site: Site) -> int:
    """The sequence of the definition that the first peer goes by."""
    standing = site.network.lifecycle.committed(site.peers[0], site.file.chaincode)
    return standing.sequence if standing is not None else 0
