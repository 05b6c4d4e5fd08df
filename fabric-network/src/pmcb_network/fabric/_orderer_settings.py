# SPDX-License-Identifier: Apache-2.0
"""``orderer.yaml``, whole: a diff shows every setting. A comment says why a default would break."""

from typing import Any

from ._layout import Layout
from ._listening import LOCAL, MESSAGE_BYTES, listening_on, software_crypto
from ._topology import Node, Topology
from ._tunables import Tunables


def orderer_settings(
    node: Node, topology: Topology, layout: Layout, tuned: Tunables
) -> dict[str, Any]:
    """``orderer.yaml`` of an orderer."""
    own, data = layout.identity(node), layout.node(node.id).data
    roots = [str(layout.root_certificate(org.msp)) for org in topology.organisations]
    tls = {
        "Enabled": True,
        "Certificate": str(own.tls_certificate),
        "PrivateKey": str(own.tls_key),
    }
    return {
        "General": {
            "ListenAddress": listening_on(node),
            "ListenPort": layout.port(node),
            "LocalMSPID": node.msp,
            "LocalMSPDir": str(own.msp),
            "TLS": {**tls, "RootCAs": roots, "ClientAuthRequired": False, "ClientRootCAs": roots},
            "Keepalive": {
                # Gateways ping orderers every 10 s; at 60 s they are told ENHANCE_YOUR_CALM.
                "ServerMinInterval": "5s",
                "ServerInterval": "7200s",
                "ServerTimeout": "20s",
            },
            "Cluster": {
                "SendBufferSize": 100,
                "ClientCertificate": str(own.tls_certificate),
                "ClientPrivateKey": str(own.tls_key),
            },
            "Backoff": {"BaseDelay": "1s", "Multiplier": 1.6, "MaxDelay": "5s"},
            "Throttling": {"Rate": 0, "InactivityTimeout": "5s"},
            "MaxRecvMsgSize": MESSAGE_BYTES,
            "MaxSendMsgSize": MESSAGE_BYTES,
            "Authentication": {"TimeWindow": tuned.time_window},
            "BCCSP": software_crypto(),
            "Profile": {"Enabled": False},
        },
        "FileLedger": {"Location": str(data / "ledger")},
        "Consensus": {
            "WALDir": str(data / "consensus" / "wal"),
            "SnapDir": str(data / "consensus" / "snapshots"),
        },
        "ChannelParticipation": {"Enabled": True, "MaxRequestBodySize": "1 MB"},
        "Admin": {
            "ListenAddress": f"{LOCAL}:{layout.port(node, 'admin')}",
            "TLS": {**tls, "ClientAuthRequired": True, "ClientRootCAs": roots},
        },
        "Operations": {
            "ListenAddress": f"{LOCAL}:{layout.port(node, 'operations')}",
            "TLS": {"Enabled": False},
        },
        "Metrics": {"Provider": "prometheus"},
    }
