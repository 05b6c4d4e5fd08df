# SPDX-License-Identifier: Apache-2.0
"""Histories: what a record was before, transaction by transaction."""

from typing import Annotated

from pmcb_chaincode.bridge import (
    Code,
    Context,
    JsonObject,
    ListOf,
    Match,
    Modification,
    Refusal,
    canonical_loads,
    composite,
    one_of,
    query,
)

from ._assets import NAME
from ._governed import Governed

# Records whose past tells what their state does not: who had which level, what was spent when, who
# was granted what until when, which roots a store had.
HistoryType = Annotated[str, one_of("BU", "CU", "GR", "LV", "SA", "SU", "TK")]
Attributes = Annotated[tuple[str, ...], ListOf(Match(NAME, "a key's attribute"), 0, 3)]


class Histories(Governed):
    """``get_history``."""

    @query()
    async def get_history(
        self, ctx: Context, record_type: HistoryType, attributes: Attributes
    ) -> JsonObject:
        """What committed transactions made of a record, the newest first.

        ``attributes`` are those of its key, numbers padded as there.
        """
        key = composite(record_type, *attributes)
        items = [_change(one) async for one in ctx.ledger.history(key)]
        if not items:
            raise Refusal(Code.NOT_FOUND, "No such record was ever written.")
        return {"items": items}


def _change(made: Modification) -> JsonObject:
    about: JsonObject = {"tx_id": made.tx_id, "at": made.time_ms}
    return about if made.deleted else {**about, "record": canonical_loads(made.value)}
