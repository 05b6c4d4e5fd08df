# SPDX-License-Identifier: Apache-2.0
import datetime as dt
import ipaddress

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fabric_protos.gateway.gateway_pb2_grpc import add_GatewayServicer_to_server
from fabric_protos.peer.events_pb2_grpc import add_DeliverServicer_to_server
from tests.client.gateway.fake_deliver import FakeDeliver
from tests.client.gateway.fake_gateway import FakeGateway

from pmcb_client.gateway import Identity, P256Signer, Retry, Timeouts, connect, open_channel

_FROM = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_UNTIL = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


def _self_signed():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return key_pem, certificate.public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="session")
def tls():
    """Key and self-signed certificate (PEM) of a server on localhost."""
    return _self_signed()


@pytest.fixture(scope="session")
def other_root():
    """A root (PEM) that vouches for nobody here."""
    return _self_signed()[1].decode()


@pytest.fixture
async def fake(tls):
    """A scripted gateway under TLS on a port of its own; ``fake.target`` is its address.

    ``fake.deliver`` is the Deliver service beside it.
    """
    server = grpc.aio.server()
    fake = FakeGateway()
    fake.deliver = FakeDeliver()
    add_GatewayServicer_to_server(fake, server)
    add_DeliverServicer_to_server(fake.deliver, server)
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([tls]))
    fake.target = f"localhost:{port}"
    await server.start()
    yield fake
    await server.stop(grace=None)


@pytest.fixture
async def channel(fake, tls):
    """A channel to the scripted gateway."""
    channel = open_channel(fake.target, tls[1])
    yield channel
    await channel.close(grace=None)


@pytest.fixture(scope="session")
def identity():
    """The scripted gateway checks no signature, so any certificate will do."""
    return Identity("HospitalAMSP", b"certificate of receiver1")


@pytest.fixture(scope="session")
def signer():
    return P256Signer(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture
def patience_s():
    """For how long a doubt is followed; a test that waits for its end asks for less."""
    return 60.0


@pytest.fixture
def contract(channel, identity, signer, patience_s):
    """A contract behind the scripted gateway."""
    gateway = connect(channel, identity, signer, Timeouts(commit_status_s=patience_s))
    return gateway.network("pmcb").contract("pmcb")


@pytest.fixture
def deliver(fake, monkeypatch):
    """The peer's service; three blocks after the first stand; no pauses."""
    monkeypatch.setattr("pmcb_client.gateway._follow._PAUSES", Retry(base_s=0.0))
    for block in ([("a", 0)], [("b", 0), ("c", 11)], [("d", 0)]):
        fake.deliver.write(*block)
    return fake.deliver
