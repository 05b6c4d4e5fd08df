# SPDX-License-Identifier: Apache-2.0
"""What all clients of services share."""

import ssl

import pytest
from tests.client.identities import IDENTITY, KEY, certificate

from pmcb_client.http_identity import ServiceClient
from pmcb_client.wallet import Wallet

pytestmark = pytest.mark.anyio


async def test_roots_are_read_once_however_many_clients_come(tmp_path, monkeypatch):
    """Services make a client for each round; reading the roots would take longer than the round."""
    identity = Wallet(tmp_path).put("receiver1", IDENTITY, KEY)
    roots, read = certificate().decode(), []
    whole = ssl.create_default_context

    def counted(**how):
        read.append(how)
        return whole(**how)

    monkeypatch.setattr(ssl, "create_default_context", counted)
    for _ in range(3):
        async with ServiceClient(
            "https://127.0.0.1:9",
            roots,
            identity,
            audience="content",
            timeout_s=1.0,
            transport=None,
            clock=None,
        ):
            pass
    assert len(read) == 1
