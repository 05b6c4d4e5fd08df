# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench bridge``: what a chaincode process takes from one peer; that it loses nothing."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._output import give, out_option

if TYPE_CHECKING:
    from pmcb_client.cli import Settings
    from pmcb_client.gateway import Identity

    from ._peer import Peer

IN_FLIGHT = (1, 16, 64, 256, 1000)
_WARM_UP = 500


@click.command()
@click.option(
    "--transactions",
    type=click.IntRange(min=1),
    default=20_000,
    show_default=True,
    help="How many of each kind.",
)
@out_option
@click.pass_obj
def bridge(settings: "Settings", transactions: int, out: Path | None) -> None:
    """Measure the bridge: two-key transactions from 1 to 1,000 at once, with and without batches.

    The chaincode server runs in a process of its own; the peer is this one.
    """
    from pmcb_client.terminal import progress

    from ._machine import machine

    document: dict[str, object] = {
        "benchmark": "bridge",
        "transactions": transactions,
        "seed": 0,
        "machine": machine(["grpcio", "pmcb-chaincode", "protobuf", "uvloop"]),
    }
    kinds = [(batches, in_flight) for batches in (True, False) for in_flight in IN_FLIGHT]
    runs = []
    with progress("runs", len(kinds)) as advance:
        for number, (batches, in_flight) in enumerate(kinds, 1):
            runs.append(asyncio.run(_measure(transactions, batches=batches, in_flight=in_flight)))
            advance(number)
    document["runs"] = runs
    give(settings, document, out)


async def _measure(count: int, *, batches: bool, in_flight: int) -> dict[str, object]:
    """One server, one stream, ``count`` transactions of two reads and two writes."""
    from ._peer import Peer
    from ._server import server_process

    made = await _transactions(_WARM_UP + count)
    peer = Peer(batches=batches)
    with server_process() as server:
        async with peer.dialled(server.port):
            await _run(peer, made[:_WARM_UP], 16)
            cpu_s, started = server.cpu_s(), time.perf_counter()
            await _run(peer, made[_WARM_UP:], in_flight)
            wall_s, cpu_s = time.perf_counter() - started, server.cpu_s() - cpu_s
    answers = [peer.answered[one.txid] for one in made]
    return {
        "batches": batches,
        "in_flight": in_flight,
        "unanswered": answers.count(0),
        "answered_twice": sum(number > 1 for number in answers),
        "failed": peer.failed,
        "lost_writes": sum(f"k{key}" not in peer.state for key in range(2 * len(made))),
        "per_second": round(count / wall_s),
        "cpu_ms": round(1000 * cpu_s / count, 3),
    }


async def _run(peer: "Peer", transactions: list[Any], in_flight: int) -> None:
    left = iter(transactions)

    async def work() -> None:
        for transaction in left:
            await peer.run(transaction)

    await asyncio.gather(*(work() for _ in range(in_flight)))


async def _transactions(count: int) -> list[Any]:
    """Messages as a peer sends them, each with a proposal and keys of its own."""
    import grpc

    from pmcb_client.gateway import connect

    from ._protos import ChaincodeInput, ChaincodeMessage, SignedProposal

    made = []
    async with grpc.aio.insecure_channel("127.0.0.1:9") as unused:
        contract = connect(unused, _caller()).network("pmcb").contract("pairs")
        for number in range(count):
            words = ["add_pair", str(2 * number), str(2 * number + 1)]
            proposal = contract.proposal(*words)
            made.append(
                ChaincodeMessage(
                    type=ChaincodeMessage.TRANSACTION,
                    txid=proposal.transaction_id,
                    channel_id="pmcb",
                    payload=ChaincodeInput(args=[w.encode() for w in words]).SerializeToString(),
                    proposal=SignedProposal(proposal_bytes=proposal.bytes),
                )
            )
    return made


def _caller() -> "Identity":
    """Somebody whose signature the peer would have checked: the bridge trusts it for that."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    from pmcb_client.gateway import Identity

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "load")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .sign(key, SHA256())
    )  # fmt: skip
    return Identity("HospitalAMSP", certificate.public_bytes(Encoding.PEM))
