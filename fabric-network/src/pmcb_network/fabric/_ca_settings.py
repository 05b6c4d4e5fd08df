# SPDX-License-Identifier: Apache-2.0
"""``fabric-ca-server-config.yaml`` of an organisation's CA, and the names in TLS certificates."""

from typing import Any

from ._layout import Layout
from ._listening import listening_on
from ._topology import Node

REGISTRAR = "registrar"
_YEAR, _TWO_YEARS, _FIFTEEN_YEARS = "8760h", "17520h", "131400h"


def ca_settings(node: Node, layout: Layout, *, name: str, secret: str) -> dict[str, Any]:
    """``fabric-ca-server-config.yaml`` of an organisation's CA."""
    return {
        "address": listening_on(node),
        "port": layout.port(node),
        "debug": False,
        "crlsizelimit": 512_000,
        "tls": {"enabled": True, "clientauth": {"type": "noclientcert"}},
        "ca": {"name": name, "reenrollIgnoreCertExpiry": False},
        "crl": {"expiry": _YEAR},
        "registry": {
            "maxenrollments": -1,
            "identities": [
                {
                    "name": REGISTRAR,
                    "pass": secret,
                    "type": "client",
                    "affiliation": "",
                    "attrs": {
                        "hf.Registrar.Roles": "*",
                        "hf.Registrar.DelegateRoles": "*",
                        "hf.Registrar.Attributes": "*",
                        "hf.Revoker": True,
                        "hf.GenCRL": True,
                        "hf.AffiliationMgr": True,
                        "hf.IntermediateCA": False,
                    },
                }
            ],
        },
        "db": {"type": "sqlite3", "datasource": "fabric-ca-server.db", "tls": {"enabled": False}},
        "ldap": {"enabled": False},
        "signing": {
            "default": {"usage": ["digital signature"], "expiry": _TWO_YEARS},
            "profiles": {
                "tls": {
                    "usage": ["signing", "key encipherment", "server auth", "client auth"],
                    "expiry": _TWO_YEARS,
                }
            },
        },
        "csr": {
            "cn": name,
            "keyrequest": {"algo": "ecdsa", "size": 256},
            "names": [{"O": node.msp}],
            "hosts": tls_names(node),
            "ca": {"expiry": _FIFTEEN_YEARS, "pathlength": 0},
        },
        "bccsp": {
            "default": "SW",
            "sw": {
                "hash": "SHA2",
                "security": 256,
                "filekeystore": {"keystore": "msp/keystore"},
            },
        },
        "cfg": {"identities": {"passwordattempts": 10}},
        "metrics": {"provider": "disabled"},
    }


def tls_names(node: Node) -> list[str]:
    """The names in a node's TLS certificate."""
    return list(dict.fromkeys(["localhost", "127.0.0.1", "::1", node.host]))
