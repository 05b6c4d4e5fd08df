# SPDX-License-Identifier: Apache-2.0
"""People of two hospitals, and the calls that bring them to a published task."""

import hashlib
from typing import TypeAlias

from tests.chaincode.identities import TIME_MS, Identity, identity

from pmcb_chaincode.bridge import canonical_dumps
from pmcb_chaincode.contract import batch_hash

A, B = "HospitalAMSP", "HospitalBMSP"
TASK, PROOF = "a" * 32, "b" * 64
AUTHORITY_A, AUTHORITY_B = (identity(msp, "auth", role="authority") for msp in (A, B))
RELEASER = identity(A, "rel", role="releaser")
VERIFIER = identity(B, "ver", role="verifier")
RECORDS = identity(B, "records", role="institution")
PEOPLE = [identity(A, f"p{n}", role="receiver") for n in range(4)]
ROWS = tuple((A, f"p{n}", n % 2 + 1, n // 2) for n in range(4))
"""Their levels: two of each."""

Call: TypeAlias = tuple[Identity, tuple[str, ...]]


def text(value: object) -> str:
    """A value as an argument."""
    return canonical_dumps(value).decode()  # type: ignore[arg-type]


def published(rows: tuple[tuple[str, str, int, int], ...], slots: int) -> list[Call]:
    """An active epoch with these persons, and a task with a subtask for each of two levels."""
    head = {
        "levels": 2,
        "per_level": [sum(row[2] == level for row in rows) for level in (1, 2)],
        "graph_hash": PROOF,
        "params_hash": PROOF,
        "assignment_hash": hashlib.sha256(bytes.fromhex(batch_hash(rows))).hexdigest(),
        "batches": 1,
        "count": len(rows),
    }
    part = {"slots": slots, "reward": 0, "envelope_hash": PROOF}
    spec = {
        "series": "",
        "levels": 2,
        "accept_until": TIME_MS + 1000,
        "submit_until": TIME_MS + 1000,
        "verifiers": [f"{B}/ver"],
        "institution": f"{B}/records",
        "results_to": "institution",
        "notice_hash": PROOF,
        "subtasks": [{**part, "level": 1}, {**part, "level": 2}],
    }
    return [
        (VERIFIER, ("announce_key",)),
        (RECORDS, ("announce_key",)),
        (AUTHORITY_A, ("open_epoch", "1", text(head))),
        (AUTHORITY_A, ("register_levels", "1", "0", text(rows))),
        (AUTHORITY_A, ("approve_epoch", "1")),
        (AUTHORITY_B, ("approve_epoch", "1")),
        (RELEASER, ("publish_task", TASK, text(spec))),
    ]
