# SPDX-License-Identifier: Apache-2.0
"""Nodes onto the channel, and whether its orderers have a leader."""

import re
import ssl

import httpx

from pmcb_network.errors import FabricRefused

from . import _nodes
from ._layout import Layout
from ._topology import Consensus, Kind, Node, Topology

_METRIC = {Consensus.RAFT: "etcdraft", Consensus.BFT: "BFT"}


def join_orderer(layout: Layout, channel: str, node: Node) -> bool:
    """By the participation API, under mutual TLS as the organisation's administrator."""
    admin = layout.admin(node.msp)
    trusted = ssl.create_default_context(cafile=str(layout.root_certificate(node.msp)))
    trusted.load_cert_chain(admin.tls_certificate, admin.tls_key)
    url = f"https://localhost:{layout.port(node, 'admin')}/participation/v1/channels"
    with httpx.Client(verify=trusted, trust_env=False, timeout=30.0) as client:
        if client.get(f"{url}/{channel}").is_success:
            return True
        block = layout.channel_block.read_bytes()
        answer = client.post(url, files={"config-block": ("config.block", block)})
    if not answer.is_success:
        raise FabricRefused(answer.text.strip())
    return True


def leader(topology: Topology, layout: Layout) -> Node | None:
    """The orderer that leads, by its own metrics; joined and active is not enough to order."""
    kind = _METRIC[topology.consensus]
    leads = re.compile(
        rf'^consensus_{kind}_is_leader{{channel="{topology.channel}"}} 1$', re.MULTILINE
    )
    for node in topology.of(Kind.ORDERER):
        port = layout.port(node, "operations")
        try:
            said = _nodes.get(f"http://127.0.0.1:{port}/metrics").text
        except httpx.HTTPError:
            continue  # it does not run; another may lead
        if leads.search(said):
            return node
    return None
