# SPDX-License-Identifier: Apache-2.0
"""Whether this machine is the host that a topology means."""

import socket
from ipaddress import ip_address

from pmcb_network.errors import TopologyError

from ._topology import Topology


def check_host(topology: Topology) -> None:
    """Whether nodes can listen here on the host's address, and where others can dial it.

    Raises:
        TopologyError: the host's name or address is not this machine's, or only loopback.
    """
    [host] = topology.here.hosts
    try:
        found = socket.getaddrinfo(host, 0, socket.AF_INET, socket.SOCK_STREAM)
        address = found[0][4]
        with socket.socket(socket.AF_INET) as probe:
            probe.bind(address)
    except OSError as error:
        raise TopologyError(
            f"this machine has no address {host}: {error.strerror}",
            next_step="run this on that host, or correct its name in the topology",
        ) from error
    # Many systems give their own name 127.0.1.1: whoever listens there is alone.
    if topology.host and ip_address(address[0]).is_loopback:
        raise TopologyError(
            f"{host} is {address[0]} here, where other hosts cannot reach it",
            next_step="correct /etc/hosts, or name the host by its address in the topology",
        )
