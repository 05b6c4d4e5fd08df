# SPDX-License-Identifier: Apache-2.0
"""What hosts hand to each other: certificates and the channel, nothing that contradicts, no key."""

import json
from dataclasses import replace

import pytest
from tests.network.fabric.hosts import (
    A,
    B,
    C,
    keep_block,
    make_block,
    make_host,
    put_root,
    topology,
    wrap,
)

from pmcb_chaincode.contract import Governance
from pmcb_network.errors import AwaitsOthers, BundleRefused, NetworkError
from pmcb_network.fabric._bundle import fingerprint, parse, read
from pmcb_network.fabric._protos import configtx


@pytest.fixture
def hosts(tmp_path):
    """Three hosts whose nodes are enrolled; no channel is made yet."""
    return [make_host(tmp_path / f"h{number}", number) for number in (1, 2, 3)]


def refused(host, bundle, said: str) -> None:
    """The host takes nothing of it, and says so."""
    before = host.files()
    with pytest.raises(BundleRefused, match=said):
        host.exchange.take(bundle)
    assert host.files() == before


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff", b'{"version": 1}', b"[" * 100_000, b'{"version": 1, "msp": 7}'],
)
def test_garbage_is_no_bundle(content: bytes):
    """Whatever the bytes are, one sentence."""
    with pytest.raises(BundleRefused, match="not an organisation's bundle"):
        parse(content)


@pytest.mark.parametrize(
    ("key", "value"),
    [("root", "x"), ("root", 7), ("block", "no base64!"), ("orderers", []), ("msp", None),
     ("orderers", {"orderer0.HospitalBMSP": {}}), ("topology", 1)],
)  # fmt: skip
def test_a_bundle_with_another_thing_in_a_place_is_none(hosts, key: str, value: object):
    """Each key is read strictly."""
    document = json.loads(hosts[1].exchange.export(B).dump())
    with pytest.raises(BundleRefused, match="not an organisation's bundle"):
        parse(json.dumps(document | {key: value}).encode())


def test_a_bundle_of_another_version_says_so(hosts):
    """Not as garbage."""
    document = json.loads(hosts[1].exchange.export(B).dump())
    with pytest.raises(BundleRefused, match="reads bundles of version 1 only"):
        parse(json.dumps(document | {"version": 2}).encode())


def test_certificates_of_several_cas_are_no_bundle(hosts):
    """An orderer's certificate that the root did not issue."""
    document = json.loads(hosts[1].exchange.export(B).dump())
    other = json.loads(hosts[2].exchange.export(C).dump())
    with pytest.raises(BundleRefused, match="is not of HospitalBMSP's CA"):
        parse(json.dumps(document | {"root": other["root"]}).encode())


def test_a_file_that_cannot_be_one_is_not_read_to_its_end(tmp_path, monkeypatch):
    """Too large, or no file."""
    with pytest.raises(BundleRefused, match=r"none\.json cannot be read: No such file"):
        read(tmp_path / "none.json")
    monkeypatch.setattr("pmcb_network.fabric._bundle._MAX_BYTES", 10)
    (tmp_path / "large.json").write_bytes(b"x" * 11)
    with pytest.raises(BundleRefused, match=r"large\.json is too large"):
        read(tmp_path / "large.json")


def test_only_an_organisations_own_host_exports_it(hosts, tmp_path):
    """Not another host, not for a stranger, not before its nodes are enrolled."""
    with pytest.raises(BundleRefused, match="the nodes of HospitalBMSP are on h2"):
        hosts[0].exchange.export(B)
    with pytest.raises(BundleRefused, match="no organisation OtherMSP; it has HospitalAMSP, Hosp"):
        hosts[0].exchange.export("OtherMSP")
    bare = replace(hosts[0].exchange, layout=replace(hosts[0].exchange.layout, root=tmp_path / "n"))
    with pytest.raises(NetworkError, match="HospitalAMSP have no certificates yet") as caught:
        bare.export(A)
    assert caught.value.next_step == "run: pmcb network up"
    with pytest.raises(NetworkError, match="HospitalAMSP have no certificates yet"):
        bare.take(hosts[1].exchange.export(B))


def test_a_bundle_of_another_network_changes_nothing(hosts, tmp_path):
    """Another topology, another governance, a stranger, one's own, orderers too few."""
    first = hosts[0]
    grown = topology().replace("messages = 500", "messages = 50")
    other = make_host(tmp_path / "other", 2, text=grown)
    refused(first, other.exchange.export(B), "HospitalBMSP made its network from another topology")
    rules = Governance.of((A, B, C))
    strict = Governance(rules.orgs, rules.role_msps, 3)
    other = make_host(tmp_path / "strict", 2, rules=strict)
    refused(first, other.exchange.export(B), "from another governance")
    bundle = hosts[1].exchange.export(B)
    refused(first, replace(bundle, msp="OtherMSP"), "the topology has no organisation OtherMSP")
    refused(first, first.exchange.export(A), "HospitalAMSP is an organisation of this host itself")
    refused(first, replace(bundle, orderers={}), "does not hold the orderers of HospitalBMSP")


def test_a_bundle_that_contradicts_the_one_before_changes_nothing(hosts, tmp_path):
    """Another root certificate, or the same with other orderers."""
    first, bundle = hosts[0], hosts[1].exchange.export(B)
    first.exchange.take(bundle)
    anew = make_host(tmp_path / "anew", 2).exchange.export(B)
    refused(first, anew, "another root certificate of HospitalBMSP than is known here")
    [name] = bundle.orderers
    swapped = replace(bundle.orderers[name], tls=bundle.orderers[name].identity)
    refused(first, replace(bundle, orderers={name: swapped}), "has other orderers' certificates")


def test_a_channel_that_contradicts_changes_nothing(hosts, tmp_path):
    """Another channel, other organisations, another root of this host's or of the bundle's own."""
    first, second, third = hosts
    bundle = first.exchange.export(A)
    stranger = make_host(tmp_path / "stranger", 2)
    for block, said in {
        b"": "",
        b"garbage": "not the first one of a channel",
        make_block(*hosts)[:-5]: "not the first one of a channel",
        make_block(*hosts, channel="other"): "is another channel's",
        make_block(first, second): "is another channel's",
        make_block(first, stranger, third): "another root certificate of HospitalBMSP than is",
        make_block(make_host(tmp_path / "a", 1), second, third): "another root .* HospitalAMSP",
    }.items():
        if block:
            refused(second, replace(bundle, block=block), said)
    # What the block says of a third host is no better than what that host said itself.
    second.exchange.take(third.exchange.export(C))
    liar = make_block(first, second, make_host(tmp_path / "c", 3))
    refused(second, replace(bundle, block=liar), "another root certificate of InstituteMSP")


def test_a_channel_with_two_roots_of_one_organisation_is_refused(hosts):
    """One for its members, another for its orderers."""
    config = configtx.ConfigEnvelope()
    groups = config.config.channel_group.groups
    put_root(groups["Application"].groups[A], A, hosts[0].authority.certificate)
    put_root(groups["Orderer"].groups[A], A, hosts[1].authority.certificate)
    bundle = replace(hosts[0].exchange.export(A), block=wrap(config, "pmcb"))
    refused(hosts[1], bundle, "the channel's block has two roots of HospitalAMSP")


def test_another_first_block_than_the_one_that_is_here_is_refused(hosts):
    """A channel has one."""
    keep_block(hosts[0], make_block(*hosts))
    hosts[1].exchange.take(hosts[0].exchange.export(A))
    other = hosts[0].exchange.export(A).block + b"\x1a\x00"
    refused(hosts[1], replace(hosts[0].exchange.export(A), block=other), "another first block")


def test_each_host_says_what_it_waits_for(hosts):
    """The first for all bundles, the others for the channel; with the channel nobody waits."""
    first, second, third = (host.exchange for host in hosts)
    with pytest.raises(AwaitsOthers, match=r"bundle of HospitalBMSP \(h2\), InstituteMSP \(h3\)"):
        first.check_complete()
    with pytest.raises(AwaitsOthers, match="made on h1 and is not here yet") as caught:
        second.check_complete()
    assert caught.value.exit_code == 3
    assert "carry the bundle of HospitalBMSP (pmcb network org export) to h1" in (
        caught.value.next_step
    )
    assert not first.take(second.export(B))
    with pytest.raises(AwaitsOthers, match=r"bundle of InstituteMSP \(h3\) is missing"):
        first.check_complete()
    assert not first.take(third.export(C))
    first.check_complete()
    keep_block(hosts[0], make_block(*hosts))
    assert second.take(first.export(A))
    second.check_complete()


def test_with_the_channel_come_the_roots_of_all(hosts):
    """The third host's too, which the second never heard of; twice is as good as once."""
    first, second, third = hosts
    keep_block(first, make_block(*hosts))
    bundle = parse(first.exchange.export(A).dump())
    second.exchange.take(bundle)
    layout = second.exchange.layout
    known = layout.root_certificate(C).read_bytes()
    assert known == third.exchange.layout.root_certificate(C).read_bytes()
    assert json.loads((layout.msp(C) / "config.yaml").read_bytes())["NodeOUs"]["Enable"] is True
    before = second.files()
    assert second.exchange.take(bundle)
    assert second.files() == before


def test_the_first_host_finds_orderers_where_the_channel_is_made_from(hosts):
    """Identity and TLS certificate of another host's orderer, in the folder of any identity."""
    first, second, _ = hosts
    first.exchange.take(parse(second.exchange.export(B).dump()))
    [node] = second.exchange.topology.here.organisations[0].orderers
    theirs, ours = (host.exchange.layout.identity(node) for host in (second, first))
    assert ours.certificate.read_bytes() == theirs.certificate.read_bytes()
    assert ours.tls_certificate.read_bytes() == theirs.tls_certificate.read_bytes()
    assert not ours.tls_key.exists()


def test_no_key_leaves_its_host(hosts):
    """Not even where one stands in the same file as the certificate."""
    second = hosts[1]
    [node] = second.exchange.topology.here.organisations[0].orderers
    path = second.exchange.layout.identity(node).tls_certificate
    path.write_bytes(path.read_bytes() + second.private_keys()[0])
    bundle = second.exchange.export(B)
    content = bundle.dump()
    assert b"PRIVATE" not in content
    for key in second.private_keys():
        assert not any(line in content for line in key.splitlines()[1:-1])
    assert parse(content) == bundle
    assert len(fingerprint(bundle.root)) == 95
