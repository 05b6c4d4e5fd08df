# SPDX-License-Identifier: Apache-2.0
"""Re-enrolment, on the embedded CA and on Fabric's."""

from tests.network.ca_wire import Ca, attributes, certificate, request
from tests.network.contracts import Notes

from pmcb_network.embedded import EmbeddedNetwork


async def test_nobody_renews_for_another(ca):
    """The request must name the caller; a wrong one leaves the certificate as it is."""
    bob = await ca.person(await ca.registrar(), "bob")
    assert (await ca.reenroll(bob.identity, csr=request("eve")))[:2] == (403, [77])
    assert (await ca.reenroll(bob.identity, csr="no csr"))[:2] == (400, [31])
    assert (await ca.reenroll(bob.identity))[:2] == (201, [])


async def test_a_renewed_certificate_says_the_same(ca):
    """Another key and number, the same attributes; both certificates renew again."""
    wanted = [{"name": "pmcb.role", "value": "receiver", "ecert": True}]
    registrar = await ca.registrar()
    bob = await ca.person(registrar, "bob", attrs=wanted, max_enrollments=1)
    for _ in range(2):  # no secret is used up
        made = certificate((await ca.reenroll(bob.identity))[2])
        assert attributes(made) == attributes(bob.identity.x509)
        assert made.subject == bob.identity.x509.subject
        assert made.serial_number != bob.identity.x509.serial_number
    assert (await ca.enroll(bob.name, bob.secret))[:2] == (401, [20])


async def test_an_expired_certificate_renews_nothing(tmp_path, clock):
    """Its owner has to be registered under another name."""
    async with EmbeddedNetwork(tmp_path, contract=Notes(), clock=clock) as network:
        ca = Ca.of(network)
        async with ca.http:
            bob = await ca.person(await ca.registrar(), "bob")
            clock.advance(days=364)
            assert (await ca.reenroll(bob.identity))[:2] == (201, [])
            clock.advance(days=2)
            assert (await ca.reenroll(bob.identity))[:2] == (401, [20])
