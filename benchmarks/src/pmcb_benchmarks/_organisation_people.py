# SPDX-License-Identifier: Apache-2.0
"""Who works with an organisation: enrolled, given levels, credit, a grant and a budget."""

from __future__ import annotations

import asyncio
import csv
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pmcb_client.enroller import Enroller
from pmcb_client.gateway import Contract, Network, connect, open_channel
from pmcb_client.levels_registry import Registration, publish_epoch
from pmcb_client.wallet import Wallet, WalletIdentity
from pmcb_network.embedded import ORGS
from pmcb_services.publishing import PublishingClient, Schema
from pmcb_services.retrieval.gateway import Terms
from pmcb_services.retrieval.worker import RetrievalClient

from ._organisation_site import FIELDS, ORGANISATION, STORE, Site

__all__ = ["BUDGET", "DATASET", "People", "enrol", "people_of_site"]

CREDIT = 10**9
BUDGET = "1"
DATASET = "diary"
COMMAND = "dose"
LEVELS, PER_LEVEL = 2, 3
_OWN = 3_000
_DAY_MS = 24 * 3600 * 1000
_PROOF = "0" * 64

_TASK = """\
title: Heart rate and blood pressure
questions:
  - {{id: hr, ask: "Resting heart rate", fields: [heart_rate], sensitivity: 1}}
  - {{id: bp, ask: "Systolic, seated", fields: [systolic], sensitivity: 5, secret: "arm B"}}
fields: fields.yaml
notice: notice.md
receivers: {per_level}
reward: 5
accept_for: 1d
submit_for: 2d
verifiers: [{organisation}/verifier]
institution: {organisation}/institution
"""

ROLES = {
    "authority.a": (ORGS[0], "authority"),
    "authority.b": (ORGS[1], "authority"),
    "releaser": (ORGS[0], "releaser"),
    "verifier": (ORGS[1], "verifier"),
    "institution": (ORGS[1], "institution"),
    "doctor": (ORGS[0], "worker"),
    "analyst": (ORGS[0], "analyst"),
    **{f"r{number}": (ORGS[0], "receiver") for number in range(LEVELS * PER_LEVEL)},
}


class People:
    """Everybody's contract over one channel an organisation.

    Attributes:
        dataset: the store's id on the ledger.
        cohort: whose budget the data set spends.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._wallet = Wallet(site.home / "wallet")
        file = self.file = site.network()
        self._channels = {org.msp: open_channel(org.gateway, org.tls_ca) for org in file.orgs}
        self.receivers = [self.get(name) for name, (_, role) in ROLES.items() if role == "receiver"]
        self.dataset = self.cohort = ""

    async def close(self) -> None:
        """Close the channels."""
        for channel in self._channels.values():
            await channel.close(None)

    def get(self, label: str) -> WalletIdentity:
        """Somebody."""
        return self._wallet.get(label)

    def channel(self, label: str) -> Network:
        """The ledger's channel as this person sees it."""
        who = self.get(label)
        gateway = connect(self._channels[who.msp_id], who.identity, who.signer)
        return gateway.network(self.file.channel)

    def contract(self, label: str) -> Contract:
        """The contract as this person sees it."""
        return self.channel(label).contract(self.file.chaincode)

    async def settle(self) -> None:
        """Levels, credit, a task file, a grant for the doctor, a data set with a budget."""
        entries = tuple(
            (who.msp_id, who.enrollment_id, 1 + number // PER_LEVEL, number % PER_LEVEL)
            for number, who in enumerate(self.receivers)
        )
        authority = self.contract("authority.a")
        await publish_epoch(authority, Registration(LEVELS, entries, _PROOF, _PROOF), 1)
        for name in ("authority.a", "authority.b"):
            await self.contract(name).submit("approve_epoch", "1")
        releaser = self.get("releaser").uid.split("/")
        await authority.submit("issue_credit", *releaser, str(CREDIT), "start")
        _write_task(self._site.folder / "task")
        await self._grant()
        await self._budget()

    async def _grant(self) -> None:
        """The doctor may search the store and command the device for a day."""
        grant, now_ms = secrets.token_hex(16), time.time_ns() // 1_000_000
        terms = Terms(max_rounds=1024, may_export=True)
        async with RetrievalClient(self._site.network(), self.get("institution")) as gateway:
            self.dataset = next(e["dataset"] for e in await gateway.stores() if e["name"] == STORE)
            await gateway.set_terms(STORE, grant, terms)
        scope = {
            "datasets": [self.dataset],
            "devices": {self._site.device: [COMMAND]},
            "purpose": "treatment",
            "not_before": now_ms - _DAY_MS // 24,
            "expires": now_ms + _DAY_MS,
        }
        words = (grant, *self.get("doctor").uid.split("/"), json.dumps(scope))
        await self.contract("institution").submit("grant_retrieval", *words)

    async def _budget(self) -> None:
        """A table of made-up patients, of whom analysts of the other organisation may buy."""
        folder = self._site.folder
        await asyncio.to_thread(_write_table, folder / "tables" / "own.csv")
        fields = folder / "fields.yaml"
        schema = Schema.from_fields(fields, subject="subject", expected_size=_OWN)
        self.cohort = secrets.token_hex(16)
        rule = {"who": ORGS[0], "at_once": BUDGET, "in_all": "1000"}  # the ledger refuses, not this
        async with PublishingClient(self._site.network(), self.get("institution")) as service:
            await service.open_cohort(self.cohort, BUDGET, schema)
            await service.set_policy(self.cohort, [rule])
            await service.add_dataset(DATASET, self.cohort)
            await service.add_version(DATASET, path=folder / "tables" / "own.csv")

    async def ask(self, label: str, function: str, *words: str) -> Any:
        """What the ledger answers somebody."""
        return json.loads(await self.contract(label).evaluate(function, *words))


async def enrol(site: Site) -> None:
    """Everybody, by the CA of their organisation; the network runs."""
    file, wallet = site.network(), Wallet(site.home / "wallet")
    async with AsyncExitStack() as stack:
        of = {msp: await stack.enter_async_context(Enroller(file, msp, wallet)) for msp in ORGS}
        for name, (msp, role) in ROLES.items():
            await of[msp].enroll(name, role)


@asynccontextmanager
async def people_of_site(site: Site) -> AsyncIterator[People]:
    """Start everything from an empty home, and everybody with it; the channels close at the end."""
    await asyncio.to_thread(site.begin)
    await enrol(site)
    await asyncio.to_thread(site.build)
    await asyncio.to_thread(site.down)
    await asyncio.to_thread(site.up)
    people = People(site)
    try:
        await people.settle()
        yield people
    finally:
        await people.close()


def _write_task(folder: Path) -> None:
    folder.mkdir()
    text = _TASK.format(per_level=PER_LEVEL, organisation=ORGANISATION)
    (folder / "task.yaml").write_text(text)
    (folder / "notice.md").write_text("Who reads this, and why: a measurement.")
    (folder / "fields.yaml").write_text(FIELDS)


def _write_table(path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = zip(rng.integers(50, 120, _OWN), rng.integers(90, 180, _OWN), strict=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("subject", "heart_rate", "systolic"))
        writer.writerows((f"own-{number:04}", *row) for number, row in enumerate(rows))
