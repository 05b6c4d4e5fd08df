# SPDX-License-Identifier: Apache-2.0
"""Enrolled people of a measured network, kept in memory."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from pmcb_client.enrolment import CaClient, Enrolment
from pmcb_client.gateway import (
    CommitBy,
    Contract,
    Gateway,
    Identity,
    P256Signer,
    Signer,
    connect,
    open_channel,
)
from pmcb_client.network_file import NetworkFile

Registrars = Mapping[str, tuple[str, str]]

_AT_ONCE = 4  # a CA of Fabric spends a tenth of a second on each secret: more only wait


@dataclass(frozen=True)
class Enrolled:
    """An identity and its key."""

    identity: Identity
    private_key: EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def of(cls, msp: str, enrolment: Enrolment) -> "Enrolled":
        """What the CA gave."""
        return cls(Identity(msp, enrolment.certificate_pem), enrolment.private_key)

    @property
    def signer(self) -> Signer:
        """Who signs with the key."""
        return P256Signer(self.private_key)


class People:
    """One channel an organisation, and everybody's contract over it."""

    def __init__(self, file: NetworkFile, registrars: Registrars) -> None:
        self._file = file
        self._secrets = registrars
        self._channels = {o.msp: open_channel(o.gateway, o.tls_ca) for o in file.orgs}
        self._registrars: dict[str, Enrolled] = {}

    async def close(self) -> None:
        """Close the channels."""
        for channel in self._channels.values():
            await channel.close(None)

    def contract(self, who: Enrolled) -> Contract:
        """The contract as this person sees it."""
        return self.contract_of(self.gateway(who))

    def contract_of(self, gateway: Gateway) -> Contract:
        """The contract behind a gateway of this network."""
        return gateway.network(self._file.channel).contract(self._file.chaincode)

    def gateway(self, who: Enrolled, *, commit: CommitBy = "status") -> Gateway:
        """This person's gateway, over its organisation's channel."""
        channel = self._channels[who.identity.msp_id]
        return connect(channel, who.identity, who.signer, commit=commit)

    async def enrol(self, msp: str, names: Sequence[str], role: str) -> list[Enrolled]:
        """People of one organisation and role."""
        org = self._file.org(msp)
        slots = asyncio.Semaphore(_AT_ONCE)
        async with CaClient(org.ca_url, org.tls_ca, org.ca_name) as ca:
            if msp not in self._registrars:
                registrar = await ca.enroll(*self._secrets[msp])
                self._registrars[msp] = Enrolled.of(msp, registrar)

            async def one(name: str) -> Enrolled:
                async with slots:
                    registrar = self._registrars[msp]
                    secret = await ca.register(registrar, name, {"pmcb.role": role})
                    return Enrolled.of(msp, await ca.enroll(name, secret))

            return list(await asyncio.gather(*map(one, names)))


@asynccontextmanager
async def people_of(file: NetworkFile, registrars: Registrars) -> AsyncIterator[People]:
    """People of a network; their channels close at the end."""
    people = People(file, registrars)
    try:
        yield people
    finally:
        await people.close()
