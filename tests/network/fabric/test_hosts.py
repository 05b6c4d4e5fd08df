# SPDX-License-Identifier: Apache-2.0
"""One network over three hosts: each a network namespace with a home and an organisation."""

import json
from contextlib import ExitStack

import pytest
from tests.network.fabric.operators import MSPS, PORT, Host, three_hosts

from pmcb_network.fabric._package import package_id

pytestmark = [pytest.mark.fabric, pytest.mark.timeout(600)]

VAULT = "tests.chaincode.vault"


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    """Three hosts, up and running."""
    with three_hosts(tmp_path_factory.mktemp("hosts")) as made:
        yield made


def test_every_step_says_who_goes_on(hosts):
    """What is missing, of whom, and what to type where."""
    first, second, third = hosts
    assert (
        "the bundle of HospitalBMSP (198.18.7.2), InstituteMSP (198.18.7.3)"
        in (first.said["enrolled"])
    )
    for host in (second, third):
        assert "the channel is made on 198.18.7.1 and is not here yet" in host.said["enrolled"]
        assert "pmcb network org export" in host.said["enrolled"]
        assert "and so is the channel" in host.said["imported"]
    assert "a leader among the orderers: not within" in first.said["made"]
    assert "run `pmcb network up` on the other hosts" in first.said["made"]
    assert "HospitalAMSP, InstituteMSP did not approve the contract" in second.said["approved"]
    assert "HospitalAMSP did not approve the contract" in third.said["approved"]
    assert "committing the contract" in first.said["runs"]


def test_a_transaction_through_each_gateway_is_endorsed_by_all(hosts):
    """The policy is AND: without the two other hosts' peers nothing would commit."""
    for host in hosts:
        label = host.msp.lower()
        host.enrol(label)
        assert host.call(label, "ping").startswith("ok")
    files = [json.loads((host.home / "network.json").read_bytes()) for host in hosts]
    for file in files:
        gateways = [org["gateway"] for org in file["orgs"]]
        assert gateways == [f"{host.machine.address}:21005" for host in hosts]
        for org in file["orgs"]:
            org["crl"] = ""  # each host asks its own CA only
    assert files[0] == files[1] == files[2]


def test_each_host_has_its_own_only(hosts):
    """Nodes, administrators, registrars; of the others, certificates."""
    for host in hosts:
        found = json.loads(host.pmcb("network", "status", "--json"))
        assert found["answers"]
        assert {node["id"].partition(".")[2] for node in found["nodes"]} == {host.msp}
        assert len(found["nodes"]) == 4
        assert len(host.machine.processes()) == 4
        registrars = [path.name for path in (host.home / "wallet").glob("registrar.*")]
        assert registrars == [f"registrar.{host.msp}.id"]
        orgs = host.home / "network" / "fabric" / "orgs"
        keys = {path.relative_to(orgs).parts[0] for path in orgs.rglob("*key*")}
        assert keys == {host.msp}


def test_no_key_is_in_a_bundle(hosts):
    """Line by line: whatever stands in a key file of its host stands in no bundle."""
    for host in hosts:
        content = host.bundle().read_bytes()
        assert b"PRIVATE" not in content
        keys = [path for path in host.home.rglob("*") if path.name in {"key.pem", "server.key"}]
        keys += (host.home / "network" / "fabric" / "nodes").rglob("*_sk")
        assert len(keys) > 6
        for path in keys:
            assert not any(line in content for line in path.read_bytes().splitlines()[1:-1]), path
        secret = json.loads(
            (host.home / f"network/fabric/orgs/{host.msp}/registrar.json").read_text()
        )
        assert secret["secret"].encode() not in content


def test_nodes_of_others_are_dialled_and_only_those_doors_are_open(hosts):
    """CA, orderer and peer on the host's address; all else on loopback."""
    for host in hosts:
        lines = host.machine.run("ss", "-Hltn").stdout.splitlines()
        heard = [line.split()[3].rpartition(":") for line in lines]
        reachable = sorted(int(port) for address, _, port in heard if "127.0.0.1" not in address)
        assert reachable == [21_000, 21_002, 21_005]


def test_down_ends_one_hosts_nodes_and_up_goes_on(hosts):
    """The others keep the channel; what comes back catches up."""
    first, _, third = hosts
    third.pmcb("network", "down")
    assert third.machine.processes() == []
    assert json.loads(first.pmcb("network", "status", "--json"))["answers"]
    third.pmcb("network", "up")
    heights = {
        node["height"]
        for host in hosts
        for node in json.loads(host.pmcb("network", "status", "--json"))["nodes"]
        if "height" in node
    }
    assert len(heights) == 1


def test_another_contract_is_approved_host_by_host(hosts):
    """The first hosts wait and go on serving the old one; the last commits for all."""
    before = contracts(hosts)
    first, second, third = hosts
    place = first.folder.parent / "rules.json"
    rules = json.loads((first.home / "network" / "fabric" / "governance.json").read_text())
    place.write_text(json.dumps(rules | {"epoch_quorum": rules["epoch_quorum"] % 3 + 1}))
    upgrade = ("network", "upgrade", "--governance", str(place))
    first.pmcb(*upgrade, check=3, step="upgrade")
    second.pmcb(*upgrade, check=3, step="upgrade")
    assert "HospitalBMSP, InstituteMSP did not approve" in first.said["upgrade"]
    assert "InstituteMSP did not approve" in second.said["upgrade"]
    assert contracts(hosts) == before
    for host in (third, first, second):
        host.pmcb(*upgrade)
    after = contracts(hosts)
    assert (len(before), len(after), before & after) == (1, 1, set())


def contracts(hosts) -> set[str]:
    """The labels that the hosts' peers go by, all of which answer."""
    states = [json.loads(host.pmcb("network", "status", "--json")) for host in hosts]
    assert all(state["answers"] for state in states)
    nodes = [node for state in states for node in state["nodes"]]
    return {node["chaincode"] for node in nodes if node["id"].startswith("peer")}


def revoke(host: Host, label: str) -> str:
    """A person of this host, taken by every gateway so far, whose certificate its CA ends."""
    host.enrol(label)
    for msp in MSPS:
        assert host.call(label, "ping", through=msp).startswith("ok")
    return host.pmcb("id", "revoke", label, "--org", host.msp, "--yes")


def test_a_revocation_told_on_one_host_holds_on_all(hosts):
    """On the host of the organisation whose CA revoked, and nowhere else: others name that host."""
    first, second, third = hosts
    assert f"pmcb network crl {second.msp}" in revoke(second, "eve")
    for elsewhere in (first, third):
        elsewhere.pmcb("network", "crl", second.msp, check=2, step="crl")
        assert f"run it on {second.machine.address}" in elsewhere.said["crl"]
    told = json.loads(second.pmcb("network", "crl", second.msp, "--json"))
    assert (told["changed"], told["stopped"]) == (True, [])
    second.enrol("bert")
    for msp in MSPS:
        for how in ("evaluate", "submit"):
            assert "access denied" in second.call("eve", "ping", how=how, through=msp)
            assert second.call("bert", "ping", how=how, through=msp).startswith("ok")
    assert json.loads(second.pmcb("network", "crl", second.msp, "--json"))["changed"] is False


def test_a_peer_of_another_host_that_is_down_is_named_and_told_later(hosts):
    """The channel holds the list by then: that host has to bring it up, nothing more."""
    _, second, third = hosts
    revoke(second, "carl")
    third.pmcb("network", "kill", f"peer0.{third.msp}")
    second.pmcb("network", "crl", second.msp, check=3, step="crl")
    assert f"the channel holds the list of {second.msp}" in second.said["crl"]
    assert f"peer0.{third.msp}" in second.said["crl"]
    third.pmcb("network", "up")
    for msp in MSPS:
        assert "access denied" in second.call("carl", "ping", how="evaluate", through=msp)
    assert json.loads(second.pmcb("network", "crl", second.msp, "--json"))["changed"] is False


def examined(host, code: int) -> dict[str, str]:
    """What the doctor on a host finds that is not in order."""
    found = json.loads(host.pmcb("network", "doctor", "--json", check=code))["findings"]
    return {each["check"]: each["what"] for each in found if each["grade"] != "ok"}


def test_the_doctor_of_each_host_names_what_is_dead_on_it(hosts):
    """The others' are well: what they see of it from afar is a clock that they cannot ask."""
    first, second, third = hosts
    for host in hosts:
        assert examined(host, 0) == {}
    third.pmcb("network", "kill", f"peer0.{third.msp}")
    assert examined(third, 1) == {"processes": f"peer0.{third.msp} does not run"}
    for host in (first, second):
        assert examined(host, 0) == {}
    third.pmcb("network", "kill", f"ca.{third.msp}")
    for host in (first, second):
        assert f"ca.{third.msp} did not tell its time" in examined(host, 0)["clocks"]
    third.pmcb("network", "up")
    for host in hosts:
        assert examined(host, 0) == {}


def test_a_contract_of_ones_own_is_approved_host_by_host(hosts):
    """Each host names its own server; whoever is last commits; a new label goes the same way."""
    first, second, third = hosts
    for host in hosts:
        host.enrol("vera")
    for sequence, label in enumerate(("vault_1", "vault_2"), 1):
        with ExitStack() as stack:
            for host in hosts:
                stack.enter_context(host.serving(VAULT, label))
            words = ("network", "deploy", "vault", "--label", label, "--json")
            typed = {h.msp: (*words, "--server", f"{h.msp}=127.0.0.1:{PORT}") for h in hosts}
            for host, missing in ((first, MSPS[1:]), (second, MSPS[2:])):
                host.pmcb(*typed[host.msp], check=3, step=label)
                assert (
                    f"{', '.join(missing)} did not approve the contract {label}"
                    in (host.said[label])
                )
                assert "run the same on the other hosts" in host.said[label]
            for host, state in ((third, "deployed"), (first, "unchanged"), (second, "unchanged")):
                told = json.loads(host.pmcb(*typed[host.msp]))
                expected = (state, package_id(label), sequence)
                assert (told["state"], told["package_id"], told["sequence"]) == expected
            for host in hosts:
                assert host.call("vera", "put", host.msp, label, contract="vault").startswith("ok")
            for host in hosts:
                for msp in MSPS:
                    got = host.call("vera", "get", msp, how="evaluate", contract="vault")
                    assert got == f'ok {{"found":true,"value":"{label}"}}'


def test_a_server_of_another_host_is_refused(hosts):
    """The stream between a peer and its contract is in clear, so both stand on one host."""
    first, second, _ = hosts
    words = ("network", "deploy", "far", "--label", "far_1", "--server")
    first.pmcb(*words, f"{second.msp}=127.0.0.1:{PORT}", check=2, step="foreign")
    assert f"'{second.msp}' is no organisation and no peer of this host" in first.said["foreign"]
    first.pmcb(*words, f"{first.msp}={second.machine.address}:{PORT}", check=2, step="far")
    assert "is not on this machine" in first.said["far"]
