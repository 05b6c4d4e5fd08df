# SPDX-License-Identifier: Apache-2.0
"""What `pmcb network crl` does when the network is Fabric."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pmcb_client.enrolment import CaClient
from pmcb_client.network_file import Organisation as Described
from pmcb_client.network_file import load, save
from pmcb_client.wallet import Wallet, WalletIdentity
from pmcb_network._launch import Places
from pmcb_network.errors import NetworkError, TopologyError
from pmcb_network.introduce import registrar_of

from ._binaries import find
from ._folder import folder_of, open_network
from ._revocation import Revocation, RevocationList, Told
from ._topology import Organisation, Topology


@dataclass(frozen=True)
class Conveyed:
    """What peers were told, and the date at which the list says that it is out of date."""

    told: Told
    ends: datetime | None

    @property
    def is_old(self) -> bool:
        """Whether that date is over; peers look at numbers only, others may at dates."""
        return self.ends is not None and self.ends <= datetime.now(UTC)


def crl(places: Places, msp: str, say: Callable[[str], None]) -> Conveyed:
    """The list of an organisation's CA to the peers, and into this home's network.json.

    Raises:
        TopologyError: the network has no such organisation, or it is another host's.
        CaUnavailable: its CA does not answer.
        FabricRefused, NodeFailed: as `Revocation.tell` says.
    """
    binaries = find()
    network = open_network(folder_of(places), binaries)
    org = _of_this_host(network.topology, msp)
    description = places.home / "network.json"
    described = load(description)
    registrar = registrar_of(Wallet(places.home / "wallet"), described.org(msp))
    if registrar is None:
        raise NetworkError(
            f"this home has no registrar of {msp} that its CA takes",
            next_step="run `pmcb network up`: it enrols the registrars",
        )
    say("asking the CA what it revoked")
    pem = asyncio.run(_listed(described.org(msp), registrar))
    told = Revocation(network.topology, network.layout, binaries).tell(org, pem, say)
    save(description, described.with_list(msp, pem.decode()))
    return Conveyed(told, RevocationList.read(pem).ends)


async def _listed(org: Described, registrar: WalletIdentity) -> bytes:
    async with CaClient(org.ca_url, org.tls_ca, org.ca_name) as ca:
        return await ca.gencrl(registrar)


def _of_this_host(topology: Topology, msp: str) -> Organisation:
    known = {org.msp: org for org in topology.here.organisations}
    for org in topology.elsewhere:
        if org.msp == msp:
            raise TopologyError(
                f"the CA and the administrator of {msp} are on {org.host}",
                next_step=f"run it on {org.host}: from there every host's peers are told",
            )
    if msp not in known:
        raise TopologyError(
            f"{msp} is no organisation of this host's",
            next_step=f"name one of {', '.join(known)}",
        )
    return known[msp]
