# SPDX-License-Identifier: Apache-2.0
"""Which of the acknowledged transactions stand on the ledger: read off its blocks."""

import asyncio
from collections import Counter
from collections.abc import Collection
from contextlib import aclosing

from pmcb_client.gateway import Network
from pmcb_client.network_file import NetworkFile

from ._people import People

_WITHIN_S = 60.0


class Ledger:
    """The blocks as the last organisation's peer tells them: not the one that acknowledged."""

    def __init__(self, network: Network) -> None:
        self._network = network

    @classmethod
    async def of(cls, file: NetworkFile, people: People) -> "Ledger":
        """Read by somebody enrolled for it."""
        (reader,) = await people.enrol(file.orgs[-1].msp, ["reader"], "releaser")
        return cls(people.gateway(reader).network(file.channel))

    async def holds(
        self, acknowledged: Collection[str], first_block: int, height: int
    ) -> dict[str, int]:
        """Acknowledged transactions that no block has as valid, and that more than one has.

        Raises:
            TimeoutError: the peer does not get to this height.
        """
        found: Counter[str] = Counter()
        stream = self._network.block_events("filtered", start_block=first_block)
        async with asyncio.timeout(_WITHIN_S), aclosing(stream) as blocks:
            while height > first_block:
                block = await anext(blocks)
                found.update(each.transaction_id for each in block.transactions if each.successful)
                if block.number + 1 >= height:
                    break
        return {
            "acknowledged": len(acknowledged),
            "missing": sum(not found[each] for each in acknowledged),
            "doubled": sum(times > 1 for times in found.values()),
        }
