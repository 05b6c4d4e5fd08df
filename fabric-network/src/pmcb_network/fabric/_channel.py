# SPDX-License-Identifier: Apache-2.0
"""The channel: its first block, from the topology, and how orderers join by it."""

from typing import Any

from ._layout import Layout
from ._topology import Consensus, Endorsement, Kind, Node, Organisation, Topology

PROFILE = "Channel"
# At a minute, the default, the death of a leader means a minute without blocks.
_BFT_HEARTBEAT = "10s"


def configtx(topology: Topology, layout: Layout) -> dict[str, Any]:
    """``configtx.yaml`` of the network, with one profile."""
    ordering = [org for org in topology.organisations if org.orderers]
    policies = {name: _meta(rule) for name, rule in _RULES.items()}
    return {
        "Profiles": {
            PROFILE: {
                "Policies": policies,
                "Capabilities": {"V3_0": True},
                "Orderer": {
                    **_consensus(topology, layout),
                    "BatchTimeout": topology.blocks.timeout,
                    "BatchSize": {
                        "MaxMessageCount": topology.blocks.messages,
                        "AbsoluteMaxBytes": "10 MB",
                        "PreferredMaxBytes": topology.blocks.preferred_bytes,
                    },
                    "MaxChannels": 0,
                    "Organizations": [_ordering(org, layout) for org in ordering],
                    "Policies": {**policies, "BlockValidation": _block_validation(topology)},
                    "Capabilities": {"V2_0": True},
                },
                "Application": {
                    "Organizations": [_member(org, layout) for org in topology.organisations],
                    "Policies": {
                        **policies,
                        "Endorsement": _endorsement(topology),
                        "LifecycleEndorsement": _meta("MAJORITY Endorsement"),
                    },
                    "ACLs": {},
                    "Capabilities": {"V2_5": True},
                },
            }
        }
    }


_RULES = {"Readers": "ANY Readers", "Writers": "ANY Writers", "Admins": "MAJORITY Admins"}


def _meta(rule: str) -> dict[str, str]:
    return {"Type": "ImplicitMeta", "Rule": rule}


def _signed(rule: str) -> dict[str, str]:
    return {"Type": "Signature", "Rule": rule}


def _endorsement(topology: Topology) -> dict[str, str]:
    rule = {Endorsement.MAJORITY: "MAJORITY", Endorsement.OR: "ANY", Endorsement.AND: "ALL"}
    return _meta(f"{rule[topology.endorsement]} Endorsement")


def _block_validation(topology: Topology) -> dict[str, str]:
    """Whose signature a block needs; BFT blocks carry more than one, and say so themselves."""
    signers = [f"'{org.msp}.orderer'" for org in topology.organisations if org.orderers]
    return _signed(f"OR({', '.join(signers)})")


def _organisation(org: Organisation, layout: Layout) -> dict[str, Any]:
    member, admin, peer = (f"OR('{org.msp}.{role}')" for role in ("member", "admin", "peer"))
    return {
        "Name": org.msp,
        "ID": org.msp,
        "MSPDir": str(layout.msp(org.msp)),
        "Policies": {
            "Readers": _signed(member),
            "Writers": _signed(member),
            "Admins": _signed(admin),
            "Endorsement": _signed(peer),
        },
    }


def _ordering(org: Organisation, layout: Layout) -> dict[str, Any]:
    endpoints = [layout.address(node) for node in org.orderers]
    return {**_organisation(org, layout), "OrdererEndpoints": endpoints}


def _member(org: Organisation, layout: Layout) -> dict[str, Any]:
    """Anchors: without them peers of other organisations, and so gateways, find nobody here."""
    anchors = [{"Host": peer.host, "Port": layout.port(peer)} for peer in org.peers]
    return {**_organisation(org, layout), "AnchorPeers": anchors}


def _consensus(topology: Topology, layout: Layout) -> dict[str, Any]:
    orderers = topology.of(Kind.ORDERER)
    if topology.consensus is Consensus.RAFT:
        return {
            "OrdererType": "etcdraft",
            "EtcdRaft": {
                "Consenters": [_consenter(node, layout) for node in orderers],
                "Options": {
                    "TickInterval": "500ms",  # 2.5 s as in samples is 12 s until a leader
                    "ElectionTick": 10,
                    "HeartbeatTick": 1,
                    "MaxInflightBlocks": 5,
                    "SnapshotIntervalSize": "16 MB",
                },
            },
        }
    mapping = [
        {
            **_consenter(node, layout),
            "ID": number,
            "MSPID": node.msp,
            "Identity": str(layout.identity(node).certificate),
        }
        for number, node in enumerate(orderers, 1)
    ]
    return {
        "OrdererType": "BFT",
        "ConsenterMapping": mapping,
        "SmartBFT": {
            "RequestBatchMaxInterval": "200ms",
            "RequestForwardTimeout": "5s",
            "RequestComplainTimeout": "20s",
            "RequestAutoRemoveTimeout": "3m0s",
            "ViewChangeResendInterval": "5s",
            "ViewChangeTimeout": "20s",
            "LeaderHeartbeatTimeout": _BFT_HEARTBEAT,
            "CollectTimeout": "1s",
            "IncomingMessageBufferSize": 200,
            "RequestPoolSize": 100_000,
            "LeaderHeartbeatCount": 10,
        },
    }


def _consenter(node: Node, layout: Layout) -> dict[str, Any]:
    certificate = str(layout.identity(node).tls_certificate)
    return {
        "Host": node.host,
        "Port": layout.port(node),
        "ClientTLSCert": certificate,
        "ServerTLSCert": certificate,
    }
