# SPDX-License-Identifier: Apache-2.0
"""Which addresses of a network nobody elsewhere can reach."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from pmcb_client.network_file import NetworkFile


def local_addresses(network: NetworkFile) -> list[str]:
    """The gateways and CAs, as ``host:port``, whose host means the machine itself everywhere."""
    said = [f"//{org.gateway}" for org in network.orgs] + [org.ca_url for org in network.orgs]
    return [urlsplit(url).netloc for url in said if _is_local(urlsplit(url).hostname or "")]


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
