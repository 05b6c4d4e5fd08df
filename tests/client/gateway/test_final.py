# SPDX-License-Identifier: Apache-2.0
"""What is raised at once and never repeated, against a gateway that fails as scripted."""

import re

import grpc
import pytest
from fabric_protos.gateway.gateway_pb2 import CommitStatusResponse, EndorseResponse
from tests.client.gateway.fake_gateway import Fails, Returns, endorsed

from pmcb_client.errors import (
    CommitError,
    EndorseError,
    EvaluateError,
    LevelMismatch,
    Refused,
    SubmitError,
)
from pmcb_client.gateway import Retry

AT_ONCE = Retry(base_s=0.0)
UNAVAILABLE = Fails(grpc.StatusCode.UNAVAILABLE, "connection refused")
REFUSAL = "chaincode response 403, LEVEL_MISMATCH: your level is another"


def invalid(code):
    """A commit status other than valid."""
    return Returns(CommitStatusResponse(result=code, block_number=8))


async def test_a_refusal_of_an_endorsement_is_final(fake, contract):
    """A refusal reaches the caller with its code, and nothing is proposed again."""
    fake.will("endorse", Fails(grpc.StatusCode.ABORTED, "failed to endorse", (REFUSAL,)))
    with pytest.raises(LevelMismatch) as caught:
        await contract.submit("accept_subtask", "t", "0", retry=AT_ONCE)
    assert (caught.value.code, caught.value.status) == ("LEVEL_MISMATCH", 403)
    assert caught.value.transaction_id == fake.requests["endorse"][0].transaction_id
    assert len(fake.requests["endorse"]) == 1
    assert not fake.requests["submit"]


async def test_a_refusal_of_a_query_is_final(fake, contract):
    """A query is refused once."""
    text = "evaluate call to endorser returned error: chaincode response 404, NOT_FOUND: no task"
    fake.will("evaluate", Fails(grpc.StatusCode.UNKNOWN, text))
    with pytest.raises(Refused) as caught:
        await contract.evaluate("get_task", "t", retry=AT_ONCE)
    assert caught.value.code == "NOT_FOUND"
    assert len(fake.requests["evaluate"]) == 1


async def test_an_invalid_transaction_is_final(fake, contract):
    """ENDORSEMENT_POLICY_FAILURE is raised with its code and never proposed again."""
    fake.will("status", invalid(10))
    with pytest.raises(CommitError) as caught:
        await contract.submit("ping", retry=AT_ONCE)
    assert (caught.value.code, caught.value.name) == (10, "ENDORSEMENT_POLICY_FAILURE")
    assert len(fake.requests["endorse"]) == 1


async def test_an_endorsement_that_fails_otherwise_is_final(fake, contract):
    """A contract's own failure (500) is not a refusal and is not repeated."""
    text = "chaincode response 500, INTERNAL: tx 1a2b3c4d, see the server log"
    fake.will("endorse", Fails(grpc.StatusCode.ABORTED, "failed to endorse", (text,)))
    with pytest.raises(EndorseError) as caught:
        await contract.submit("ping", retry=AT_ONCE)
    assert caught.value.grpc_code is grpc.StatusCode.ABORTED
    assert caught.value.details[0].msp == "HospitalBMSP"
    assert len(fake.requests["endorse"]) == 1


async def test_the_same_words_under_another_code_are_final(fake, contract):
    """Only ABORTED says that the chaincode went away."""
    fake.will("endorse", Fails(grpc.StatusCode.INTERNAL, "stream terminated"))
    with pytest.raises(EndorseError):
        await contract.submit("ping", retry=AT_ONCE)
    assert len(fake.requests["endorse"]) == 1


async def test_a_query_that_fails_otherwise_is_final(fake, contract):
    """A gateway that knows no such channel is asked once."""
    fake.will("evaluate", Fails(grpc.StatusCode.FAILED_PRECONDITION, "channel not found"))
    with pytest.raises(EvaluateError):
        await contract.evaluate("ping", retry=AT_ONCE)
    assert len(fake.requests["evaluate"]) == 1


@pytest.mark.parametrize(
    "words",
    [
        "access denied: channel [pmcb]",
        "request unauthorized due to",
        "failed to get config for channel [pmbc]",
    ],
)
async def test_a_caller_whom_the_peer_distrusts_is_told_at_once(fake, contract, words):
    """A foreign signature, a wrong clock, no such channel: reported as unavailable, and final."""
    fake.will("evaluate", Fails(grpc.StatusCode.UNAVAILABLE, "see details", (words,)))
    with pytest.raises(EvaluateError, match=re.escape(words)):
        await contract.evaluate("ping", retry=AT_ONCE)
    assert len(fake.requests["evaluate"]) == 1


async def test_a_submit_that_the_orderer_rejects_is_final(fake, contract):
    """What was certainly not ordered is a SubmitError."""
    fake.will("submit", Fails(grpc.StatusCode.ABORTED, "unsuccessful response from orderer"))
    with pytest.raises(SubmitError):
        await contract.submit("ping", retry=AT_ONCE)
    assert len(fake.requests["submit"]) == 1


async def test_a_duplicate_of_what_was_sent_once_is_final(fake, contract):
    """Whoever sent an envelope once and hears DUPLICATE_TXID is told so."""
    fake.will("status", invalid(9))
    with pytest.raises(CommitError) as caught:
        await contract.submit("ping", retry=AT_ONCE)
    assert caught.value.name == "DUPLICATE_TXID"


async def test_another_transaction_than_the_proposed_one_is_not_signed(fake, contract):
    """A gateway that returns somebody else's transaction gets no signature."""
    await contract.submit("ping")
    foreign = fake.requests["endorse"][0].proposed_transaction.proposal_bytes
    answer = EndorseResponse(prepared_transaction=endorsed(foreign, b"result"))
    fake.will("endorse", Returns(answer))
    with pytest.raises(EndorseError, match="another transaction"):
        await contract.submit("ping", retry=AT_ONCE)
    assert len(fake.requests["submit"]) == 1
