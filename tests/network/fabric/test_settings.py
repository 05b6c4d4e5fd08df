# SPDX-License-Identifier: Apache-2.0
"""Rendered settings: each guard against a pitfall is a value that these tests read."""

import json

import pytest

from pmcb_chaincode.bridge._queries import QUERY_LIMIT
from pmcb_chaincode.bridge._server import _OPTIONS
from pmcb_network.embedded._ports import HIGHEST
from pmcb_network.fabric._ca_settings import ca_settings
from pmcb_network.fabric._channel import PROFILE, configtx
from pmcb_network.fabric._layout import Layout, port_names
from pmcb_network.fabric._orderer_settings import orderer_settings
from pmcb_network.fabric._peer_settings import peer_settings
from pmcb_network.fabric._topology import Kind
from pmcb_network.fabric._topology_file import parse, preset
from pmcb_network.fabric._tunables import Tunables


@pytest.fixture(params=["dev", "paper", "bft"])
def made(request, tmp_path):
    """A shipped topology, and a layout with ports."""
    topology = parse(preset(request.param), "t.toml")
    names = port_names(topology.nodes)
    return topology, Layout(tmp_path, {name: 20_000 + n for n, name in enumerate(names)})


@pytest.fixture
def rendered(made):
    """Peers, orderers and the channel's profile."""
    topology, layout = made
    tuned = Tunables()
    peers = [peer_settings(n, topology, layout, tuned) for n in topology.of(Kind.PEER)]
    orderers = [orderer_settings(n, topology, layout, tuned) for n in topology.of(Kind.ORDERER)]
    return peers, orderers, configtx(topology, layout)["Profiles"][PROFILE]


def test_pings_of_gateways_are_welcome(rendered):
    """At Fabric's 60 s a quiet minute ends in ENHANCE_YOUR_CALM."""
    peers, orderers, _ = rendered
    assert {peer["peer"]["keepalive"]["minInterval"] for peer in peers} == {"5s"}
    assert {o["General"]["Keepalive"]["ServerMinInterval"] for o in orderers} == {"5s"}


def test_pings_of_peers_are_welcome_at_chaincode_servers(rendered):
    """A peer pings each minute, also a stream on which nothing happens."""
    peers, _, _ = rendered
    options = dict(_OPTIONS)
    assert options["grpc.http2.min_recv_ping_interval_without_data_ms"] == 5000
    assert options["grpc.http2.max_ping_strikes"] == 0
    assert options["grpc.keepalive_permit_without_calls"] == 1
    assert {peer["chaincode"]["keepalive"] for peer in peers} == {60}
    sizes = {peer["peer"][name] for peer in peers for name in ("maxRecvMsgSize", "maxSendMsgSize")}
    assert sizes == {options["grpc.max_receive_message_length"]}


def test_missing_private_data_do_not_hold_a_ledger_up(rendered):
    """At Fabric's 60 s a member's peer commits nothing for a minute, and clients give up."""
    peers, _, _ = rendered
    for peer in peers:
        about = peer["peer"]["gossip"]["pvtData"]
        assert about["skipPullingInvalidTransactionsDuringCommit"] is True
        assert about["pullRetryThreshold"] == "5s"
        assert about["reconciliationEnabled"] is True


def test_nothing_meant_for_images_is_left(rendered, tmp_path):
    """No Docker, no folder of the system's, no two nodes in one folder or on one port."""
    peers, orderers, _ = rendered
    assert {peer["vm"]["endpoint"] for peer in peers} == {""}
    assert "/var/hyperledger" not in json.dumps([peers, orderers])
    folders = [peer["peer"]["fileSystemPath"] for peer in peers]
    folders += [peer["ledger"]["snapshots"]["rootDir"] for peer in peers]
    folders += [orderer["FileLedger"]["Location"] for orderer in orderers]
    folders += [
        orderer["Consensus"][name] for orderer in orderers for name in ("WALDir", "SnapDir")
    ]
    assert len(set(folders)) == len(folders)
    assert all(folder.startswith(str(tmp_path)) for folder in folders)
    assert all(peer["chaincode"]["externalBuilders"][0]["path"][0] == "/" for peer in peers)


def test_every_port_is_rendered_and_ones_own(made, rendered):
    """Fabric's defaults of 7052 and 9443 would be taken by the first of two nodes."""
    _, layout = made
    peers, orderers, _ = rendered
    used = [
        word.rpartition(":")[2]
        for peer in peers
        for word in (
            peer["peer"]["listenAddress"], peer["peer"]["chaincodeListenAddress"],
            peer["operations"]["listenAddress"],
        )
    ]  # fmt: skip
    used += [str(orderer["General"]["ListenPort"]) for orderer in orderers]
    used += [orderer["Admin"]["ListenAddress"].rpartition(":")[2] for orderer in orderers]
    used += [orderer["Operations"]["ListenAddress"].rpartition(":")[2] for orderer in orderers]
    assert len(set(used)) == len(used)
    assert set(map(int, used)) <= set(layout.ports.values())
    assert max(layout.ports.values()) <= HIGHEST


def test_gateways_find_the_other_organisations_peers(made, rendered):
    """External endpoints, anchors, discovery; and soon, not after half a minute."""
    topology, layout = made
    peers, _, profile = rendered
    for node, peer in zip(topology.of(Kind.PEER), peers, strict=True):
        assert peer["peer"]["gossip"]["externalEndpoint"] == layout.address(node)
        assert peer["peer"]["gossip"]["reconnectInterval"] == "2s"
        assert peer["peer"]["discovery"]["enabled"] is True
    anchors = [org["AnchorPeers"] for org in profile["Application"]["Organizations"]]
    assert [len(each) for each in anchors] == [len(org.peers) for org in topology.organisations]


def test_histories_are_kept(rendered):
    """Off by some defaults; then a contract's history call fails."""
    peers, _, _ = rendered
    assert all(peer["ledger"]["history"]["enableHistoryDatabase"] for peer in peers)


def test_a_query_ends_where_the_bridge_expects_it(rendered):
    """A peer ends a range there without a word: the bridge counts to the same number."""
    peers, _, _ = rendered
    assert {peer["ledger"]["state"]["totalQueryLimit"] for peer in peers} == {QUERY_LIMIT}


def test_a_proposal_of_another_time_is_refused(rendered):
    """By peers and orderers alike, two minutes off."""
    peers, orderers, _ = rendered
    assert {peer["peer"]["authentication"]["timewindow"] for peer in peers} == {"2m"}
    filters = [peer["peer"]["handlers"]["authFilters"] for peer in peers]
    assert all({"name": "TimeWindowCheck"} in each for each in filters)
    assert {o["General"]["Authentication"]["TimeWindow"] for o in orderers} == {"2m"}


def test_a_hanging_contract_hangs_nobody_for_long(rendered):
    """Ten seconds, at the peer and at its gateway."""
    peers, _, _ = rendered
    assert {peer["chaincode"]["executetimeout"] for peer in peers} == {"10s"}
    assert {peer["peer"]["gateway"]["endorsementTimeout"] for peer in peers} == {"10s"}


def test_no_client_is_turned_away_early(rendered):
    """Fabric's 500 count waiting calls too."""
    peers, _, _ = rendered
    limits = [peer["peer"]["limits"]["concurrency"] for peer in peers]
    assert {value for limit in limits for value in limit.values()} == {5000}


def test_orderers_can_find_each_other(made, rendered):
    """Client certificates for the cluster, in every node; a leader within seconds."""
    topology, layout = made
    _, orderers, profile = rendered
    for node, orderer in zip(topology.of(Kind.ORDERER), orderers, strict=True):
        own, cluster = layout.identity(node), orderer["General"]["Cluster"]
        assert cluster["ClientCertificate"] == str(own.tls_certificate)
        assert cluster["ClientPrivateKey"] == str(own.tls_key)
    ordering = profile["Orderer"]
    if topology.consensus == "bft":
        mapping = ordering["ConsenterMapping"]
        assert [each["ID"] for each in mapping] == [1, 2, 3, 4]
        assert all(each["Identity"] and each["ServerTLSCert"] for each in mapping)
        assert ordering["SmartBFT"]["LeaderHeartbeatTimeout"] == "10s"
    else:
        assert ordering["EtcdRaft"]["Options"]["TickInterval"] == "500ms"
        assert ordering["EtcdRaft"]["Options"]["ElectionTick"] == 10
        assert len(ordering["EtcdRaft"]["Consenters"]) == len(orderers)
    endpoints = [e for org in ordering["Organizations"] for e in org["OrdererEndpoints"]]
    assert sorted(endpoints) == sorted(layout.address(n) for n in topology.of(Kind.ORDERER))
    assert profile["Capabilities"] == {"V3_0": True}
    assert ordering["Capabilities"] == {"V2_0": True}
    assert profile["Application"]["Capabilities"] == {"V2_5": True}


@pytest.mark.parametrize(
    ("said", "rule"), [("MAJORITY", "MAJORITY"), ("OR", "ANY"), ("AND", "ALL")]
)
def test_the_endorsement_policy_is_what_the_topology_says(tmp_path, said: str, rule: str):
    """And the lifecycle's is always the majority's."""
    topology = parse(preset("dev").replace('"MAJORITY"', f'"{said}"'), "t.toml")
    layout = Layout(tmp_path, dict.fromkeys(port_names(topology.nodes), 1))
    policies = configtx(topology, layout)["Profiles"][PROFILE]["Application"]["Policies"]
    assert policies["Endorsement"]["Rule"] == f"{rule} Endorsement"
    assert policies["LifecycleEndorsement"]["Rule"] == "MAJORITY Endorsement"


def test_peers_can_be_made_for_nodes_shim(made):
    """It ends its process at a KEEPALIVE message: none is sent."""
    topology, layout = made
    peer, tuned = topology.of(Kind.PEER)[0], Tunables(chaincode_keepalive_s=0)
    assert peer_settings(peer, topology, layout, tuned)["chaincode"]["keepalive"] == 0


def test_a_node_of_another_machine_listens_there(tmp_path):
    """And its certificate names it."""
    text = preset("dev").replace('"localhost"', '"10.1.1.2"')
    topology = parse(text, "t.toml")
    layout = Layout(tmp_path, dict.fromkeys(port_names(topology.nodes), 7))
    peer = topology.of(Kind.PEER)[0]
    settings = peer_settings(peer, topology, layout, Tunables())
    assert settings["peer"]["listenAddress"] == "10.1.1.2:7"
    ca = ca_settings(topology.of(Kind.CA)[0], layout, name="ca", secret="s")
    assert (ca["address"], ca["csr"]["hosts"][-1]) == ("10.1.1.2", "10.1.1.2")


def test_nodes_do_not_log_what_contracts_read_and_wrote():
    """Two of a peer's loggers do, at warn; whatever level is asked for."""
    assert Tunables(logging="info").logging_spec == (
        "gateway.responsechecker=error:validation=error:info"
    )
