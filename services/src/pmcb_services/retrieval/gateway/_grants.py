# SPDX-License-Identifier: Apache-2.0
"""Who may search: asked of the ledger before a worker is served."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pmcb_services.common._grants import KEPT_MS, KeptGrants
from pmcb_services.retrieval.errors import GrantDenied

from ._store_ledger import asked

if TYPE_CHECKING:
    from pmcb_client._ledger import Ledger
    from pmcb_client.http_identity import Caller

__all__ = ["KEPT_MS", "Grants"]


class Grants(KeptGrants):
    """What the ledger says of workers, kept as `KeptGrants` does.

    Args:
        ledger: the contract, as the owner of the stores.
        clock: milliseconds UTC.
    """

    def __init__(self, ledger: Ledger, *, clock: Callable[[], int]) -> None:
        async def evaluate(query: str, *words: str) -> bytes:
            return await asked(lambda: ledger.evaluate(query, *words))

        super().__init__(evaluate, clock=clock)

    async def check(self, worker: Caller, dataset: str) -> str:
        """The grant by which a worker may search a data set now.

        Raises:
            GrantDenied: there is none in force, or who asks is no worker.
            LedgerUnavailable: nobody knows, so that nothing is served.
        """
        if worker.role != "worker":
            raise GrantDenied("Only workers search by a grant.")
        grant = await self.find("check_grant", worker, dataset)
        if not grant:
            raise GrantDenied("No grant of the store's owner lets you search it now.")
        return grant
