# SPDX-License-Identifier: Apache-2.0
"""An embedded network with people, levels, credit and a task file: where answers are measured."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from pmcb_client.enroller import Enroller
from pmcb_client.gateway import Contract, Network, connect, open_channel
from pmcb_client.levels_registry import Registration, publish_epoch
from pmcb_client.network_file import NetworkFile, parse
from pmcb_client.wallet import Wallet
from pmcb_network.embedded import ORGS, EmbeddedNetwork
from pmcb_network.introduce import introduce

from ._play import LEVELS, PER_LEVEL, Play

CREDIT = 10**9
_PROOF = "0" * 64

TASK = """\
title: Heart rate and medication
questions:
  - {id: hr, ask: "Resting heart rate", fields: [heart_rate], sensitivity: 1}
  - {id: meds, ask: "Medication taken today?", fields: [taken], sensitivity: 5, secret: "arm B"}
fields: fields.yaml
notice: notice.md
receivers: 3
reward: 5
accept_for: 1d
submit_for: 2d
verifiers: [HospitalBMSP/verifier]
institution: HospitalBMSP/records
"""
FIELDS = """\
- {name: heart_rate, unit: 1/min, min: 30, max: 220}
- {name: taken, values: ["yes", "no"]}
"""
ANSWERS = ('{"heart_rate": 64}', '{"taken": "yes"}')


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Play]:
    """An embedded network with people, levels, credit and a task file."""
    home = folder / "home"
    home.mkdir(mode=0o700)
    (folder / "task").mkdir()
    for name, text in (("task.yaml", TASK), ("fields.yaml", FIELDS), ("notice.md", "For tests.")):
        (folder / "task" / name).write_text(text)
    for number, text in enumerate(ANSWERS):
        (folder / f"answer-{number}.json").write_text(text)
    async with AsyncExitStack() as stack:
        network = await stack.enter_async_context(EmbeddedNetwork(folder / "network"))
        file = parse(network.network_file)
        await introduce(home, file, network.registrars, within_s=30)
        play = await _people(stack, home, file)
        await _levels(play)
        yield play


async def _people(stack: AsyncExitStack, home: Path, file: NetworkFile) -> Play:
    wallet = Wallet(home / "wallet")
    wanted = {
        "authority.a": (ORGS[0], "authority"),
        "authority.b": (ORGS[1], "authority"),
        "releaser": (ORGS[0], "releaser"),
        "verifier": (ORGS[1], "verifier"),
        "records": (ORGS[1], "institution"),
        "content": (ORGS[1], "institution"),
        **{f"r{n}": (ORGS[0], "receiver") for n in range(LEVELS * PER_LEVEL)},
    }
    contracts: dict[str, Contract] = {}
    networks: dict[str, Network] = {}
    channels = {}
    for org in file.orgs:
        channels[org.msp] = open_channel(org.gateway, org.tls_ca)
        stack.push_async_callback(channels[org.msp].close, None)
        async with Enroller(file, org.msp, wallet) as enroller:
            for name, (msp, role) in wanted.items():
                if msp == org.msp:
                    who = (await enroller.enroll(name, role)).identity
                    gateway = connect(channels[msp], who.identity, who.signer)
                    networks[name] = gateway.network(file.channel)
                    contracts[name] = networks[name].contract(file.chaincode)
    receivers = [wallet.get(name) for name, (_, role) in wanted.items() if role == "receiver"]
    return Play(home, file, wallet, contracts, networks["releaser"], receivers)


async def _levels(play: Play) -> None:
    entries = tuple(
        (who.msp_id, who.enrollment_id, 1 + number // PER_LEVEL, number % PER_LEVEL)
        for number, who in enumerate(play.receivers)
    )
    registration = Registration(LEVELS, entries, _PROOF, _PROOF)
    await publish_epoch(play.contracts["authority.a"], registration, 1)
    for name in ("authority.a", "authority.b"):
        await play.contracts[name].submit("approve_epoch", "1")
    releaser = play.wallet.get("releaser")
    args = (*releaser.uid.split("/"), str(CREDIT), "start")
    await play.contracts["authority.a"].submit("issue_credit", *args)
