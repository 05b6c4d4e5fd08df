# SPDX-License-Identifier: Apache-2.0
"""The ledger as each peer holds it: every block from the first, and the counters."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import grpc

from pmcb_client.gateway import Credentials, connect, open_channel
from pmcb_network.embedded._blocks import data_hash, header_hash

from ._load import PERSON
from ._protos import (
    BlockMessage,
    BlockMetadataIndex,
    ChaincodeActionPayload,
    ChaincodeInvocationSpec,
    ChaincodeProposalPayload,
    ChannelHeader,
    EndorserStub,
    Envelope,
    HeaderType,
    Payload,
    SignedProposal,
    Transaction,
)
from ._told import Pair, judged

_CODES = BlockMetadataIndex.Value("TRANSACTIONS_FILTER")
_COMMIT_HASH = BlockMetadataIndex.Value("COMMIT_HASH")
_SPAN = 500  # pairs that are read back at once
_READ_S = 30.0


@dataclass
class Chain:
    """What the blocks of one peer say.

    Attributes:
        height: how many there are.
        last: the last header's hash, hex.
        commit_hash: what the last block's metadata say of all codes so far, hex.
        broken: blocks whose number, hashes or codes do not fit.
        valid: for each contract, how many valid transactions did what stands for a number.
        codes: how many messages got which validation code.
    """

    height: int = 0
    last: str = ""
    commit_hash: str = ""
    broken: int = 0
    valid: dict[str, Counter[int]] = field(default_factory=dict)
    codes: Counter[int] = field(default_factory=Counter)

    def add(self, block: BlockMessage) -> None:
        """The next block."""
        header, messages = block.header, list(block.data.data)
        codes = block.metadata.metadata[_CODES]
        fits = (
            header.number == self.height
            and header.previous_hash.hex() == self.last
            and header.data_hash == data_hash(messages)
            and len(codes) == len(messages)
        )
        self.broken += not fits
        self.height += 1
        self.last = header_hash(header).hex()
        self.commit_hash = block.metadata.metadata[_COMMIT_HASH].hex()
        for message, code in zip(messages, codes, strict=True) if fits else ():
            self.codes[code] += 1
            done = _number(message) if code == 0 else None
            if done is not None:
                chaincode, number = done
                self.valid.setdefault(chaincode, Counter())[number] += 1


def _number(message: bytes) -> tuple[str, int] | None:
    """Which contract did what stands for which number; None when it is no call of the load."""
    payload = Payload.FromString(Envelope.FromString(message).payload)
    header = ChannelHeader.FromString(payload.header.channel_header)
    if header.type != HeaderType.ENDORSER_TRANSACTION:
        return None
    (action,) = Transaction.FromString(payload.data).actions
    called = ChaincodeActionPayload.FromString(action.payload).chaincode_proposal_payload
    spec = ChaincodeInvocationSpec.FromString(ChaincodeProposalPayload.FromString(called).input)
    words = [word.decode(errors="replace") for word in spec.chaincode_spec.input.args]
    if words[0] == "add_pair":
        return spec.chaincode_spec.chaincode_id.name, int(words[1]) // 2
    if words[0] == "suspend" and words[2].startswith(PERSON):
        return spec.chaincode_spec.chaincode_id.name, int(words[2].removeprefix(PERSON))
    return None


class PeerReader:
    """One peer, asked directly: gateways may ask another peer of theirs."""

    def __init__(self, address: str, root: str, identity: Credentials, channel: str) -> None:
        self._channel = open_channel(address, root)
        gateway = connect(self._channel, identity.identity, identity.signer)
        self._network = gateway.network(channel)
        self._sign = identity.signer

    async def close(self) -> None:
        """End the connection."""
        await self._channel.close(None)

    async def chain(self, height: int) -> Chain:
        """The first ``height`` blocks."""
        found = Chain()
        stream = self._network.block_events("full", start_block=0)
        async with aclosing(stream) as blocks:
            async for block in blocks:
                found.add(block.message)
                if found.height == height:
                    break
        return found

    async def ask(self, chaincode: str, *words: str) -> bytes:
        """What this very peer answers to one proposal, sent once, when it can be reached.

        Raises:
            RuntimeError: it does not endorse; says what it says.
        """
        proposal = self._network.contract(chaincode).proposal(*words)
        signed = SignedProposal(
            proposal_bytes=proposal.bytes, signature=self._sign(proposal.digest)
        )
        try:
            answer = await EndorserStub(self._channel).ProcessProposal(
                signed, timeout=_READ_S, wait_for_ready=True
            )
        except grpc.aio.AioRpcError as error:
            raise RuntimeError(f"{error.code().name}: {error.details()}") from error
        if answer.response.status != 200:
            raise RuntimeError(answer.response.message)
        result: bytes = answer.response.payload
        return result

    async def pairs(self, numbers: Iterable[int]) -> dict[int, Pair]:
        """The counters of these numbers, as this peer's state has them."""
        wanted = set(numbers)
        found: dict[int, Pair] = {}
        for span in sorted({number // _SPAN for number in wanted}):
            first = span * _SPAN
            answer = await self.ask("pairs", "get_span", str(2 * first), str(2 * _SPAN))
            values = json.loads(answer)["values"]
            for n in range(_SPAN):
                if first + n in wanted:
                    found[first + n] = (values[2 * n], values[2 * n + 1])
        return found


def verdict(
    outcomes: Mapping[int, str],
    chains: Sequence[Chain],
    counters: Sequence[Mapping[int, Pair]],
    contract: str = "pairs",
) -> dict[str, int]:
    """What the client was told beside what every peer's blocks and state say.

    ``counters`` may be empty: then only the blocks are asked. ``not_as_the_blocks`` counts the
    numbers whose counters differ from their valid transactions, on any peer;
    ``unequal_peers`` the peers that differ from the first in height, last block, commit hash or
    counters.
    """
    valid = [chain.valid.get(contract, Counter()) for chain in chains]
    numbers = set(outcomes).union(*valid)
    by_blocks = [{n: (done[n], done[n]) for n in numbers} for done in valid]
    effects = [*by_blocks, *counters]
    each = [judged(outcomes, found) for found in effects]
    first = chains[0]
    unequal = {
        position
        for position, chain in enumerate(chains)
        if (chain.height, chain.last, chain.commit_hash)
        != (first.height, first.last, first.commit_hash)
    }
    unequal |= {position for position, found in enumerate(counters) if found != counters[0]}
    return {
        **{name: max(one[name] for one in each) for name in each[0]},
        "not_as_the_blocks": len(
            {
                number
                for found, done in zip(counters, valid, strict=False)
                for number, pair in found.items()
                if pair != (done[number], done[number])
            }
        ),
        "broken_blocks": sum(chain.broken for chain in chains),
        "unequal_peers": len(unequal),
        "doubts_done": sum(
            done > 0 for number, done in valid[0].items() if outcomes.get(number) == "doubt"
        ),
        "untold_done": sum(done > 0 for number, done in valid[0].items() if number not in outcomes),
    }
