# SPDX-License-Identifier: Apache-2.0
"""Hosts of one network without its programs: folders whose certificates a test's CA issued."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import Certificate

from pmcb_chaincode.contract import Governance
from pmcb_network.embedded._authority import Authority, key_pem
from pmcb_network.fabric._bundle import pem
from pmcb_network.fabric._exchange import Exchange
from pmcb_network.fabric._identities import write_msp
from pmcb_network.fabric._layout import Layout
from pmcb_network.fabric._protos import common, configtx, msp_config
from pmcb_network.fabric._topology_file import parse, preset

_NOW_MS = 1_750_000_000_000
A, B, C = "HospitalAMSP", "HospitalBMSP", "InstituteMSP"


def topology(*, more: str = "") -> str:
    """Three organisations, each on a host of its own; two have an orderer."""
    text = preset("dev")
    head = text[: text.index("[blocks]")] + f"port_base = 21000\n{more}"
    blocks = text[text.index("[blocks]") : text.index("[[organisations]]")]
    orgs = [
        f'[[organisations]]\nmsp = "{msp}"\nca = "h{n}"\n'
        + (f'orderers = ["h{n}"]\n' if msp != C else "")
        + f'peers = ["h{n}"]\n'
        for n, msp in enumerate((A, B, C), 1)
    ]
    return head + blocks + "\n".join(orgs)


@dataclass
class Host:
    """One host: its folder, and the CA of the organisation that is there."""

    exchange: Exchange
    authority: Authority

    @property
    def root(self) -> Path:
        return self.exchange.layout.root

    def files(self) -> dict[str, bytes]:
        """All that is in its folder."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file()
        }

    def private_keys(self) -> list[bytes]:
        """Its private keys."""
        return [path.read_bytes() for path in self.root.rglob("*key*") if path.is_file()]


def make_host(
    folder: Path, number: int, *, text: str | None = None, rules: Governance | None = None
) -> Host:
    """The host ``h<number>``, once its CA has enrolled its nodes."""
    seen = parse(text or topology(), "t.toml").seen_from(f"h{number}")
    layout = Layout(folder, {})
    [org] = seen.here.organisations
    authority = Authority.make(f"ca-{org.msp}", org.msp, now_ms=_NOW_MS)
    write_msp(layout, org.msp, pem(authority.certificate).encode())
    for node in org.orderers:
        own = layout.identity(node)
        for certificate, key in (
            (own.certificate, own.msp / "keystore" / "key.pem"),
            (own.tls_certificate, own.tls_key),
        ):
            made = ec.generate_private_key(ec.SECP256R1())
            issued = authority.issue(made.public_key(), node.id, now_ms=_NOW_MS)
            for path, content in ((certificate, pem(issued).encode()), (key, key_pem(made))):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    return Host(Exchange(seen, layout, rules or Governance.of((A, B, C))), authority)


def make_block(*hosts: Host, channel: str = "pmcb") -> bytes:
    """A channel's first block with these hosts' organisations."""
    config = configtx.ConfigEnvelope()
    groups = config.config.channel_group.groups
    for host in hosts:
        [org] = host.exchange.topology.here.organisations
        for section in ("Application", "Orderer") if org.orderers else ("Application",):
            put_root(groups[section].groups[org.msp], org.msp, host.authority.certificate)
    return wrap(config, channel)


def put_root(group, msp: str, root: Certificate) -> None:
    """What a channel's configuration says of an organisation."""
    told = msp_config.FabricMSPConfig(name=msp, root_certs=[pem(root).encode()])
    config = msp_config.MSPConfig(config=told.SerializeToString())
    group.values["MSP"].value = config.SerializeToString()


def wrap(config, channel: str) -> bytes:
    """The block around a configuration."""
    header = common.ChannelHeader(channel_id=channel).SerializeToString()
    payload = common.Payload(
        header=common.Header(channel_header=header), data=config.SerializeToString()
    )
    envelope = common.Envelope(payload=payload.SerializeToString())
    block = common.Block(data=common.BlockData(data=[envelope.SerializeToString()]))
    content: bytes = block.SerializeToString()
    return content


def keep_block(host: Host, block: bytes) -> None:
    """As if the channel had been made there."""
    path = host.exchange.layout.channel_block
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(block)
