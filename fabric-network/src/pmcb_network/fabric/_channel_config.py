# SPDX-License-Identifier: Apache-2.0
"""The channel's configuration: read from orderers and peers, changed by an administrator."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pmcb_network.errors import FabricRefused

from ._binaries import Binaries
from ._channel_block import config_in
from ._layout import Layout
from ._peer_program import PeerProgram
from ._protos import DecodeError, common, configtx
from ._topology import Node, Topology


class ChannelConfig:
    """The newest configuration (``common.Config``) of one network's channel."""

    def __init__(self, topology: Topology, layout: Layout, binaries: Binaries) -> None:
        self._channel = topology.channel
        self._root = layout.root
        self._binaries = binaries
        self._program = PeerProgram(topology, layout, binaries)

    def ordered(self, by: Node) -> Any:
        """What the orderers have, asked by the administrator of this peer's organisation."""
        return self._fetched(by, None, *self._program.orderer())

    def held(self, by: Node, peer: Node) -> Any:
        """What a peer goes by, of this host or another."""
        return self._fetched(by, peer)

    def _fetched(self, by: Node, peer: Node | None, *orderer: str) -> Any:
        with TemporaryDirectory(dir=self._root) as folder:
            block = Path(folder) / "config.block"
            words = ("channel", "fetch", "config", str(block), "-c", self._channel)
            self._program.run(by, *words, *orderer, asked=peer)
            try:
                return config_in(block.read_bytes())[1]
            except (DecodeError, IndexError, OSError) as error:
                raise FabricRefused("the channel's configuration came damaged") from error

    def update(self, by: Node, standing: Any, wanted: Any) -> None:
        """Signs the difference as the administrator of this peer's organisation, and submits it.

        Raises:
            FabricRefused: the orderer said no; nothing was changed.
        """
        with TemporaryDirectory(dir=self._root) as folder:
            files = {name: Path(folder) / name for name in ("original", "updated", "update")}
            files["original"].write_bytes(standing.SerializeToString())
            files["updated"].write_bytes(wanted.SerializeToString())
            self._binaries.run(
                "configtxlator", "compute_update", "--channel_id", self._channel,
                "--original", str(files["original"]), "--updated", str(files["updated"]),
                "--output", str(files["update"]),
            )  # fmt: skip
            envelope = Path(folder) / "envelope"
            envelope.write_bytes(_envelope(self._channel, files["update"].read_bytes()))
            words = ("channel", "update", "-f", str(envelope), "-c", self._channel)
            self._program.run(by, *words, *self._program.orderer())


def _envelope(channel: str, update: bytes) -> bytes:
    header = common.ChannelHeader(type=common.CONFIG_UPDATE, channel_id=channel)
    payload = common.Payload(
        header=common.Header(channel_header=header.SerializeToString()),
        data=configtx.ConfigUpdateEnvelope(config_update=update).SerializeToString(),
    )
    content: bytes = common.Envelope(payload=payload.SerializeToString()).SerializeToString()
    return content
