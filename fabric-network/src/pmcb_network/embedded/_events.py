# SPDX-License-Identifier: Apache-2.0
"""Chaincode events: read from blocks, and which of them a listener asked for."""

from collections.abc import Sequence
from typing import Any

from ._envelopes import ENDORSER_TRANSACTION, open_action, open_transaction
from ._failures import GatewayError, StatusCode
from ._protos import VALIDATION_CODES, common, event
from ._snapshot import Snapshot
from ._validator import VALID


def events_of(block: bytes) -> list[Any]:
    """The `ChaincodeEvent`s of a serialised block's valid transactions, in the block's order."""
    opened = common.Block.FromString(block)
    found: list[Any] = []
    codes = opened.metadata.metadata[VALIDATION_CODES]
    for raw, code in zip(opened.data.data, codes, strict=True):
        if code != VALID:
            continue
        transaction = open_transaction(common.Envelope.FromString(raw))
        if transaction.type == ENDORSER_TRANSACTION and (written := open_action(transaction).event):
            found.append(event.ChaincodeEvent.FromString(written))
    return found


def start_of(request: Any, snapshot: Snapshot) -> int:
    """The number of the block at which a `ChaincodeEventsRequest` starts.

    That of `after_transaction_id`, if the ledger holds it; else the start position, which is the
    next block to be committed when none is given.

    Raises:
        GatewayError: a position that a gateway does not take, in its words.
    """
    after = request.after_transaction_id
    found = snapshot.status(after) if after else None
    if found is not None:
        return found.block
    position = request.start_position
    match position.WhichOneof("Type"):
        case "specified":
            return int(position.specified.number)
        case "oldest" | "newest" as kind:
            raise GatewayError(
                StatusCode.INVALID_ARGUMENT,
                f"invalid start position type: *orderer.SeekPosition_{kind.title()}",
            )
    return snapshot.height


class Selection:
    """One chaincode's events; with `after`, only those behind that transaction's event.

    As on a peer, `after` is met in the events themselves: after a transaction that raised none,
    nothing is ever selected.
    """

    def __init__(self, chaincode: str, after: str) -> None:
        self._chaincode = chaincode
        self._after = after

    def of(self, events: Sequence[Any]) -> list[Any]:
        """The selected events of the next block."""
        if self._after:
            ids = [each.tx_id for each in events]
            if self._after not in ids:
                return []
            events = events[ids.index(self._after) + 1 :]
            self._after = ""
        return [each for each in events if each.chaincode_id == self._chaincode]
