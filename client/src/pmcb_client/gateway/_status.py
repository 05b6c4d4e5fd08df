# SPDX-License-Identifier: Apache-2.0
"""What became of a transaction."""

from dataclasses import dataclass

from pmcb_client.gateway._protos import TxValidationCode

VALID = 0
DUPLICATE_TXID = 9


@dataclass(frozen=True)
class Status:
    """What became of a transaction: its validation code, the code's name, and its block."""

    code: int
    name: str
    successful: bool
    transaction_id: str
    block_number: int


def code_name(code: int) -> str:
    """Fabric's name of a validation code; ``CODE_77`` for one that a later Fabric added."""
    known = TxValidationCode.DESCRIPTOR.values_by_number.get(code)
    return known.name if known else f"CODE_{code}"


def status_of(code: int, tx_id: str, block_number: int) -> Status:
    """The status that a validation code means."""
    return Status(
        code=code,
        name=code_name(code),
        successful=code == VALID,
        transaction_id=tx_id,
        block_number=block_number,
    )
