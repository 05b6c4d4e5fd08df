# SPDX-License-Identifier: Apache-2.0
"""Filtered blocks: what became of each transaction, without what it did."""

from typing import Any

from ._envelopes import ENDORSER_TRANSACTION, Malformed, Transaction, open_action, open_transaction
from ._protos import VALIDATION_CODES, DecodeError, common, event, events


def filtered(block: Any) -> Any:
    """The `FilteredBlock` of a block: ids, types, codes, and events without their payloads.

    Invalid transactions are among them, with their events, as a peer has it. One that is
    unreadable has no action.
    """
    made = events.FilteredBlock(number=block.header.number)
    for position, raw in enumerate(block.data.data):
        opened = open_transaction(common.Envelope.FromString(raw))
        made.channel_id = opened.channel
        one = made.filtered_transactions.add(
            txid=opened.tx_id,
            type=opened.type,
            tx_validation_code=block.metadata.metadata[VALIDATION_CODES][position],
        )
        if opened.type == ENDORSER_TRANSACTION:
            one.transaction_actions.SetInParent()
            for told in _events(opened):
                one.transaction_actions.chaincode_actions.add(chaincode_event=told)
    return made


def _events(opened: Transaction) -> list[Any]:
    try:
        full = event.ChaincodeEvent.FromString(open_action(opened).event)
    except (Malformed, DecodeError):
        return []
    if not full.chaincode_id:
        return []
    return [
        event.ChaincodeEvent(
            chaincode_id=full.chaincode_id, tx_id=full.tx_id, event_name=full.event_name
        )
    ]
