# SPDX-License-Identifier: Apache-2.0
"""fabric-ca-client before the embedded network's CAs, and before Fabric's."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography import x509
from tests.interop.contracts import Parity
from tests.interop.jobs import evaluate, job
from tests.network.ca_wire import attributes, fabrics_ca, names, revoked_in

from pmcb_network.embedded import EmbeddedNetwork

pytestmark = pytest.mark.interop

A, B = "HospitalAMSP", "HospitalBMSP"
PAST, FUTURE = "2000-01-01T00:00:00.000Z", "2100-01-01T00:00:00.000Z"


@dataclass
class Town:
    """A CA's address and registrar; on the embedded network also its gateway."""

    org: dict[str, Any]
    registrar: tuple[str, str]
    run: Any
    network: EmbeddedNetwork | None = None
    people: dict[str, dict[str, str]] = field(default_factory=dict)
    bob: str = field(default_factory=lambda: f"bob.{secrets.token_hex(4)}")

    async def ca(self, *steps: dict[str, Any]) -> list[Any]:
        """What each step is answered; who was kept calls in later runs, too."""
        org = self.org
        told = {"url": org["ca_url"], "tls_ca": org["tls_ca"], "ca_name": org["ca_name"]}
        told |= {"msp": org["msp"], "people": self.people, "steps": steps}
        answers: list[Any] = await self.run("ca.js", told)
        for step, answer in zip(steps, answers, strict=True):
            if "keep" in step and "error" not in answer:
                self.people[step["keep"]] = answer
        return answers

    async def whoami(self, name: str) -> dict[str, Any]:
        """What the gateway answers whoever is kept under this name."""
        assert self.network is not None
        index = [org["msp"] for org in self.network.network_file["orgs"]].index(self.org["msp"])
        who = self.people[name]
        told = job(self.network, who["certificate"], who["key"], [evaluate("whoami")], index=index)
        (answer,) = await self.run("gateway.js", told)
        return dict(answer)

    def certificate(self, name: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.people[name]["certificate"].encode())

    async def settle(self, times: int = 1) -> list[Any]:
        """The registrar, and bob with a certificate; answers of register and enroll."""
        name, secret = self.registrar
        chosen = secrets.token_hex(8)
        register: dict[str, Any] = {"do": "register", "as": "registrar", "id": self.bob}
        register |= {"role": "receiver", "times": times, "secret": chosen}
        enroll = {"do": "enroll", "id": self.bob, "secret": chosen, "keep": "bob"}
        first = {"do": "enroll", "id": name, "secret": secret, "keep": "registrar"}
        return (await self.ca(first, register, register, enroll, enroll | {"keep": "twice"}))[1:]

    async def refused(self, *steps: dict[str, Any]) -> None:
        """The CA does not know whoever calls."""
        for answer in await self.ca(*steps):
            assert "Authentication failure" in answer["error"]


@pytest.fixture(params=["embedded", pytest.param("fabric", marks=pytest.mark.fabric)])
async def town(request, run, tmp_path) -> AsyncIterator[Town]:
    """A CA of each kind."""
    if request.param == "embedded":
        async with EmbeddedNetwork(tmp_path / "town", contract=Parity()) as network:
            yield Town(network.network_file["orgs"][0], network.registrars[A], run, network)
        return
    yield Town(*fabrics_ca(request.getfixturevalue("fabric")), run)


async def test_the_ca_client_enrols_and_registers(town):
    """A name once, a secret once; the certificate says what was registered."""
    registered, again, made, used_up = await town.settle()
    assert registered["secret"]
    assert f"Identity '{town.bob}' is already registered" in again["error"]
    assert "Authentication failure" in used_up["error"]
    assert made["root"].strip() == town.org["msp_ca"].strip()
    assert attributes(town.certificate("bob"))["pmcb.role"] == "receiver"


@pytest.mark.parametrize(("index", "msp"), [(0, A), (1, B)])
async def test_whom_the_ca_client_enrolled_the_gateway_knows(network, run, index, msp):
    """Of either organisation."""
    org, registrar = network.network_file["orgs"][index], network.registrars[msp]
    town = Town(org, registrar, run, network)
    await town.settle()
    assert f'"uid":"{msp}/{town.bob}"' in (await town.whoami("bob"))["result"]


async def test_the_ca_client_renews(town):
    """Another certificate for the same person; the one before stays good."""
    await town.settle()
    renew = {"do": "reenroll", "as": "bob", "keep": "renewed"}
    await town.ca(renew, renew | {"keep": "again"})
    old, new = town.certificate("bob"), town.certificate("renewed")
    assert attributes(new) == attributes(old)
    assert (new.serial_number, new.public_key()) != (old.serial_number, old.public_key())
    assert "again" in town.people
    if town.network is not None:
        for name in ("bob", "renewed"):
            assert f'"uid":"{A}/{town.bob}"' in (await town.whoami(name))["result"]


async def test_the_ca_client_revokes_one_certificate(town):
    """Refused by the CA and by the gateway; the renewed one is not."""
    await town.settle()
    renew = {"do": "reenroll", "as": "bob"}
    revoke = {"do": "revoke", "as": "registrar", "request": names(town.certificate("bob"))}
    _, done, again = await town.ca(renew | {"keep": "renewed"}, revoke, revoke)
    assert done["RevokedCerts"] == [{"Serial": f"{town.certificate('bob').serial_number:x}",
                                     "AKI": names(town.certificate("bob"))["aki"]}]  # fmt: skip
    assert "was already revoked" in again["error"]
    await town.refused(renew | {"keep": "more"})
    (more,) = await town.ca(renew | {"as": "renewed", "keep": "more"})
    assert more["certificate"]
    if town.network is not None:
        denied = f"error validating proposal: access denied: channel [pmcb] creator org [{A}]"
        assert (await town.whoami("bob"))["details"] == [{"mspId": A, "message": denied}]
        assert f'"uid":"{A}/{town.bob}"' in (await town.whoami("renewed"))["result"]


async def test_the_ca_client_revokes_an_id(town):
    """Every certificate, and the secret; only by somebody who may; the list says so."""
    await town.settle(times=-1)
    both = {town.certificate(name).serial_number for name in ("bob", "twice")}
    request = {"enrollmentID": town.bob, "reason": "keycompromise", "gencrl": True}
    revoke = {"do": "revoke", "as": "registrar", "request": request}
    other = {"do": "revoke", "as": "bob", "request": {"enrollmentID": town.registrar[0]}}
    everything = {"do": "list", "as": "registrar", "period": {}}
    forbidden, unlisted, done, again, listed = await town.ca(
        other, everything | {"as": "bob"}, revoke, revoke, everything
    )
    for answer in (forbidden, unlisted):
        assert "Authorization failure" in answer["error"]
    assert {int(one["Serial"], 16) for one in done["RevokedCerts"]} == both
    assert both <= revoked_in(done["CRL"])
    assert (again["RevokedCerts"], again["CRL"]) == (None, "")
    assert both <= revoked_in(listed["CRL"])
    await town.refused(
        {"do": "reenroll", "as": "bob", "keep": "more"},
        {"do": "reenroll", "as": "twice", "keep": "more"},
        {"do": "enroll", "id": town.bob, "secret": "any", "keep": "more"},
    )
    if town.network is not None:
        for name in ("bob", "twice"):
            assert "access denied" in (await town.whoami(name))["message"]


async def test_the_ca_client_lists_a_period(town):
    """By revocation and by expiry, with the moments that it sends."""
    await town.settle()
    number = town.certificate("bob").serial_number
    revoke = {"do": "revoke", "as": "registrar", "request": {"enrollmentID": town.bob}}
    periods = {
        True: ({"revokedAfter": PAST, "revokedBefore": FUTURE}, {"expireAfter": PAST}),
        False: ({"revokedAfter": FUTURE}, {"revokedBefore": PAST}, {"expireBefore": PAST}),
    }
    await town.ca(revoke)
    for listed, wanted in periods.items():
        asked = [{"do": "list", "as": "registrar", "period": period} for period in wanted]
        for answer in await town.ca(*asked):
            assert (number in revoked_in(answer["CRL"])) is listed
