# SPDX-License-Identifier: Apache-2.0
import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.client.gateway.fake_gateway import TRAILER, trailer

from pmcb_client.errors import (
    Busy,
    CommitError,
    CommitStatusError,
    Conflict,
    EndorseError,
    ErrorDetail,
    EvaluateError,
    GatewayError,
    LevelMismatch,
    Refused,
    SubmitError,
)
from pmcb_client.gateway._failures import Phase, details_of, failure, invalid

ABORTED = grpc.StatusCode.ABORTED


def rpc_error(message="", details=(), code=ABORTED, packed=None):
    """What grpc.aio raises for an answer with these details."""
    value = trailer(code, message, details) if packed is None else packed
    trailing = grpc.aio.Metadata((TRAILER, value))
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailing, message, "")


@given(st.binary(max_size=60))
def test_unreadable_details_are_no_details(packed):
    """Whatever a broken gateway attaches, the error of the phase is still raised."""
    error = failure(Phase.SUBMIT, rpc_error("orderer said no", packed=packed), "ab")
    assert isinstance(error, SubmitError)


@pytest.mark.parametrize(
    ("text", "code", "status"),
    [
        ("chaincode response 400, BAD_ARGUMENT: size is out of range", "BAD_ARGUMENT", 400),
        ("chaincode response 403, ROLE_REQUIRED: for releasers only", "ROLE_REQUIRED", 403),
        ("chaincode response 410, DEADLINE_PASSED: too late", "DEADLINE_PASSED", 410),
        ("chaincode response 499, X: y", "X", 499),
    ],
)
def test_a_refusal_has_code_status_and_reason(text, code, status):
    """4xx with a code, in a detail or in the message itself."""
    for error in (rpc_error("see details", (text,)), rpc_error(f"endorser returned error: {text}")):
        refused = failure(Phase.EVALUATE, error, "ab")
        assert type(refused) is Refused
        assert (refused.code, refused.status, refused.exit_code) == (code, status, 1)
        assert str(refused) == text.partition(", ")[2]


def test_a_level_mismatch_has_a_class_of_its_own():
    """It is the refusal that this system is about."""
    error = rpc_error("x", ("chaincode response 403, LEVEL_MISMATCH: subtask is of level 3",))
    assert type(failure(Phase.ENDORSE, error, "ab")) is LevelMismatch


@pytest.mark.parametrize(
    "text",
    [
        "chaincode response 500, INTERNAL: tx 1a2b3c4d, see the server log",
        "chaincode response 404, no code here",
        "chaincode response 40, X: y",
        "error in simulation",
    ],
)
def test_what_is_not_a_refusal_is_a_failure_of_its_phase(text):
    """500, a foreign contract's bare 4xx, and all else keep phase, gRPC code and details."""
    error = failure(Phase.ENDORSE, rpc_error("failed to endorse", (text,)), "ab")
    assert type(error) is EndorseError
    assert (error.grpc_code, error.transaction_id) == (ABORTED, "ab")
    assert error.details == (ErrorDetail("peer0:7051", "HospitalBMSP", text),)
    assert text in str(error)


def test_a_phase_has_its_class():
    """One class per phase."""
    classes = [type(failure(phase, rpc_error("x"), "")) for phase in Phase]
    assert classes == [
        EvaluateError,
        EndorseError,
        SubmitError,
        CommitStatusError,
        GatewayError,
        GatewayError,
    ]


def test_a_refusal_is_heard_only_where_contracts_speak():
    """A submit or a status whose text looks like a refusal is not one."""
    text = "chaincode response 403, ROLE_REQUIRED: no"
    assert type(failure(Phase.SUBMIT, rpc_error(text), "")) is SubmitError


def test_a_full_gateway_is_busy_in_every_phase():
    """UNKNOWN with these words is how a peer says it."""
    text = "too many requests for /gateway.Gateway/Endorse, exceeding concurrency limit (500)"
    for phase in Phase:
        error = rpc_error(text, code=grpc.StatusCode.UNKNOWN)
        assert type(failure(phase, error, "")) is Busy


def test_endorsements_that_differ_are_a_conflict():
    """The peers saw different heights."""
    error = rpc_error("x", ("ProposalResponsePayloads do not match (base64): ...",))
    assert type(failure(Phase.ENDORSE, error, "ab")) is Conflict


def test_long_words_of_a_peer_are_cut():
    """A message stays one readable line; the whole text is in the details."""
    error = failure(Phase.ENDORSE, rpc_error("x", ("long\n" * 1000,)), "ab")
    assert len(str(error)) < 500
    assert "\n" not in str(error)


def test_codes_eleven_and_twelve_are_conflicts_and_all_others_commit_errors():
    """The three outcomes never share a class."""
    for code in range(1, 256):
        error = invalid(code, "NAME", "ab")
        assert type(error) is (Conflict if code in {11, 12} else CommitError)
        assert error.code == code


def test_no_trailer_is_no_details():
    """An error of gRPC itself carries none."""
    bare = grpc.aio.AioRpcError(ABORTED, grpc.aio.Metadata(), grpc.aio.Metadata(), "", "")
    assert details_of(bare) == ()
