# SPDX-License-Identifier: Apache-2.0
"""Key-level endorsement policies: one metadata entry of a key, in the shape validators read."""

import pytest
from tests.chaincode.fake_peer import FakePeer
from tests.chaincode.faults import error, garbage
from tests.chaincode.vault import Vault

from pmcb_chaincode.bridge import ChaincodeMessage, endorsed_by
from pmcb_chaincode.bridge._protos import (
    MSPPrincipal,
    MSPRole,
    SignaturePolicyEnvelope,
    StateMetadata,
)

M = ChaincodeMessage


@pytest.mark.parametrize("names", [(), ("",), ("Org1MSP", "")])
def test_policy_of_nobody_is_refused(names):
    """It would lock the key for ever, or for nobody."""
    with pytest.raises(ValueError, match="at least one organisation"):
        endorsed_by(*names)


@pytest.mark.parametrize("batch", [1000, None])
@pytest.mark.parametrize("call", [["set_policy", "k", "[]"], ["set_policy", "k", '[""]']])
async def test_bad_policy_reaches_no_peer(serve, call, batch):
    """A contract that cannot name anybody is a defect, or a bad argument."""
    peer = serve(FakePeer(batch=batch), Vault())
    assert (await peer.call(*call)).status >= 400
    assert not peer.calls


@pytest.mark.parametrize("fault", [error, garbage])
async def test_peer_without_key_level_policies_is_an_error(serve, fault):
    """A peer that refuses, or answers no metadata, is not one that has no policy."""
    peer = serve(FakePeer(), Vault())
    peer.at(M.GET_STATE_METADATA, 1, fault)
    assert (await peer.call("get_policy", "k")).code == "PEER_ERROR"


async def test_policy_asks_every_organisation_once():
    """N of N signatures, the organisations in order, whatever order they were named in."""
    made = endorsed_by("Org2MSP", "Org1MSP", "Org2MSP")
    assert made == endorsed_by("Org1MSP", "Org2MSP")
    policy = SignaturePolicyEnvelope.FromString(made)
    assert policy.rule.n_out_of.n == 2
    assert [rule.signed_by for rule in policy.rule.n_out_of.rules] == [0, 1]
    assert all(rule.WhichOneof("Type") == "signed_by" for rule in policy.rule.n_out_of.rules)
    for principal, name in zip(policy.identities, ("Org1MSP", "Org2MSP"), strict=True):
        assert principal.principal_classification == MSPPrincipal.ROLE
        role = MSPRole.FromString(principal.principal)
        assert (role.msp_identifier, role.role) == (name, MSPRole.MEMBER)


def test_policy_may_ask_for_peers():
    """Where node OUs tell peers from other members."""
    (principal,) = SignaturePolicyEnvelope.FromString(
        endorsed_by("Org1MSP", peers_only=True)
    ).identities
    assert MSPRole.FromString(principal.principal).role == MSPRole.PEER


@pytest.mark.parametrize("batch", [1000, None])
async def test_policy_is_kept_beside_its_key(serve, batch):
    """Set, read, replaced; another key has none; another entry of the metadata is no policy."""
    peer = serve(FakePeer(batch=batch), Vault())
    assert (await peer.call("get_policy", "k")).json() == {"policy": ""}
    for names in (("Org1MSP",), ("Org1MSP", "Org2MSP")):
        listed = '["' + '","'.join(names) + '"]'
        assert (await peer.call("set_policy", "k", listed)).writes == {}
        assert peer.metadata["k"].metakey == "VALIDATION_PARAMETER"
        answer = await peer.call("get_policy", "k")
        assert bytes.fromhex(answer.json()["policy"]) == endorsed_by(*names)
    assert (await peer.call("get_policy", "other")).json() == {"policy": ""}
    peer.metadata["k"] = StateMetadata(metakey="OTHER", value=b"x")
    assert (await peer.call("get_policy", "k")).json() == {"policy": ""}
