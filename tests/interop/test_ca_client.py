# SPDX-License-Identifier: Apache-2.0
"""fabric-ca-client before the embedded network's CAs."""

import pytest
from cryptography import x509
from tests.interop.jobs import evaluate, job

pytestmark = pytest.mark.interop

A, B = "HospitalAMSP", "HospitalBMSP"


@pytest.mark.parametrize(("index", "msp"), [(0, A), (1, B)])
async def test_the_ca_client_enrols_and_registers(network, run, index, msp):
    """What it enrolled is an identity that the gateway client can act with."""
    org = network.network_file["orgs"][index]
    (made,) = await run(
        "ca.js",
        {
            "url": org["ca_url"],
            "tls_ca": org["tls_ca"],
            "ca_name": org["ca_name"],
            "msp": msp,
            "registrar": network.registrars[msp],
            "name": "bob",
            "role": "receiver",
        },
    )
    assert made["root"] == org["msp_ca"]
    assert "Identity 'bob' is already registered" in made["again"]
    assert "Authentication failure" in made["usedUp"]
    certificate = x509.load_pem_x509_certificate(made["certificate"].encode())
    extension = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")
    attributes = certificate.extensions.get_extension_for_oid(extension).value.public_bytes()
    assert b'"pmcb.role":"receiver"' in attributes
    steps = [evaluate("whoami")]
    answers = await run(
        "gateway.js", job(network, made["certificate"], made["key"], steps, index=index)
    )
    assert f'"uid":"{msp}/bob"' in answers[0]["result"]
