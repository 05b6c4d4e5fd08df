# SPDX-License-Identifier: Apache-2.0
"""The kept ports of a network, looked at before anything is started."""

from collections.abc import Iterable, Iterator

from pmcb_network.embedded._ports import HIGHEST, is_free
from pmcb_network.errors import FolderUnusable, PortBusy

from . import _nodes
from ._layout import PURPOSES, Layout, NodeFolder
from ._listening import LOCAL, listening_on
from ._servers import Server
from ._topology import Node

_LOWEST = 1024


def check_ports(layout: Layout, nodes: Iterable[Node]) -> None:
    """Whether each of these nodes, all of this machine, can have its ports.

    Raises:
        FolderUnusable: two have the same one, or one lies where clients get theirs.
        PortBusy: somebody else listens on one of a node that does not run; names it.
    """
    holders: dict[tuple[str, int], str] = {}
    for name, host, port, folder in listeners(layout, nodes):
        if not _LOWEST <= port <= HIGHEST:
            raise _unusable(f"{name} has {port}, which is not within {_LOWEST} to {HIGHEST}")
        holder = holders.setdefault((host, port), name)
        if holder != name:
            raise _unusable(f"{holder} and {name} both have {port}")
        if _nodes.running(folder) is None and not is_free(port, host):
            raise PortBusy(
                f"port {port} of {name} is taken by another program",
                next_step="stop that program: a network keeps its ports",
            )


def listeners(layout: Layout, nodes: Iterable[Node]) -> Iterator[tuple[str, str, int, NodeFolder]]:
    for node in nodes:
        for purpose in PURPOSES[node.kind]:
            host = listening_on(node) if purpose == "main" else LOCAL
            program, _, slot = purpose.partition("-")
            is_server = program == "server"
            folder = Server(layout, node, slot[0]).folder if is_server else layout.node(node.id)
            yield f"{node.id}/{purpose}", host, layout.port(node, purpose), folder


def _unusable(reason: str) -> FolderUnusable:
    return FolderUnusable(
        f"ports.json of the network cannot be used: {reason}",
        next_step="give each line a free port of its own, or remove it with: pmcb network reset",
    )
