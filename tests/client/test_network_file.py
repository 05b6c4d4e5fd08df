# SPDX-License-Identifier: Apache-2.0
import datetime as dt
import json
import stat
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from pmcb_client.errors import NetworkFileError
from pmcb_client.network_file import (
    ContentStore,
    NetworkFile,
    Organisation,
    PublishingService,
    load,
    parse,
    renew,
    save,
)

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


class Ca:
    """A root and the lists that it signs."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ca")])
        builder = x509.CertificateBuilder().subject_name(self.name).issuer_name(self.name)
        builder = builder.public_key(self.key.public_key()).serial_number(1)
        builder = builder.not_valid_before(NOW).not_valid_after(NOW + DAY)
        self.root = builder.sign(self.key, SHA256()).public_bytes(Encoding.PEM).decode()

    def revoking(self, *serials):
        """The list (PEM) of these serial numbers."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.name)
        builder = builder.last_update(NOW).next_update(NOW + DAY)
        for serial in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.key, SHA256()).public_bytes(Encoding.PEM).decode()


TLS_CA = Ca().root


def org(msp):
    """An organisation of two addresses and three certificates."""
    return Organisation(
        msp=msp,
        gateway="localhost:7051",
        msp_ca="PEM 1",
        crl="",
        tls_ca=TLS_CA,
        ca_url="https://localhost:7054",
        ca_name="ca-a",
    )


NETWORK = NetworkFile(
    kind="embedded", channel="pmcb", chaincode="pmcb", orgs=(org("HospitalAMSP"), org("BMSP"))
)


@pytest.fixture
def path(tmp_path):
    """Where a network file may be written."""
    return tmp_path / "network.json"


@pytest.fixture
def document(path):
    """A sound network file, as JSON."""
    save(path, NETWORK)
    return json.loads(path.read_text())


def test_a_missing_file_says_how_to_get_one(path):
    """Its name, and the command that writes it."""
    with pytest.raises(NetworkFileError, match=r"network\.json") as caught:
        load(path)
    assert "pmcb network up" in caught.value.next_step
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "\ud800".encode("utf-8", "surrogatepass")])
def test_what_is_no_json_object_is_refused(path, text):
    """Half a file, another document, bytes."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(NetworkFileError) as caught:
        load(path)
    assert "pmcb network up" in caught.value.next_step


def test_a_folder_is_refused(path):
    """The reason is the operating system's."""
    path.mkdir()
    with pytest.raises(NetworkFileError, match="cannot be read"):
        load(path)


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_version_is_refused(document, version):
    """Nobody guesses what a later file means."""
    with pytest.raises(NetworkFileError, match="version 1"):
        parse(document | {"version": version})


@pytest.mark.parametrize("key", ["kind", "channel", "chaincode"])
@pytest.mark.parametrize("value", [None, "", 7, []])
def test_a_missing_or_wrong_value_is_named(document, key, value):
    """The message names the key."""
    with pytest.raises(NetworkFileError, match=f"'{key}'"):
        parse(document | {key: value})


@pytest.mark.parametrize("orgs", [None, [], "HospitalAMSP", ["HospitalAMSP"]])
def test_a_network_without_organisations_is_refused(document, orgs):
    """There is nobody to speak to."""
    with pytest.raises(NetworkFileError, match="orgs"):
        parse(document | {"orgs": orgs})


@pytest.mark.parametrize("key", ["msp", "gateway", "msp_ca", "crl", "tls_ca", "ca_url", "ca_name"])
def test_a_missing_value_of_an_organisation_is_named(document, key):
    """With the organisation's place in the list."""
    del document["orgs"][1][key]
    with pytest.raises(NetworkFileError, match=rf"'orgs\[1\]\.{key}'"):
        parse(document)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tls_ca", "PEM"),
        ("tls_ca", TLS_CA.replace("M", "N", 5)),
        ("ca_url", "localhost:7054"),
        ("ca_url", "https://localhost:65536"),
        ("ca_url", "https://local host"),
        ("gateway", "localhost:7051\x1b[2J"),
    ],
)
def test_a_value_that_no_connection_could_use_is_named(document, key, value):
    """Before anything connects."""
    document["orgs"][1][key] = value
    with pytest.raises(NetworkFileError, match=rf"'orgs\[1\]\.{key}' must be"):
        parse(document)


def test_an_unknown_organisation_is_refused():
    """The message names those that there are."""
    with pytest.raises(NetworkFileError, match=r"ClinicMSP.*HospitalAMSP, BMSP") as caught:
        NETWORK.org("ClinicMSP")
    assert "--as" in caught.value.next_step


def test_what_is_saved_is_read_again(path):
    """Nothing is lost, and others may read it: it holds no secret."""
    save(path, NETWORK)
    assert load(path) == NETWORK
    assert load(str(path)).org("BMSP") == org("BMSP")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(path.parent.iterdir()) == [path]


def test_keys_of_a_later_release_are_left_alone(document):
    """A file with services is read by a client that knows none."""
    assert parse(document | {"services": {"content": "https://localhost:1"}}) == NETWORK


def test_a_list_that_the_ca_did_not_sign_is_refused():
    """Another CA's of the same name, a damaged one, none at all."""
    ca, other = Ca(), Ca()
    damaged = ca.revoking(7).replace("\nM", "\nN", 1)
    for crl, root in (
        (other.revoking(7), ca.root),
        (damaged, ca.root),
        ("no list", ca.root),
        (ca.revoking(7), "no root"),
    ):
        with pytest.raises(NetworkFileError, match="'crl' of HospitalAMSP"):
            replace(org("HospitalAMSP"), msp_ca=root, crl=crl).revoked()


def test_a_list_names_what_was_revoked():
    """By serial number; no list, nothing revoked."""
    ca = Ca()
    assert org("HospitalAMSP").revoked() == frozenset()
    for serials in ((), (7, 2**158)):
        listed = replace(org("HospitalAMSP"), msp_ca=ca.root, crl=ca.revoking(*serials))
        assert listed.revoked() == frozenset(serials)


def test_a_new_list_replaces_one_organisations(path):
    """The other's stays, and so does all else in the file."""
    changed = NETWORK.with_list("BMSP", "PEM 3")
    save(path, changed)
    assert load(path).org("BMSP") == replace(org("BMSP"), crl="PEM 3")
    assert load(path).org("HospitalAMSP") == org("HospitalAMSP")


STORE = ContentStore("https://localhost:9000", "HospitalBMSP/content", TLS_CA)
HERE = ContentStore("http://127.0.0.1:9000", "HospitalBMSP/content", "")


def network(**changes):
    """Of one organisation."""
    return replace(NetworkFile("embedded", "pmcb", "pmcb", (org("HospitalAMSP"),)), **changes)


@pytest.mark.parametrize("store", [None, STORE, HERE])
def test_the_content_store_comes_back(tmp_path, store):
    """With its roots, or on this machine without TLS; or there is none."""
    save(tmp_path / "network.json", network(content=store))
    assert load(tmp_path / "network.json").content == store


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (7, "'content' must be an object"),
        ({"url": HERE.url, "uid": HERE.uid}, "content.tls_ca"),
        ({"url": HERE.url, "uid": "content", "tls_ca": ""}, "content.uid"),
        ({"url": HERE.url, "uid": HERE.uid, "tls_ca": TLS_CA}, "content.url"),
        ({"url": STORE.url, "uid": HERE.uid, "tls_ca": ""}, "content.url"),
        ({"url": STORE.url, "uid": HERE.uid, "tls_ca": "no certificate"}, "content.url"),
        ({"url": "http://192.0.2.1:9000", "uid": HERE.uid, "tls_ca": ""}, "content.url"),
        ({"url": "http://localhost.example:9000", "uid": HERE.uid, "tls_ca": ""}, "content.url"),
        ({"url": "ftp://localhost", "uid": HERE.uid, "tls_ca": ""}, "content.url"),
    ],
)
def test_a_content_store_that_cannot_be_trusted_is_refused(tmp_path, content, complaint):
    """Only this machine is spoken to without TLS; the key that is wrong is named."""
    save(tmp_path / "network.json", network())
    document = json.loads((tmp_path / "network.json").read_text())
    with pytest.raises(NetworkFileError, match=complaint):
        parse(document | {"content": content})


def test_a_network_that_is_described_anew_keeps_its_content_store(tmp_path):
    """What a service entered stays, whatever stood there otherwise; a new store replaces it."""
    path = tmp_path / "network.json"
    renew(path, network())
    assert load(path).content is None
    save(path, network(content=HERE))
    renew(path, network(channel="other"))
    assert (load(path).channel, load(path).content) == ("other", HERE)
    renew(path, network(content=STORE))
    assert load(path).content == STORE
    path.write_text("no network")
    renew(path, network())
    assert load(path).content is None


PUBLISHING = PublishingService("https://localhost:9100", "HospitalBMSP/publisher", TLS_CA)
LOCAL = PublishingService("http://127.0.0.1:9100", "HospitalAMSP/publisher", "")


@pytest.mark.parametrize(
    ("publishing", "complaint"),
    [
        (7, "'publishing' must be a list"),
        ([7], r"'publishing\[0\]' must be an object"),
        ([{"url": LOCAL.url, "uid": "publisher", "tls_ca": ""}], r"publishing\[0\]\.uid"),
        ([{"url": "http://192.0.2.1:1", "uid": LOCAL.uid, "tls_ca": ""}], r"publishing\[0\]\.url"),
        ([{"url": LOCAL.url, "uid": LOCAL.uid, "tls_ca": ""}] * 2, "an organisation twice"),
    ],
)
def test_a_publishing_service_that_cannot_be_trusted_is_refused(document, publishing, complaint):
    """As a content store is; of an organisation there is one."""
    with pytest.raises(NetworkFileError, match=complaint):
        parse(document | {"publishing": publishing})


def test_publishing_services_come_back(path, document):
    """One of each organisation, the latest; a network that is described anew keeps them."""
    assert "publishing" not in document
    moved = replace(LOCAL, url="http://127.0.0.1:9200")
    save(path, network().with_service(LOCAL).with_service(PUBLISHING).with_service(moved))
    assert load(path).publishing == (PUBLISHING, moved)
    assert [service.msp for service in load(path).publishing] == ["HospitalBMSP", "HospitalAMSP"]
    renew(path, network(channel="other"))
    assert load(path).publishing == (PUBLISHING, moved)
    renew(path, network().with_service(LOCAL))
    assert load(path).publishing == (LOCAL,)
