# SPDX-License-Identifier: Apache-2.0
"""``core.yaml``, whole: a diff shows every setting. A comment says why a default would break.

It is written as JSON, which is YAML.
"""

from typing import Any

from ._builder import SERVERS_VARIABLE
from ._layout import Layout
from ._listening import LOCAL, MESSAGE_BYTES, listening_on, software_crypto
from ._topology import Node, Topology
from ._tunables import Tunables


def peer_settings(
    node: Node, topology: Topology, layout: Layout, tuned: Tunables
) -> dict[str, Any]:
    """``core.yaml`` of a peer."""
    own, data, listen = layout.identity(node), layout.node(node.id).data, listening_on(node)
    others = [peer for org in topology.organisations for peer in org.peers if org.msp == node.msp]
    bootstrap = [layout.address(peer) for peer in others if peer is not node]
    return {
        "peer": {
            "id": node.id,
            "networkId": topology.name,
            "listenAddress": f"{listen}:{layout.port(node)}",
            "address": layout.address(node),
            "addressAutoDetect": False,
            "chaincodeListenAddress": f"{LOCAL}:{layout.port(node, 'chaincode')}",
            "chaincodeAddress": f"{LOCAL}:{layout.port(node, 'chaincode')}",
            "localMspId": node.msp,
            "localMspType": "bccsp",
            "mspConfigPath": str(own.msp),
            # Defaults lie under /var/hyperledger: two peers of one machine would share a ledger.
            "fileSystemPath": str(data),
            "maxRecvMsgSize": MESSAGE_BYTES,
            "maxSendMsgSize": MESSAGE_BYTES,
            "authentication": {"timewindow": tuned.time_window},
            "gateway": {
                "enabled": True,
                # At 30 s a frozen chaincode server hangs clients for half a minute.
                "endorsementTimeout": tuned.execute_timeout,
                "broadcastTimeout": "30s",
                "dialTimeout": "10s",
            },
            "keepalive": {
                "interval": "7200s",
                "timeout": "20s",
                # Gateways ping other peers every 10 s; at 60 s they are told ENHANCE_YOUR_CALM.
                "minInterval": "5s",
                "client": {"interval": "60s", "timeout": "20s"},
                "deliveryClient": {"interval": "60s", "timeout": "20s"},
            },
            "tls": {
                "enabled": True,
                "clientAuthRequired": False,
                "cert": {"file": str(own.tls_certificate)},
                "key": {"file": str(own.tls_key)},
                "rootcert": {"file": str(layout.root_certificate(node.msp))},
                "clientRootCAs": {"files": []},
            },
            "gossip": {
                "bootstrap": " ".join(bootstrap) or layout.address(node),
                "externalEndpoint": layout.address(node),  # else no gateway finds this peer
                "endpoint": "",
                "orgLeader": True,
                "useLeaderElection": False,
                # Defaults of 25 s and 4 s keep gateways from finding endorsers for half a minute.
                "reconnectInterval": "2s",
                "publishStateInfoInterval": "1s",
                "requestStateInfoInterval": "1s",
                "aliveTimeInterval": "5s",
                "aliveExpirationTimeout": "25s",
                "maxBlockCountToStore": 10,
                "dialTimeout": "3s",
                "connTimeout": "2s",
                "state": {"enabled": False},
                "pvtData": {
                    # So long a member's peer holds its whole ledger up for private data that it
                    # is not sent; at 60 s clients give up first. A reconciler fetches them later.
                    "pullRetryThreshold": "5s",
                    "transientstoreMaxBlockRetention": 1000,
                    "pushAckTimeout": "3s",
                    "btlPullMargin": 10,
                    "reconcileBatchSize": 10,
                    "reconcileSleepInterval": "1m",
                    "reconciliationEnabled": True,
                    # Else anybody can hold it up with a transaction of too few endorsements.
                    "skipPullingInvalidTransactionsDuringCommit": True,
                    "implicitCollectionDisseminationPolicy": {
                        "requiredPeerCount": 0,
                        "maxPeerCount": 1,
                    },
                },
            },
            "BCCSP": software_crypto(),
            "client": {"connTimeout": "3s"},
            "deliveryclient": {
                "blockGossipEnabled": False,
                "reconnectTotalTimeThreshold": "3600s",
                "connTimeout": "3s",
                # At an hour a peer would wait for long after an orderer's return.
                "reConnectBackoffThreshold": "5s",
                "blockCensorshipTimeoutKey": "30s",
                "minimalReconnectInterval": "100ms",
                "policy": "cluster",
            },
            "handlers": {
                "authFilters": [
                    {"name": "DefaultAuth"},
                    {"name": "ExpirationCheck"},
                    {"name": "TimeWindowCheck"},
                ],
                "decorators": [{"name": "DefaultDecorator"}],
                "endorsers": {"escc": {"name": "DefaultEndorsement"}},
                "validators": {"vscc": {"name": "DefaultValidation"}},
            },
            "discovery": {  # else gateways find no endorsers
                "enabled": True,
                "authCacheEnabled": True,
                "authCacheMaxSize": 1000,
                "authCachePurgeRetentionRatio": 0.75,
                "orgMembersAllowedAccess": False,
            },
            "limits": {
                "concurrency": {
                    "endorserService": tuned.concurrency,
                    "deliverService": tuned.concurrency,
                    "gatewayService": tuned.concurrency,
                }
            },
            "profile": {"enabled": False},
        },
        "vm": {"endpoint": ""},  # no Docker: an address here turns health red
        "chaincode": {
            "externalBuilders": [
                {
                    "name": "pmcb",
                    "path": str(layout.builder),
                    "propagateEnvironment": [SERVERS_VARIABLE],
                }
            ],
            "installTimeout": "60s",
            "startuptimeout": "30s",
            "executetimeout": tuned.execute_timeout,
            "mode": "net",
            "keepalive": tuned.chaincode_keepalive_s,
            "system": {
                "_lifecycle": "enable",
                "cscc": "enable",
                "lscc": "enable",
                "qscc": "enable",
            },
            "runtimeParams": {
                "useWriteBatch": tuned.write_batch,
                "maxSizeWriteBatch": 1000,
                "useGetMultipleKeys": tuned.write_batch,
                "maxSizeGetMultipleKeys": 1000,
            },
        },
        "ledger": {
            "state": {"stateDatabase": "goleveldb", "totalQueryLimit": 100_000},
            "history": {"enableHistoryDatabase": True},
            "pvtdataStore": {
                "collElgProcMaxDbBatchSize": 5000,
                "collElgProcDbBatchesInterval": 1000,
                "deprioritizedDataReconcilerInterval": "60m",
                "purgeInterval": 100,
                "purgedKeyAuditLogging": True,
            },
            "snapshots": {"rootDir": str(data / "snapshots")},
        },
        "operations": {
            "listenAddress": f"{LOCAL}:{layout.port(node, 'operations')}",
            "tls": {"enabled": False},
        },
        "metrics": {"provider": "prometheus"},
    }
