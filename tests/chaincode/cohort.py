# SPDX-License-Identifier: Apache-2.0
"""A cohort with a budget of 1, and the calls that spend it."""

from tests.chaincode.fake_peer import Answer, FakePeer
from tests.chaincode.identities import Identity, identity
from tests.chaincode.story import RECORDS, A, B

COHORT, OTHER, DATASET = "c" * 32, "d" * 32, "e" * 32
SCHEMA = "5" * 64
COLLEAGUE = identity(B, "colleague", role="institution")
STRANGER = identity(A, "records", role="institution")
FIRST, SECOND = "1" * 32, "2" * 32
"""Versions of a dataset."""
OPENED = {"owner": B, "unit": "subject", "total": "1", "schema_hash": SCHEMA}


def request(number: int) -> str:
    """A request's hash."""
    return f"{number:064x}"


async def opened(
    peer: FakePeer, cohort: str = COHORT, total: str = "1", caller: Identity = RECORDS
) -> Answer:
    """Open a cohort of subjects."""
    return await peer.call("open_cohort", cohort, "subject", total, SCHEMA, caller=caller)


async def reserve(
    peer: FakePeer, number: int, epsilon: str, caller: Identity = RECORDS, cohort: str = COHORT
) -> Answer:
    """Spend for the request of that number."""
    return await peer.call("reserve_budget", cohort, request(number), epsilon, caller=caller)


async def record(peer: FakePeer, number: int, release: str, caller: Identity = RECORDS) -> Answer:
    """Record the release of that number."""
    args = (COHORT, request(number), release)
    return await peer.call("record_release", *args, caller=caller)


async def lower(peer: FakePeer, total: str) -> Answer:
    """Lower the cohort's budget."""
    return await peer.call("lower_budget", COHORT, total, caller=RECORDS)


async def register(
    peer: FakePeer,
    version: str = FIRST,
    cohort: str = COHORT,
    caller: Identity = RECORDS,
    dataset: str = DATASET,
) -> Answer:
    """Register a version of the dataset."""
    return await peer.call("register_dataset", dataset, cohort, version, caller=caller)


async def budget(peer: FakePeer) -> tuple[str, str, int]:
    """Total, spent and count."""
    found = (await peer.call("get_budget", COHORT)).json()
    return found["total"], found["spent"], found["count"]


def unchanged(answer: Answer) -> bool:
    """An answer without an effect."""
    return (answer.writes, answer.event) == ({}, None)
