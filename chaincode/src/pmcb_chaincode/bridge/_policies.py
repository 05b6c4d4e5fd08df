# SPDX-License-Identifier: Apache-2.0
"""Key-level endorsement policies: whose endorsement the next write of a key needs."""

from ._protos import (
    ChaincodeMessage,
    GetStateMetadata,
    MSPPrincipal,
    MSPRole,
    SignaturePolicy,
    SignaturePolicyEnvelope,
    StateMetadataResult,
)
from ._replies import Call, read_reply

# The metadata entry of a key under which validators look for its policy.
POLICY = "VALIDATION_PARAMETER"


def endorsed_by(*msp_ids: str, peers_only: bool = False) -> bytes:
    """A policy that asks every one of these organisations, for ``ctx.ledger.set_policy``.

    Args:
        msp_ids: MSP ids of the channel's organisations; order and repeats do not matter.
        peers_only: ask for a peer's signature instead of any member's. Only where all these
            organisations have node OUs enabled: elsewhere nobody counts as a peer, and the key
            could never be written again.

    Returns:
        A serialised ``SignaturePolicyEnvelope``.

    Raises:
        ValueError: no organisation, or an empty id.
    """
    names = sorted(set(msp_ids))
    if not all(names) or not names:
        raise ValueError("a policy names at least one organisation")
    role = MSPRole.PEER if peers_only else MSPRole.MEMBER
    principals = [
        MSPPrincipal(
            principal_classification=MSPPrincipal.ROLE,
            principal=MSPRole(msp_identifier=name, role=role).SerializeToString(),
        )
        for name in names
    ]
    signatures = [SignaturePolicy(signed_by=place) for place in range(len(names))]
    every = SignaturePolicy.NOutOf(n=len(names), rules=signatures)
    rule = SignaturePolicy(n_out_of=every)
    made: bytes = SignaturePolicyEnvelope(rule=rule, identities=principals).SerializeToString()
    return made


async def read_policy(call: Call, key: str) -> bytes | None:
    """The policy that stands in a key's metadata."""
    body = GetStateMetadata(key=key).SerializeToString()
    answer = await call(ChaincodeMessage.GET_STATE_METADATA, body)
    for entry in read_reply(StateMetadataResult, answer).entries:
        if entry.metakey == POLICY:
            return entry.value or None
    return None
