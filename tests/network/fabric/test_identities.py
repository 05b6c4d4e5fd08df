# SPDX-License-Identifier: Apache-2.0
"""Identities of nodes, from a CA; and what a run leaves that was ended in the middle."""

import asyncio
from pathlib import Path

import pytest

from pmcb_client.enrolment import CaClient
from pmcb_client.errors import CaRefused
from pmcb_client.network_file import parse
from pmcb_network.embedded import EmbeddedNetwork
from pmcb_network.fabric._identities import Registrar, _one
from pmcb_network.fabric._layout import IdentityFolder


@pytest.fixture
async def ca(tmp_path: Path):
    """A CA, and somebody who may register."""
    async with EmbeddedNetwork(tmp_path / "network") as network:
        org = parse(network.network_file).orgs[0]
        async with CaClient(org.ca_url, org.tls_ca, org.ca_name) as client:
            made = await client.enroll(*network.registrars[org.msp])
            yield client, Registrar(org.msp, made)


async def _enrol(ca, folder: IdentityFolder) -> None:
    client, registrar = ca
    await _one(client, registrar, b"root", "peer0.A", "peer", folder, ["localhost"])


async def test_who_was_registered_by_a_run_that_was_ended_is_enrolled_by_the_next(
    tmp_path: Path, monkeypatch, ca
):
    """Its secret was kept before the CA knew it, and is gone once the identity is whole."""
    folder = IdentityFolder(tmp_path / "orgs" / "peer0.A")

    async def ended(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(ca[0], "enroll", ended)
        with pytest.raises(asyncio.CancelledError):
            await _enrol(ca, folder)
    assert not folder.path.exists()
    (kept,) = folder.path.parent.iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    await _enrol(ca, folder)
    assert list(folder.path.parent.iterdir()) == [folder.path]
    assert b"BEGIN CERTIFICATE" in folder.certificate.read_bytes()


async def test_somebody_elses_id_is_not_taken(tmp_path: Path, ca):
    """Who is registered under another secret stays so."""
    client, registrar = ca
    await client.register(registrar, "peer0.A", {}, type="peer", max_enrollments=-1)
    with pytest.raises(CaRefused):
        await _enrol(ca, IdentityFolder(tmp_path / "orgs" / "peer0.A"))
