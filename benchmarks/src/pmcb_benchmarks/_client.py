# SPDX-License-Identifier: Apache-2.0
"""A client in a process of its own that puts its share of a load on a ledger, as often as asked.

Lines of JSON both ways: it is told the network, the contract and who its people are, keys included
(they stay out of files and arguments), and says that it is ready; then each line asks for a share
and is answered by what became of it. It ends when its standard input does.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from pmcb_client.gateway import CommitBy, Contract, Identity, connect, open_channel
from pmcb_client.network_file import NetworkFile, parse

from ._open_loop import Outcome, Sample, Steps, share_of_loop
from ._people import Enrolled
from ._steps import stepwise


@dataclass(frozen=True)
class Ask:
    """One transaction of a load: which of the client's people asks for what."""

    who: int
    words: Sequence[str]


def introduction(
    file: NetworkFile, chaincode: str, commit: CommitBy, people: Sequence[Enrolled]
) -> Mapping[str, object]:
    """The first line: all are of one organisation."""
    return {
        "network": asdict(file),
        "chaincode": chaincode,
        "commit": commit,
        "people": [
            [
                who.identity.msp_id,
                who.identity.certificate_pem.decode(),
                who.private_key.private_bytes(
                    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
                ).decode(),
            ]
            for who in people
        ],
    }


def share(
    numbers: Sequence[int], asks: Sequence[Ask], *, rate: float, start_s: float
) -> Mapping[str, object]:
    """Any other line: ``numbers`` in the whole load, ``start_s`` of the machine's one clock."""
    words = [[number, ask.who, *ask.words] for number, ask in zip(numbers, asks, strict=True)]
    return {"asks": words, "rate": rate, "start_s": start_s}


def told(line: str | bytes) -> list[Sample]:
    """The answer to a share."""
    return [
        Sample(due_s, ended_s, Outcome(outcome), reason, Steps(*steps) if steps else None)
        for due_s, ended_s, outcome, reason, steps in json.loads(line)
    ]


async def _client() -> None:
    first = json.loads(sys.stdin.readline())
    file = parse(first["network"])
    people = [_enrolled(*each) for each in first["people"]]
    org = file.org(people[0].identity.msp_id)
    async with AsyncExitStack() as entered:
        channel = open_channel(org.gateway, org.tls_ca)
        entered.push_async_callback(channel.close, None)
        contracts = []
        for who in people:
            gateway = connect(channel, who.identity, who.signer, commit=first["commit"])
            await entered.enter_async_context(gateway)
            contracts.append(gateway.network(file.channel).contract(first["chaincode"]))
        print("ready", flush=True)  # noqa: T201 - the parent reads it
        while line := await asyncio.to_thread(sys.stdin.readline):
            samples = await _share(contracts, json.loads(line))
            print(json.dumps([_row(each) for each in samples]), flush=True)  # noqa: T201


async def _share(contracts: Sequence[Contract], asked: Mapping[str, Any]) -> list[Sample]:
    asks = {number: (contracts[who], words) for number, who, *words in asked["asks"]}

    async def call(number: int) -> Steps:
        contract, words = asks[number]
        return await stepwise(contract, *words)

    return await share_of_loop(call, asks, rate=asked["rate"], start=asked["start_s"])


def _enrolled(msp: str, certificate: str, key: str) -> Enrolled:
    private_key = load_pem_private_key(key.encode(), password=None)
    assert isinstance(private_key, EllipticCurvePrivateKey)
    return Enrolled(Identity(msp, certificate.encode()), private_key)


def _row(sample: Sample) -> list[object]:
    steps = sample.steps and [
        sample.steps.transaction_id, sample.steps.endorse_s, sample.steps.order_s,
        sample.steps.commit_s, sample.steps.conflicts,
    ]  # fmt: skip
    return [sample.due_s, sample.ended_s, sample.outcome.value, sample.reason, steps]


if __name__ == "__main__":
    asyncio.run(_client())
