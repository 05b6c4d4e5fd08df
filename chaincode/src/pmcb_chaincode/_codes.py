# SPDX-License-Identifier: Apache-2.0
"""Every code a caller can be refused with: the one list, from which docs/refusals.md is made."""

from enum import StrEnum
from typing import Self


class Code(StrEnum):
    """A refusal: its name on the wire, the status beside it, and what it means.

    >>> Code.LEVEL_MISMATCH.status
    403
    """

    status: int
    meaning: str

    def __new__(cls, value: str, status: int, meaning: str) -> Self:
        """Attach status and meaning to the text that travels."""
        code = str.__new__(cls, value)
        code._value_ = value
        code.status = status
        code.meaning = meaning
        return code

    BAD_ARGUMENT = "BAD_ARGUMENT", 400, "A parameter is malformed or out of range; it is named."
    KEY_UNSUPPORTED = "KEY_UNSUPPORTED", 400, "The caller's certificate key is not on P-256."
    UNKNOWN_FUNCTION = "UNKNOWN_FUNCTION", 400, "The contract has no such function."

    LEVEL_MISMATCH = "LEVEL_MISMATCH", 403, "The receiver's level is not the subtask's level."
    MSP_NOT_ALLOWED = "MSP_NOT_ALLOWED", 403, "This organisation may not act in that role here."
    NOT_HOLDER = "NOT_HOLDER", 403, "The caller holds no slot of this subtask."
    NOT_LEVELED = "NOT_LEVELED", 403, "The person has no level in the active epoch."
    NOT_OWNER = "NOT_OWNER", 403, "The record belongs to somebody else."
    NOT_VERIFIER = "NOT_VERIFIER", 403, "The caller is not among the task's verifiers."
    ROLE_REQUIRED = (
        "ROLE_REQUIRED",
        403,
        "The caller's certificate lacks a role this call asks for.",
    )
    SELF_VERDICT = "SELF_VERDICT", 403, "Nobody judges their own submission."
    SUSPENDED = "SUSPENDED", 403, "The person is suspended."

    NOT_FOUND = "NOT_FOUND", 404, "The record that the call names does not exist."

    ALREADY_DEALT = "ALREADY_DEALT", 409, "The subtask's secret was shared already."
    ALREADY_MEMBER = "ALREADY_MEMBER", 409, "The person already joined this task or its series."
    ALREADY_SUBMITTED = "ALREADY_SUBMITTED", 409, "Data were submitted for this slot."
    BUDGET_EXHAUSTED = "BUDGET_EXHAUSTED", 409, "The cohort's budget has less than this left."
    BUDGET_PRECISION = "BUDGET_PRECISION", 409, "The sum of epsilons cannot be written exactly."
    BUDGET_RANGE = "BUDGET_RANGE", 409, "A budget only falls, and not below what is spent."
    CAPACITY_FULL = "CAPACITY_FULL", 409, "Every slot of the subtask is held."
    COHORT_FIXED = "COHORT_FIXED", 409, "A dataset's next version stays with its cohort."
    CREDIT_SHORT = "CREDIT_SHORT", 409, "The releaser's credit does not cover the rewards."
    DEAL_MISMATCH = "DEAL_MISMATCH", 409, "The shares do not fit the slots that are held."
    DUPLICATE_PERSON = "DUPLICATE_PERSON", 409, "The person is already registered in this epoch."
    EPOCH_ACTIVE = "EPOCH_ACTIVE", 409, "The epoch is active or past and cannot change."
    EPOCH_INCOMPLETE = "EPOCH_INCOMPLETE", 409, "Batches are missing or do not match the manifest."
    EPOCH_ORDER = "EPOCH_ORDER", 409, "Epochs are numbered 1, 2, 3, without gaps."
    EXISTS = "EXISTS", 409, "The record exists with other content."
    KEY_DELIVERED = "KEY_DELIVERED", 409, "The holder was sent the key; the slot stays used."
    LEVELS_CHANGED = "LEVELS_CHANGED", 409, "The active epoch has another number of levels."
    LEVEL_RAISE = "LEVEL_RAISE", 409, "A level rises only through a new, approved epoch."
    PARTY_UNFIT = "PARTY_UNFIT", 409, "A verifier or the institution cannot serve this task."
    STILL_OPEN = "STILL_OPEN", 409, "The subtask is still open and has free slots."
    SUBTASK_CLOSED = "SUBTASK_CLOSED", 409, "The subtask's secret was shared, or its task closed."
    TASK_CANCELLED = "TASK_CANCELLED", 409, "The task was cancelled."
    TASK_CLOSED = "TASK_CLOSED", 409, "The task is closed."
    TOO_EARLY = "TOO_EARLY", 409, "Receivers may still submit, so the task cannot close."
    UNSETTLED = "UNSETTLED", 409, "A submission of the task is not settled."
    VERDICT_PENDING = "VERDICT_PENDING", 409, "The verifiers have not decided, and may still."
    VERSION = "VERSION", 409, "The ledger holds a later version of this store."

    DEADLINE_PASSED = "DEADLINE_PASSED", 410, "The time for this call is over."
    TOO_LARGE = "TOO_LARGE", 413, "Arguments above 4 MiB, or a result above 8 MiB."

    INTERNAL = "INTERNAL", 500, "A defect of the contract; the server's log names the place."
    PEER_ERROR = "PEER_ERROR", 500, "The peer failed or did not answer a ledger call."
