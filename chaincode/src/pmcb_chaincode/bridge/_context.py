# SPDX-License-Identifier: Apache-2.0
"""What a contract function sees of its transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ._caller import Caller, read_caller
from ._canonical import MAX_INT, JsonObject, canonical_dumps
from ._ledger import Ledger
from ._protos import (
    ChaincodeEvent,
    ChaincodeProposalPayload,
    ChannelHeader,
    Header,
    Proposal,
    SignatureHeader,
    SignedProposal,
    decoded,
)
from ._queries import to_ms
from .errors import ContractError


@dataclass
class Context:
    """One transaction: its caller, its time, its ledger and its event.

    ``time_ms`` is the client's clock in milliseconds UTC: the one time that every endorser sees
    alike. Peers refuse proposals whose time is far from their own. ``transient`` holds what the
    client told this peer and nobody else: it is in no block, no argument and no log.
    """

    tx_id: str
    channel: str
    time_ms: int
    caller: Caller
    ledger: Ledger
    transient: Mapping[str, bytes] = field(repr=False)
    event: ChaincodeEvent | None = field(default=None, init=False)

    def set_event(self, name: str, payload: JsonObject) -> None:
        """Tell the channel what happened; once, since Fabric keeps one event a transaction."""
        if self.event is not None:
            raise ContractError("a transaction has one event")
        self.event = ChaincodeEvent(
            event_name=name, payload=canonical_dumps(payload), tx_id=self.tx_id
        )


@dataclass(frozen=True)
class ProposalFacts:
    """What a signed proposal says about its caller and time."""

    caller: Caller
    time_ms: int
    transient: Mapping[str, bytes]


def read_proposal(signed: SignedProposal) -> ProposalFacts:
    """Read a proposal whose signature the peer has verified.

    Raises:
        ValueError: the bytes are no proposal by an X.509 identity.
    """
    proposal = decoded(Proposal, signed.proposal_bytes)
    header = decoded(Header, proposal.header)
    channel_header = decoded(ChannelHeader, header.channel_header)
    creator = decoded(SignatureHeader, header.signature_header).creator
    payload = decoded(ChaincodeProposalPayload, proposal.payload)
    time_ms = to_ms(channel_header.timestamp)
    if not 0 <= time_ms <= MAX_INT:
        raise ValueError("the proposal's time cannot be written down")
    return ProposalFacts(
        caller=read_caller(creator),
        time_ms=time_ms,
        transient=dict(payload.TransientMap),
    )
