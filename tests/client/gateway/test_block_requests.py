# SPDX-License-Identifier: Apache-2.0
"""Requests for blocks that are signed elsewhere, or sent under mutual TLS."""

from hashlib import sha256

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fabric_protos.peer.events_pb2_grpc import add_DeliverServicer_to_server
from tests.client.gateway.fake_deliver import UNAVAILABLE, BreaksOff, FakeDeliver, take

from pmcb_client.errors import GatewayError
from pmcb_client.gateway import (
    NotSigned,
    connect,
    open_channel,
)


async def test_a_request_without_signer_is_signed_off_line(deliver, channel, identity, signer):
    """It carries exactly its bytes; unsigned it is not sent."""
    gateway = connect(channel, identity)
    request = gateway.network("pmcb").block_events_request("full", start_block=3)
    assert request.digest == sha256(request.bytes).digest()
    with pytest.raises(NotSigned):
        await anext(request.blocks())
    with pytest.raises(NotSigned):
        await anext(gateway.network("pmcb").block_events("full"))
    assert not deliver.requests
    signed = gateway.signed_block_events(request.bytes, b"mine", "full")
    assert await take(1, signed.blocks()) == [3]
    (asked,) = deliver.requests
    assert (asked.kind, asked.envelope.payload) == ("full", request.bytes)
    assert asked.envelope.signature == b"mine"


@pytest.mark.parametrize(("after", "error"), [(0, GatewayError), (1, GatewayError)])
async def test_a_stream_signed_off_line_ends_when_it_breaks(
    deliver, channel, identity, after, error
):
    """Going on would need another signature."""
    gateway = connect(channel, identity)
    request = gateway.network("pmcb").block_events_request(start_block=1)
    deliver.script.append(BreaksOff(after, UNAVAILABLE))
    with pytest.raises(error, match="connection refused"):
        await take(after + 1, gateway.signed_block_events(request.bytes, b"mine").blocks())
    assert len(deliver.requests) == 1


@pytest.mark.parametrize(("after", "asked"), [(0, 2), (1, 1)])
async def test_a_stream_signed_off_line_that_ended_may_be_asked_the_same_again(
    deliver, channel, identity, after, asked
):
    """As long as it told nothing; behind a block another request would be needed."""
    gateway = connect(channel, identity)
    request = gateway.network("pmcb").block_events_request(start_block=1)
    deliver.script.append(BreaksOff(after, None))
    reader = gateway.signed_block_events(request.bytes, b"mine").blocks()
    if after:
        with pytest.raises(NotSigned):
            await take(after + 1, reader)
    else:
        assert await take(1, reader) == [1]
    assert len(deliver.requests) == asked


async def test_bytes_of_another_request_are_refused(channel, identity):
    """A proposal, events, noise."""
    gateway = connect(channel, identity)
    network = gateway.network("pmcb")
    others = (
        network.contract("pmcb").proposal("ping").bytes,
        network.chaincode_events_request("pmcb").bytes,
        b"\xff\xff",
        b"",
    )
    for message in others:
        with pytest.raises(ValueError, match="request for blocks"):
            gateway.signed_block_events(message, b"mine")


async def test_under_mutual_tls_the_request_names_the_clients_certificate(tls, identity, signer):
    """Its hash binds the request to the connection; without the certificate there is none."""
    key, certificate = tls
    server = grpc.aio.server()
    service = FakeDeliver()
    add_DeliverServicer_to_server(service, server)
    credentials = grpc.ssl_server_credentials([tls], certificate, require_client_auth=True)
    target = f"localhost:{server.add_secure_port('127.0.0.1:0', credentials)}"
    await server.start()
    try:
        stranger = open_channel(target, certificate)
        unsigned = connect(stranger, identity).network("pmcb").block_events_request(start_block=0)
        reader = connect(stranger, identity).signed_block_events(unsigned.bytes, b"x").blocks()
        with pytest.raises(GatewayError) as caught:
            await anext(reader)
        assert caught.value.grpc_code is grpc.StatusCode.UNAVAILABLE
        await stranger.close(grace=None)

        channel = open_channel(target, certificate, client_cert=(certificate, key))
        network = connect(channel, identity, signer).network("pmcb")
        assert await take(1, network.block_events(start_block=0)) == [0]
        await channel.close(grace=None)
    finally:
        await server.stop(grace=None)
    der = x509.load_pem_x509_certificate(certificate).public_bytes(Encoding.DER)
    assert service.requests[0].header.tls_cert_hash == sha256(der).digest()


def test_a_client_certificate_that_is_none_is_refused():
    """Before a channel is made of it."""
    with pytest.raises(ValueError, match="PEM"):
        open_channel("localhost:1", b"-----BEGIN CERTIFICATE-----", (b"none", b"none"))
