# SPDX-License-Identifier: Apache-2.0
"""What the ledger holds of keys and secrets: sealed to persons, openable by nobody else."""

from dataclasses import dataclass

from pmcb_chaincode.bridge import composite

from ._assets import Record, slot_key


@dataclass(frozen=True)
class WrappedKey(Record):
    """``KY``: the key of a subtask's envelope, wrapped for the holder of a slot."""

    to: str
    wrapped: str
    at: int

    @staticmethod
    def key_of(task: str, subtask: int, slot: int) -> str:
        """Its place on the ledger."""
        return slot_key("KY", task, subtask, slot)


@dataclass(frozen=True)
class Deal(Record):
    """``DL``: a subtask's secret was shared among ``n`` holders; accepting is over by that."""

    n: int
    threshold: int
    commitment: str
    blob_hash: str
    at: int

    @staticmethod
    def key_of(task: str, subtask: int) -> str:
        """Its place on the ledger."""
        return composite("DL", task, f"{subtask:04}")


@dataclass(frozen=True)
class WrappedShare(Record):
    """``SH``: one share of a subtask's secret, wrapped for the holder of a slot."""

    to: str
    index: int
    share: str
    share_hash: str

    @staticmethod
    def key_of(task: str, subtask: int, slot: int) -> str:
        """Its place on the ledger."""
        return slot_key("SH", task, subtask, slot)
