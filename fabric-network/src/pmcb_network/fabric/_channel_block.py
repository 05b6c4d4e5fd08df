# SPDX-License-Identifier: Apache-2.0
"""What a channel's first block says: which organisations, by whose root certificates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.x509 import Certificate, load_pem_x509_certificate

from pmcb_network.errors import BundleRefused

SECTIONS = ("Application", "Orderer")


@dataclass(frozen=True)
class ChannelBlock:
    """The channel's name, and the root certificate of each organisation."""

    channel: str
    roots: Mapping[str, Certificate]


def read_block(block: bytes) -> ChannelBlock:
    """What the block says.

    Raises:
        BundleRefused: it is no first block of a channel, or says two things of an organisation.
    """
    from ._protos import DecodeError, msp_config

    roots: dict[str, Certificate] = {}
    try:
        channel, config = config_in(block)
        for section in SECTIONS:
            for group in config.channel_group.groups[section].groups.values():
                told = msp_config.MSPConfig.FromString(group.values["MSP"].value).config
                msp = msp_config.FabricMSPConfig.FromString(told)
                [root] = [load_pem_x509_certificate(pem) for pem in msp.root_certs]
                if roots.setdefault(msp.name, root) != root:
                    raise BundleRefused(f"the channel's block has two roots of {msp.name}")
    except (DecodeError, IndexError, ValueError) as error:
        raise BundleRefused("the bundle's block is not the first one of a channel") from error
    return ChannelBlock(channel, roots)


def config_in(block: bytes) -> tuple[str, Any]:
    """The channel's name and configuration (``common.Config``), from a block that holds one.

    Raises:
        DecodeError, IndexError: it holds none.
    """
    from ._protos import common, configtx

    envelope = common.Envelope.FromString(common.Block.FromString(block).data.data[0])
    payload = common.Payload.FromString(envelope.payload)
    header = common.ChannelHeader.FromString(payload.header.channel_header)
    return header.channel_id, configtx.ConfigEnvelope.FromString(payload.data).config
