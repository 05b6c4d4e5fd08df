# SPDX-License-Identifier: Apache-2.0
"""What the ledger holds of credit: movements and payments, never a balance."""

from dataclasses import dataclass

from pmcb_chaincode.bridge import composite

from ._assets import Record, slot_key


@dataclass(frozen=True)
class Movement(Record):
    """``AC``: credit that a person gained or spent; the balance is the sum of all of them.

    ``by`` is who moved it: two authorities who issue under one reference must notice.
    """

    delta: int
    reason: str
    task: str
    by: str

    @staticmethod
    def key_of(uid: str, mark: str) -> str:
        """Its place on the ledger; ``mark`` is the transaction's id, or an issue's reference."""
        return composite("AC", *uid.split("/"), mark)


@dataclass(frozen=True)
class Payment(Record):
    """``PY``: a slot was settled, with nothing where its submission was rejected."""

    amount: int
    to: str
    at: int

    @staticmethod
    def key_of(task: str, subtask: int, slot: int) -> str:
        """Its place on the ledger."""
        return slot_key("PY", task, subtask, slot)


@dataclass(frozen=True)
class Closing(Record):
    """``CL``: a task is over; the escrow went to receivers and back to the releaser."""

    paid: int
    refunded: int
    at: int

    @staticmethod
    def key_of(task: str) -> str:
        """Its place on the ledger."""
        return composite("CL", task)
