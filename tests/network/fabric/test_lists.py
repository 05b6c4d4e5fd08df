# SPDX-License-Identifier: Apache-2.0
"""Lists of revoked certificates in a channel's configuration, without a channel."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.network.fabric.hosts import A, B, put_root

from pmcb_network.embedded._authority import Authority
from pmcb_network.errors import FabricRefused
from pmcb_network.fabric._bundle import pem
from pmcb_network.fabric._protos import configtx, msp_config
from pmcb_network.fabric._revocation import RevocationList, revoked, with_list

NOW_MS = 1_750_000_000_000
CA = Authority.make("ca-a", A, now_ms=NOW_MS)


def listed(*serials: int, by: Authority = CA) -> RevocationList:
    """The list that a CA would make."""
    entries = [(serial, NOW_MS) for serial in serials]
    return RevocationList.read(by.revocation_list(entries, now_ms=NOW_MS))


def lists(config, section: str, msp: str = A) -> list[bytes]:
    """The lists in one place, as they stand."""
    value = config.channel_group.groups[section].groups[msp].values["MSP"].value
    outer = msp_config.MSPConfig.FromString(value)
    return list(msp_config.FabricMSPConfig.FromString(outer.config).revocation_list)


@pytest.fixture
def config():
    """A and B are members; A orders, too."""
    made = configtx.Config()
    groups = made.channel_group.groups
    for section, msp in (("Application", A), ("Application", B), ("Orderer", A)):
        put_root(groups[section].groups[msp], msp, CA.certificate)
    return made


def test_a_list_that_the_ca_did_not_sign_is_refused():
    """Peers would skip it, and go on taking the certificates."""
    other = Authority.make("ca-a", A, now_ms=NOW_MS)
    root = pem(CA.certificate).encode()
    with pytest.raises(FabricRefused, match="does not bear its signature"):
        listed(7, by=other).check_signed_by(root)
    listed(7).check_signed_by(root)


@pytest.mark.parametrize("raw", [b"", b"-----BEGIN X509 CRL-----\n", b"\x30\x00"])
def test_what_is_no_list_is_refused(raw):
    """Neither PEM nor DER."""
    with pytest.raises(ValueError, match=r".*"):
        RevocationList.read(raw)


def test_a_channel_with_a_damaged_list_or_msp_is_told(config):
    """Not a traceback: the operator must know which one."""
    broken = with_list(config, A, listed(7))
    value = broken.channel_group.groups["Application"].groups[A].values["MSP"]
    value.value = msp_config.MSPConfig(
        config=msp_config.FabricMSPConfig(revocation_list=[b"damaged"]).SerializeToString()
    ).SerializeToString()
    with pytest.raises(FabricRefused, match="a list of revoked certificates on the channel"):
        revoked(broken, A)
    value.value = b"\xff"
    with pytest.raises(FabricRefused, match=f"definition of {A} is damaged"):
        revoked(broken, A)


def test_an_empty_list_changes_nothing(config):
    """Nobody was revoked: there is nothing to tell."""
    assert with_list(config, A, listed()) is None
    assert revoked(config, A) == frozenset()
    assert revoked(config, "UnknownMSP") == frozenset()


def test_a_list_stands_wherever_the_organisation_does(config):
    """As a member and as one who orders; peers refuse a configuration with two unlike ones."""
    new = listed(7, 8)
    told = with_list(config, A, new)
    assert lists(told, "Application") == lists(told, "Orderer") == [new.raw]
    assert lists(told, "Application", B) == []
    assert [sorted(revoked(each, msp)) for each, msp in ((told, A), (told, B), (config, A))] == [
        [7, 8], [], [],
    ]  # fmt: skip


def test_what_one_place_lacks_is_not_refused_yet(config):
    """Only the member's definition knows it."""
    told = with_list(config, A, listed(7))
    groups = config.channel_group.groups
    groups["Application"].CopyFrom(told.channel_group.groups["Application"])
    assert revoked(config, A) == frozenset()
    assert revoked(with_list(config, A, listed(7)), A) == {7}


def test_a_repeat_changes_nothing_and_a_longer_list_replaces_the_old(config):
    """The CA signs a new one each time; what counts is whom it names."""
    first = with_list(config, A, listed(7))
    assert with_list(first, A, listed(7)) is None
    second = with_list(first, A, listed(7, 8))
    assert len(lists(second, "Application")) == 1
    assert revoked(second, A) == {7, 8}


def test_no_revocation_is_taken_back(config):
    """A CA that was put back from a backup lists fewer: the longer list stays beside its own."""
    before = with_list(config, A, listed(7, 8))
    assert with_list(before, A, listed(7)) is None
    assert with_list(before, A, listed()) is None
    after = with_list(before, A, listed(9))
    assert len(lists(after, "Orderer")) == 2
    assert revoked(after, A) == {7, 8, 9}


def test_lists_in_the_other_form_are_read(config):
    """Other software puts DER there."""
    made = listed(7)
    der = x509.load_pem_x509_crl(made.raw).public_bytes(Encoding.DER)
    assert RevocationList.read(der).serials == {7}
    assert RevocationList.read(der).ends == made.ends
