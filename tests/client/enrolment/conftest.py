# SPDX-License-Identifier: Apache-2.0
"""A CA of an embedded network, and its registrar."""

import pytest
from tests.client.enrolment.people import MSP, Person

from pmcb_client.enrolment import CaClient
from pmcb_client.gateway import Identity, P256Signer
from pmcb_client.network_file import parse
from pmcb_network.embedded import EmbeddedNetwork


@pytest.fixture(scope="module")
async def network(tmp_path_factory):
    """A network for its CAs."""
    async with EmbeddedNetwork(tmp_path_factory.mktemp("cas")) as network:
        yield network


@pytest.fixture(scope="module")
def org(network):
    return parse(network.network_file).org(MSP)


@pytest.fixture
async def ca(org):
    async with CaClient(org.ca_url, org.tls_ca, org.ca_name) as ca:
        yield ca


@pytest.fixture
async def registrar(ca, network):
    enrolled = await ca.enroll(*network.registrars[MSP])
    return Person(Identity(MSP, enrolled.certificate_pem), P256Signer(enrolled.private_key))
