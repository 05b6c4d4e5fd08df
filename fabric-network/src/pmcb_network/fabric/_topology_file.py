# SPDX-License-Identifier: Apache-2.0
"""A topology as a TOML file: read strictly, checked before anything starts."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

from pmcb_network.errors import TopologyError

from ._layout import port_names
from ._topology import Blocks, Consensus, Endorsement, Kind, Node, Organisation, Topology

PRESETS = ("dev", "paper", "bft")
DEFAULT_PRESET = "dev"
_MIN_BFT = 4
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_MSP = re.compile(r"[A-Za-z][A-Za-z0-9.-]{0,63}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
_DURATION = re.compile(r"[1-9][0-9]{0,5}(ms|s)")
_BYTES = re.compile(r"[1-9][0-9]{0,4} (KB|MB)")
_MAX_NODES = 16
_PORTS = range(1024, 32_768)
_LOOPBACK = re.compile(r"localhost|127(\.[0-9]+){3}")


def preset(name: str) -> str:
    """The TOML text of a shipped topology."""
    return (files(__package__) / "presets" / f"{name}.toml").read_text()


def load(path: Path) -> Topology:
    """The topology in a file.

    Raises:
        TopologyError: it cannot be read, or says something impossible; names the line.
    """
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise TopologyError(f"the topology {path.name} cannot be read: {reason}") from error
    return parse(text, path.name)


def parse(text: str, name: str) -> Topology:
    """The topology in TOML; ``name`` stands for the file in messages.

    Raises:
        TopologyError: names file, line and rule.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TopologyError(f"{name} is not TOML: {error}") from None
    return _Reader(text, name).topology(document)


class _Reader:
    """Reads a document key by key; what is missing, unknown or odd is told with its line."""

    def __init__(self, text: str, name: str) -> None:
        self._lines = text.splitlines()
        self._name = name

    def topology(self, document: Mapping[str, object]) -> Topology:
        self._only(
            document, "name", "channel", "consensus", "endorsement", "port_base", "blocks",
            "organisations",
        )  # fmt: skip
        organisations = document.get("organisations")
        if not isinstance(organisations, list) or not organisations:
            raise self._wrong("organisations", "must be one or more [[organisations]]")
        made = Topology(
            name=self._text(document, "name", _NAME),
            channel=self._text(document, "channel", _NAME),
            consensus=Consensus(self._one_of(document, "consensus", Consensus)),
            endorsement=Endorsement(self._one_of(document, "endorsement", Endorsement)),
            blocks=self._blocks(document.get("blocks")),
            organisations=tuple(self._organisation(each) for each in organisations),
            port_base=self._port_base(document.get("port_base")),
        )
        self._check(made)
        return made

    def _port_base(self, value: object) -> int | None:
        if value is None:
            return None
        if type(value) is not int or value not in _PORTS:
            raise self._wrong("port_base", f"must be {_PORTS[0]} to {_PORTS[-1]}")
        return value

    def _blocks(self, table: object) -> Blocks:
        if not isinstance(table, dict):
            raise self._wrong("blocks", "must be a table")
        self._only(table, "timeout", "messages", "preferred_bytes")
        messages = table.get("messages")
        if type(messages) is not int or not 1 <= messages <= 10_000:
            raise self._wrong("messages", "must be 1 to 10000")
        return Blocks(
            timeout=self._text(table, "timeout", _DURATION),
            messages=messages,
            preferred_bytes=self._text(table, "preferred_bytes", _BYTES),
        )

    def _organisation(self, table: object) -> Organisation:
        if not isinstance(table, dict):
            raise self._wrong("organisations", "must be tables")
        self._only(table, "msp", "ca", "orderers", "peers")
        msp = self._text(table, "msp", _MSP)
        return Organisation(
            msp=msp,
            ca=Node(Kind.CA, msp, 0, self._text(table, "ca", _HOST)),
            orderers=tuple(self._nodes(Kind.ORDERER, msp, table.get("orderers", []))),
            peers=tuple(self._nodes(Kind.PEER, msp, table.get("peers", []))),
        )

    def _nodes(self, kind: Kind, msp: str, hosts: object) -> Iterator[Node]:
        key = f"{kind}s"
        if not isinstance(hosts, list):
            raise self._wrong(key, "must be a list of hosts, one for each node")
        for number, host in enumerate(hosts):
            if not isinstance(host, str) or not _HOST.fullmatch(host):
                raise self._wrong(key, "must hold host names")
            yield Node(kind, msp, number, host)

    def _check(self, made: Topology) -> None:
        """What no single key can show."""
        orderers, twice = made.of(Kind.ORDERER), Counter(org.msp for org in made.organisations)
        if max(twice.values()) > 1:
            raise self._wrong("msp", f"{twice.most_common(1)[0][0]} stands there twice")
        if any(not org.peers for org in made.organisations):
            raise self._wrong("peers", "every organisation needs one")
        if not orderers:
            raise self._wrong("orderers", "the network needs one")
        if made.consensus is Consensus.BFT and len(orderers) < _MIN_BFT:
            raise self._wrong("consensus", f"bft needs {_MIN_BFT} orderers, not {len(orderers)}")
        for org in made.organisations:
            if any(node.host != org.host for node in org.nodes):
                raise self._wrong("organisations", f"all nodes of {org.msp} must be on one host")
        if len(made.hosts) > 1:
            self._check_hosts(made)
        if made.port_base is not None:
            self._check_room(made, made.port_base)
        if len(made.nodes) > _MAX_NODES * len(made.hosts):
            raise self._wrong("organisations", f"a host takes {_MAX_NODES} nodes at most")

    def _check_hosts(self, made: Topology) -> None:
        """What holds where nodes of one machine dial those of another."""
        if made.port_base is None:
            raise self._wrong("port_base", "is needed with several hosts: all go by the same ports")
        for host in made.hosts:
            if _LOOPBACK.fullmatch(host):
                raise self._wrong("organisations", f"other hosts cannot find {host}")

    def _check_room(self, made: Topology, base: int) -> None:
        for host in made.hosts:
            needed = len(port_names(made.seen_from(host).here.nodes))
            if base + needed - 1 not in _PORTS:
                raise self._wrong("port_base", f"leaves no {needed} ports for {host}")

    def _only(self, table: Mapping[str, object], *known: str) -> None:
        for key in table:
            if key not in known:
                raise self._wrong(key, f"is unknown; known are {', '.join(known)}")

    def _text(self, table: Mapping[str, object], key: str, rule: re.Pattern[str]) -> str:
        value = table.get(key)
        if not isinstance(value, str) or not rule.fullmatch(value):
            raise self._wrong(key, f"must match {rule.pattern}")
        return value

    def _one_of(self, table: Mapping[str, object], key: str, known: type[StrEnum]) -> str:
        value = table.get(key)
        if not isinstance(value, str) or value not in list(known):
            raise self._wrong(key, f"must be one of {', '.join(known)}")
        return value

    def _wrong(self, key: str, reason: str) -> TopologyError:
        """Names the first line that speaks of the key, or that it is missing."""
        mention = re.compile(rf"^\s*(\[+\s*)?{re.escape(key)}\b")
        numbers = [n for n, line in enumerate(self._lines, 1) if mention.match(line)]
        place = f"{self._name} line {numbers[0]}" if numbers else self._name
        return TopologyError(f"{place}: '{key}' {reason}")
