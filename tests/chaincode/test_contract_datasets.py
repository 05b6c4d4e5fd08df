# SPDX-License-Identifier: Apache-2.0
"""Datasets: versions are counted, and the people that they are about stay the same."""

import pytest
from tests.chaincode.cohort import (
    COHORT,
    COLLEAGUE,
    DATASET,
    FIRST,
    OTHER,
    SECOND,
    STRANGER,
    budget,
    opened,
    register,
    reserve,
    unchanged,
)
from tests.chaincode.fake_peer import FakePeer
from tests.chaincode.story import A, B

from pmcb_chaincode.contract import Governance, Pmcb


@pytest.fixture
async def peer(serve):
    """A peer that holds a cohort with a budget of 1."""
    made = serve(FakePeer(), Pmcb(Governance.of((A, B))))
    assert (await opened(made)).status == 200
    return made


async def test_a_refresh_keeps_cohort_and_budget(peer):
    """A new version is counted, and gives no epsilon back."""
    await reserve(peer, 1, "3/4")
    first = await register(peer)
    made = {"owner": B, "cohort": COHORT, "version": FIRST, "number": 1}
    assert (first.json(), first.event_json()) == (made, {"v": 1, "dataset": DATASET, "number": 1})
    assert unchanged(await register(peer))
    second = await register(peer, SECOND, caller=COLLEAGUE)
    assert second.json() == {**made, "version": SECOND, "number": 2}
    assert (await register(peer, FIRST)).json()["number"] == 3
    assert await budget(peer) == ("1", "3/4", 1)
    assert (await reserve(peer, 2, "1/2")).code == "BUDGET_EXHAUSTED"


async def test_a_dataset_stays_with_its_cohort(peer):
    """Neither another cohort, nor none, nor one where there was none; nor another owner."""
    await opened(peer, OTHER)
    await register(peer)
    for cohort in (OTHER, ""):
        answer = await register(peer, SECOND, cohort)
        assert (answer.code, answer.writes) == ("COHORT_FIXED", {})
    store = "f" * 32
    assert (await register(peer, cohort="", dataset=store)).json()["cohort"] == ""
    assert (await register(peer, SECOND, dataset=store)).code == "COHORT_FIXED"
    assert (await register(peer, SECOND, "", STRANGER, store)).code == "NOT_OWNER"
    assert (await register(peer, SECOND, "", dataset=store)).json()["number"] == 2
