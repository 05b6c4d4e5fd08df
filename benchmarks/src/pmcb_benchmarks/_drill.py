# SPDX-License-Identifier: Apache-2.0
"""A drill on one network: the rounds, then what the ledger says of them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack

from pmcb_network.fabric import _nodes

from ._chains import verdict
from ._offering import offering
from ._quiet import quiet
from ._rounds import Rounds, summary
from ._site import Site, settings_of
from ._upgrade import upgrade
from ._victims import Victim

_EQUAL_S = 120.0


async def drill(
    site: Site,
    victims: Sequence[Victim],
    *,
    rate: float,
    seed: int,
    quiet_minutes: float,
    upgrades: bool,
    advance: Callable[[int], None],
) -> dict[str, object]:
    """Kill, bring back, look; upgrade; be quiet; then read all that every peer holds.

    Raises:
        TimeoutError: the client was not told of all.
        NodeFailed: the peers' heights did not become equal.
    """
    found: dict[str, object] = {"settings": settings_of(site)}
    async with offering(site.places.home, "pairs", rate) as load:
        rounds = Rounds(site, load, seed)
        done = await rounds.run(victims, advance)
        if not rounds.stuck:
            await load.finish()
    found["rounds"] = summary(done, load.told)
    found["asked"], found["stuck"] = len(victims), rounds.stuck
    told = {"pairs": load.told}
    if upgrades:
        found["upgrade"], told["pmcb"] = await upgrade(site)
    if quiet_minutes:
        found["quiet"], more = await quiet(site, minutes=quiet_minutes)
        told["pairs"] = load.told + more
    outcomes = {name: {each.number: each.word for each in one} for name, one in told.items()}
    return {**found, "ledger": await verified(site, outcomes)}


async def verified(site: Site, outcomes: Mapping[str, Mapping[int, str]]) -> dict[str, object]:
    """What every peer's blocks and state say of what the clients of each contract were told."""
    await asyncio.to_thread(
        _nodes.wait,
        "equal heights on all peers",
        lambda: len(set(site.heights())) == 1,
        within_s=_EQUAL_S,
    )
    height, _ = (await asyncio.to_thread(site.heights))[0]
    async with AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(site.reader(peer)) for peer in site.peers]
        chains = [await reader.chain(height) for reader in readers]
        valid = (chain.valid.get("pairs", ()) for chain in chains)
        numbers = set(outcomes["pairs"]).union(*valid)
        counters = [await reader.pairs(numbers) for reader in readers]
    codes: Counter[int] = chains[0].codes
    found: dict[str, object] = dict(verdict(outcomes["pairs"], chains, counters))
    if "pmcb" in outcomes:
        found["upgraded"] = verdict(outcomes["pmcb"], chains, [], "pmcb")
    return {
        **found,
        "peers": [peer.id for peer in site.peers],
        "height": height,
        "commit_hashes": [chain.commit_hash for chain in chains],
        "codes": {str(code): number for code, number in sorted(codes.items())},
    }
