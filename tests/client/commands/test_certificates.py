# SPDX-License-Identifier: Apache-2.0
"""``pmcb id renew`` and ``pmcb id revoke``, and how they show in the wallet."""

import asyncio
import datetime as dt
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from tests.client.commands.conftest import A, B

from pmcb_client import network_file
from pmcb_client.enrolment import CaClient
from pmcb_client.gateway import Identity, connect_network
from pmcb_client.wallet import Wallet


def wallet_file(story, label):
    return story.home / "wallet" / f"{label}.id"


def self_signed(story, label, *, days):
    """An identity in the wallet that expires in so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, label)])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(now - dt.timedelta(days=99))
    made = builder.not_valid_after(now + dt.timedelta(days=days)).sign(key, SHA256())
    identity = Identity(A, made.public_bytes(Encoding.PEM))
    Wallet(story.home / "wallet").put(label, identity, key)


def state_of(story, label):
    rows = {row["label"]: row for row in story.ok("id", "list")["identities"]}
    return rows[label].get("state") or rows[label]["problem"]


def test_nothing_is_renewed_that_no_ca_would_renew(story):
    """No such label, several to choose from, expired, of another CA: each with what to do."""
    self_signed(story, "late", days=-1)
    self_signed(story, "odd", days=9)
    before = {label: wallet_file(story, label).read_bytes() for label in ("late", "odd")}
    story.no("IdentityNotFound", "id", "renew", "gone", exit_code=2)
    story.no("IdentityChoice", "id", "renew", exit_code=2)
    late = story.no("WalletError", "id", "renew", "late", exit_code=2)
    assert "expired" in late["message"]
    assert "pmcb id enroll" in late["next_step"]
    odd = story.no("CaRefused", "id", "renew", "odd")
    assert "pmcb id enroll" in odd["next_step"]
    assert {label: wallet_file(story, label).read_bytes() for label in before} == before
    assert (state_of(story, "odd"), "expired" in state_of(story, "late")) == ("expires soon", True)


def test_a_renewed_identity_is_the_same_person(story):
    """Another key, announced, and another number; the file keeps its mode, the old key with it."""
    story.enroll({"ann": (A, "receiver")})
    old = story.ok("id", "show", "ann")
    new = story.ok("id", "renew", label="ann")
    kept = ("label", "uid", "msp", "enrollment_id", "role")
    assert [new[name] for name in kept] == [old[name] for name in kept]
    assert new["serial"] != old["serial"]
    assert new["replaced"] == {name: old[name] for name in ("serial", "expires")}
    assert new["announced"]
    assert {name: new[name] for name in old} == story.ok("id", "show", "ann")
    assert wallet_file(story, "ann").stat().st_mode & 0o777 == 0o600
    (earlier,) = Wallet(story.home / "wallet").get("ann").earlier
    assert (
        f"{x509.load_pem_x509_certificate(earlier.certificate_pem).serial_number:x}"
        == (old["serial"])
    )
    said = story.say("id", "renew", "ann")
    assert f"Renewed {A}/ann" in said
    assert new["serial"] in said


def test_a_renewed_key_is_what_others_seal_to(story):
    """The ledger's directory holds the new key."""
    story.enroll({"ann": (A, "receiver")})
    key = story.ok("id", "renew", "ann")["key"]

    async def announced():
        ann = Wallet(story.home / "wallet").get("ann")
        async with connect_network(story.home / "network.json", ann) as gateway:
            contract = gateway.network("pmcb").contract("pmcb")
            return json.loads(await contract.evaluate("get_key", A, "ann"))

    assert asyncio.run(announced())["key"] == key


def test_a_registrar_is_renewed_too(story):
    """Nobody seals to it; it goes on enrolling."""
    assert not story.ok("id", "renew", f"registrar.{A}")["announced"]
    story.enroll({"ann": (A, "receiver")})


@pytest.mark.parametrize("moment", ["reenroll", "renew"])
def test_a_renewal_that_was_cut_off_loses_nothing(story, moment, monkeypatch):
    """Killed before the CA heard of it, or before the certificate was kept."""
    story.enroll({"ann": (A, "receiver")})
    before = wallet_file(story, "ann").read_bytes()

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(CaClient if moment == "reenroll" else Wallet, moment, die)
        assert story.run("id", "renew", "ann").exit_code == 130
    assert wallet_file(story, "ann").read_bytes() == before
    assert story.ok("id", "renew", "ann")["uid"] == f"{A}/ann"


def test_a_key_that_could_not_be_announced_is_told(story, monkeypatch):
    """The certificate is renewed all the same; a repeat announces."""
    story.enroll({"ann": (A, "receiver")})
    path = story.home / "network.json"
    network = network_file.load(path)
    document = json.loads(path.read_text())
    for org in document["orgs"]:
        org["gateway"] = "localhost:1"
    path.write_text(json.dumps(document))
    before = wallet_file(story, "ann").read_bytes()
    refused = story.no("LedgerUnavailable", "id", "renew", "ann", exit_code=3)
    assert "is renewed" in refused["next_step"]
    assert wallet_file(story, "ann").read_bytes() != before
    network_file.save(path, network)
    assert story.ok("id", "renew", "ann")["announced"]


def test_nobody_is_revoked_by_mistake(story):
    """Unknown name or reason, the registrar itself, no answer, a no, nobody to ask."""
    story.enroll({"ann": (A, "receiver")})
    args = ("id", "revoke", "ann", "--org", A)
    assert (
        "nobody" in story.no("CaRefused", "id", "revoke", "nobody", "--org", A, "--yes")["message"]
    )
    assert story.run(*args, "--reason", "dislike", "--yes").exit_code == 2
    own = story.no("InvalidRevocation", "id", "revoke", "registrar", "--org", A, "--yes",
                   exit_code=2)  # fmt: skip
    assert "--serial" in own["next_step"]
    assert story.run(*args, input="n\n").exit_code == 1
    assert story.run(*args, input="").exit_code == 2
    assert story.run("--json", *args).exit_code == 2
    assert (
        "--org" in story.no("InputError", "id", "revoke", "ann", "--yes", exit_code=2)["next_step"]
    )
    other = story.no("CaRefused", "id", "revoke", "ann", "--org", B, "--yes")
    assert "was not found" in other["message"]
    assert state_of(story, "ann") == "valid"
    assert story.ok("id", "renew", "ann")


def test_only_a_registrar_revokes(story):
    """Without it in the wallet there is nobody to ask for it."""
    story.enroll({"ann": (A, "receiver")})
    wallet_file(story, f"registrar.{A}").unlink()
    story.no("IdentityNotFound", "id", "revoke", "ann", "--org", A, "--yes", exit_code=2)


def test_a_revoked_person_is_refused_and_shown_so(story):
    """By this command from the list, by the CA, and by every gateway; a repeat changes nothing."""
    story.enroll({"ann": (A, "receiver"), "bea": (A, "receiver")})
    serial = story.ok("id", "show", "ann")["serial"]
    args = ("id", "revoke", "ann", "--org", A, "--reason", "keycompromise", "--yes")
    assert story.ok(*args) == {
        "uid": f"{A}/ann",
        "reason": "keycompromise",
        "revoked": [serial],
        "refused_by": ["ca", "peers"],
    }
    assert story.ok("id", "show", "ann")["state"] == state_of(story, "ann") == "revoked"
    assert state_of(story, "bea") == "valid"
    refused = story.no("WalletError", "receiver", "tasks", label="ann", exit_code=2)
    assert "has been revoked" in refused["message"]
    unlisted = network_file.load(story.home / "network.json").with_list(A, "")
    network_file.save(story.home / "network.json", unlisted)
    story.no("CaRefused", "id", "renew", "ann")
    assert "access denied" in story.run("receiver", "tasks", label="ann").stderr
    assert "no certificate left" in story.say(*args)
    assert state_of(story, "ann") == "revoked"


def test_only_one_certificate_is_revoked(story):
    """The one before a renewal; the person goes on with the other."""
    story.enroll({"ann": (A, "receiver")})
    old = story.ok("id", "renew", "ann")["replaced"]["serial"]
    args = ("id", "revoke", "ann", "--org", A, "--serial", old, "--yes")
    said = story.say(*args)
    assert f"Revoked 1 certificate of {A}/ann." in said
    assert "every gateway" in said
    assert "already revoked" in story.no("CaRefused", *args)["message"]
    assert state_of(story, "ann") == "valid"
    assert story.ok("id", "renew", "ann")["announced"]


def test_on_fabric_the_command_says_what_is_left_to_do(story):
    """There a peer knows only the list in the channel's configuration."""
    story.enroll({"ann": (A, "receiver")})
    path = story.home / "network.json"
    path.write_text(path.read_text().replace('"embedded"', '"fabric"'))
    args = ("id", "revoke", "ann", "--org", A, "--yes")
    assert "pmcb network crl HospitalAMSP" in story.say(*args)
    assert story.ok(*args)["refused_by"] == ["ca"]
