# SPDX-License-Identifier: Apache-2.0
"""Which chaincode servers are dialled: those of this machine, for the stream is plain TCP."""

import ipaddress
import re

from pmcb_network.errors import NetworkError

_ADDRESS = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})")


class BadAddress(NetworkError):
    """Not `HOST:PORT`, or not on this machine."""

    exit_code = 2


def check_address(text: str) -> None:
    """Raises `BadAddress` unless the text is `HOST:PORT` with a loopback host.

    The same rule as the server's own: proposals and transient data never cross a network in clear.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found[2]) < 65536:
        raise BadAddress("a chaincode server's address is HOST:PORT, as in 127.0.0.1:20040")
    if not _is_loopback(found[1].strip("[]")):
        raise BadAddress(
            f"the chaincode server {text} is not on this machine, and the stream to it would be in"
            " clear: give localhost or a loopback address"
        )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
