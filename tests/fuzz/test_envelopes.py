# SPDX-License-Identifier: Apache-2.0
"""What the embedded network takes apart: proposals, transactions, read/write sets, identities."""

import hashlib

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fuzz.checks import MARKER, attempt, examples, pem
from tests.fuzz.damage import messages, scarred, wire
from tests.network.wire import Person, propose

from pmcb_network.embedded._authority import Authority
from pmcb_network.embedded._envelopes import (
    Malformed,
    assemble,
    check_form,
    check_order,
    open_action,
    open_proposal,
    open_transaction,
    response_payload,
    tx_id_of,
)
from pmcb_network.embedded._identity import Directory, InvalidIdentity, UnknownIdentity
from pmcb_network.embedded._protos import DecodeError, common, msp, proposal, response
from pmcb_network.embedded._rwset import RangeRead, ReadWriteSet, decode, encode
from pmcb_network.embedded._validator import check

# A damaged serial number may be negative: a warning today, one of our errors in a later release.
pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
NOW_MS = 1_700_000_000_000
ROOT = Authority.make("ca", "HospitalAMSP", now_ms=NOW_MS)
OTHER = Authority.make("ca", "HospitalBMSP", now_ms=NOW_MS)
ALICE = Person.issue(ROOT, "HospitalAMSP", "alice", now_ms=NOW_MS)
PEERS = [
    Person.issue(ca, msp, "peer", now_ms=NOW_MS, units=("peer",))
    for ca, msp in ((ROOT, "HospitalAMSP"), (OTHER, "HospitalBMSP"))
]
SIGNED, TX_ID = propose(ALICE, "put_note", MARKER, time_ms=NOW_MS, transient={"t": b"secret"})
OPENED = open_proposal(SIGNED)
RW = ReadWriteSet(
    (("a", (1, 0)), ("b", None)),
    (RangeRead("a", "c", exhausted=True, reads=(("a", (1, 0)),)),),
    (("a", MARKER.encode()), ("b", None)),
)


def _directory():
    return Directory({"HospitalAMSP": ROOT.certificate, "HospitalBMSP": OTHER.certificate})


def _response(results):
    return response_payload(
        OPENED, answer=response.Response(status=200), results=results, event=b"", version="1"
    )


def _endorsed(results, *, of=None):
    """A transaction of these results under its endorsers' signatures, or those of others."""
    payload = _response(results if of is None else of)
    signed = [
        response.Endorsement(
            endorser=peer.serialized, signature=peer.sign(payload + peer.serialized)
        )
        for peer in PEERS
    ]
    return assemble(OPENED, _response(results), signed)


def _action(payload):
    return open_action(open_transaction(common.Envelope(payload=payload)))


RESULTS = encode("notes", RW)
PAYLOAD = _endorsed(RESULTS)


def _check(payload, directory):
    """What becomes of a transaction with this payload, as the orderer and the validator see it."""
    opened, _ = attempt(Malformed, open_transaction, common.Envelope(payload=payload))
    if opened is None:
        return None
    _, refused = attempt(Malformed, check_order, opened, "pmcb")
    attempt(Malformed, open_action, opened)
    code, rw = check(opened, chaincode="notes", directory=directory, now_ms=NOW_MS)
    assert refused or opened.tx_id == tx_id_of(opened.nonce, opened.creator)
    return code, rw


@examples(150)
@given(messages(SIGNED.proposal_bytes))
@example(b"")
@example(propose(ALICE, "put_note", header_type=99)[0].proposal_bytes)
def test_a_damaged_proposal_is_taken_apart_or_malformed(raw):
    """Malformed at most; what passes the checks of form has its own id and hides nothing."""
    opened, _ = attempt(Malformed, open_proposal, proposal.SignedProposal(proposal_bytes=raw))
    if opened is None:
        return
    _, error = attempt(Malformed, check_form, opened)
    assert {number for number, _, _ in wire(opened.payload)} <= {1}  # the input, nothing transient
    if error is None:
        assert opened.tx_id == hashlib.sha256(opened.nonce + opened.creator).hexdigest()


@examples(80)
@given(messages(PAYLOAD))
def test_a_damaged_transaction_is_invalid_unless_it_says_the_same(payload):
    """No damage to what endorsers signed leaves a transaction valid with other effects."""
    found = _check(payload, _directory())
    if found is not None and found[0] == 0:
        assert found[1] == RW
        assert _action(payload).expected_hash == _action(PAYLOAD).expected_hash


@examples(100)
@given(messages(RESULTS))
def test_whatever_endorsers_sign_is_a_set_of_this_namespace_or_is_refused(results):
    """A damaged read/write set under sound signatures: a code, or one that survives encoding."""
    rw, _ = attempt(DecodeError, decode, "notes", results)
    found = _check(_endorsed(results), _directory())
    assert found is not None
    if rw is None:
        assert found[0] != 0
    else:
        assert found == (0, rw)
        assert decode("notes", encode("notes", rw)) == rw
    forged = _check(_endorsed(results, of=RESULTS), _directory())
    assert forged is not None
    assert (forged[0] == 0) is (results == RESULTS)


KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
VERSIONS = st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1))


@examples(60)
@given(
    st.lists(st.tuples(KEYS, st.none() | VERSIONS)).map(tuple),
    st.lists(
        st.builds(
            RangeRead, KEYS, KEYS, st.booleans(), st.lists(st.tuples(KEYS, VERSIONS)).map(tuple)
        )
    ).map(tuple),
    st.lists(
        st.tuples(KEYS.filter(bool), st.none() | st.binary(max_size=5)), unique_by=lambda w: w[0]
    ).map(tuple),
)
def test_every_read_write_set_survives_encoding(reads, ranges, writes):
    """What a simulator can record is read back as it was."""
    rw = ReadWriteSet(reads, ranges, writes)
    assert decode("notes", encode("notes", rw)) == rw
    assert decode("other", encode("notes", rw)) == (None if rw != ReadWriteSet() else rw)


DER = ALICE.x509.public_bytes(Encoding.DER)


def _serialized(der):
    return bytes(
        msp.SerializedIdentity(mspid="HospitalAMSP", id_bytes=pem(der)).SerializeToString()
    )


@examples(150)
@given(
    scarred(ALICE.serialized, PEERS[1].serialized)
    | messages(ALICE.serialized)
    | scarred(DER).map(_serialized)
)
def test_a_damaged_identity_is_nobody_or_whom_its_ca_vouches_for(serialized):
    """A member whose signature counts, or one of two errors, and no crash of the verifier."""
    member, _ = attempt((UnknownIdentity, InvalidIdentity), _directory().member, serialized, NOW_MS)
    if member is not None:
        assert member.msp_id in {"HospitalAMSP", "HospitalBMSP"}
        assert member.key in [ALICE.key.public_key(), PEERS[1].key.public_key()]


SIGNATURE = ALICE.sign(b"data")


@examples(60)
@given(scarred(SIGNATURE))
def test_a_damaged_signature_does_not_verify(signature):
    """Of all bytes only the one low-S signature in its one encoding counts."""
    member = _directory().member(ALICE.serialized, NOW_MS)
    assert member.verifies(signature, b"data") is (signature == SIGNATURE)
