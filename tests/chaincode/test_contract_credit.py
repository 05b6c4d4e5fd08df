# SPDX-License-Identifier: Apache-2.0
"""Credit: issued once under a reference, promised by a task, and never spent twice."""

import pytest
from tests.chaincode.escrow import ISSUED, REWARD, balance, call, conserved, funded, issue, publish
from tests.chaincode.fake_peer import FakePeer
from tests.chaincode.story import (
    AUTHORITY_A,
    AUTHORITY_B,
    PEOPLE,
    RELEASER,
    A,
    B,
)

from pmcb_chaincode.bridge import ChaincodeMessage
from pmcb_chaincode.contract import Governance, Pmcb

FIRST, OTHER, SECOND, _ = PEOPLE  # first and second have level 1, the subtask 0


@pytest.fixture
async def peer(serve):
    """A peer with a funded releaser."""
    return await funded(serve(FakePeer(), Pmcb(Governance.of((A, B)))))


@pytest.mark.parametrize(
    ("amount", "ref"),
    [("0", "r"), ("-1", "r"), (str(10**12 + 1), "r"), ("1", ""), ("1", "a b"), ("1", "r" * 33)],
)
async def test_credit_is_issued_in_sound_amounts(peer, amount, ref):
    """Greater than zero, at most 10^12, under a short reference."""
    answer = await call(peer, AUTHORITY_A, "issue_credit", A, "rel", amount, ref)
    assert answer.code == "BAD_ARGUMENT"


async def test_only_authorities_issue_credit(peer):
    """A releaser does not fill the own account."""
    assert (await call(peer, RELEASER, "issue_credit", A, "rel", "5", "x")).code == "ROLE_REQUIRED"


async def test_a_reference_is_used_once_a_person(peer):
    """The same again is the same; another amount is refused; another person is another matter."""
    again = await issue(peer, RELEASER, ISSUED)
    assert (again.status, again.writes, again.event) == (200, {}, None)
    assert (await issue(peer, RELEASER, ISSUED + 1)).code == "EXISTS"
    args = (RELEASER.msp_id, RELEASER.enrollment_id, str(ISSUED), "grant-1")
    assert (await call(peer, AUTHORITY_B, "issue_credit", *args)).code == "EXISTS"
    other = await issue(peer, FIRST, 3)
    assert other.event_json() == {"v": 1, "uid": FIRST.uid, "ref": "grant-1"}
    assert (await balance(peer, RELEASER), await balance(peer, FIRST)) == (ISSUED, 3)


async def test_an_account_is_seen_by_its_owner_and_authorities(peer):
    """Not by a colleague."""
    own = await call(peer, RELEASER, "get_balance", A, "rel")
    assert own.json() == {"uid": RELEASER.uid, "balance": ISSUED}
    assert (await call(peer, FIRST, "get_balance", A, "rel")).code == "NOT_OWNER"
    assert (await call(peer, FIRST, "get_balance", A, "p0")).json()["balance"] == 0


async def test_a_task_is_covered_by_credit(peer):
    """One unit short is refused, exactly enough is taken, and nothing is left for another."""
    short = await publish(peer, reward=26)
    assert (short.code, short.writes) == ("CREDIT_SHORT", {})
    assert "sum to 104, the credit is 100" in short.message
    assert (await publish(peer, reward=25)).status == 200
    assert await balance(peer, RELEASER) == 0
    assert (await publish(peer, "b" * 32, reward=1)).code == "CREDIT_SHORT"
    assert (await publish(peer, "b" * 32, reward=0)).status == 200
    assert await conserved(peer)


async def test_a_task_without_rewards_reads_no_account(peer):
    """So publications for nothing never conflict with one another."""
    assert (await publish(peer, reward=0)).status == 200
    assert peer.calls[ChaincodeMessage.GET_STATE_BY_RANGE] == 0
    assert (await publish(peer, "b" * 32, reward=1)).status == 200
    assert peer.calls[ChaincodeMessage.GET_STATE_BY_RANGE] == 1


async def test_a_repeat_of_a_publication_pays_once(peer):
    """It answers, and moves nothing."""
    await publish(peer)
    again = await publish(peer)
    assert (again.status, again.writes) == (200, {})
    assert await balance(peer, RELEASER) == ISSUED - 4 * REWARD
