# SPDX-License-Identifier: Apache-2.0
"""The network's ports: chosen once, kept in `ports.json`, never shared with anybody."""

import json
import random
import socket
from collections.abc import Sequence
from pathlib import Path

from pmcb_client.files import write_atomic
from pmcb_network.errors import NetworkError, PortBusy

# Linux hands out 32768-60999 to clients; a server that restarts must not find its port taken.
_LOWEST, HIGHEST = 20_000, 32_767
_TRIES = 200


class BadPortBase(NetworkError):
    """The port base leaves no room, or lies where the system hands out ports to clients."""

    exit_code = 2


def names_of(orgs: Sequence[str]) -> list[str]:
    """Which ports a network of these organisations needs."""
    return [f"{kind}.{org}" for org in orgs for kind in ("gateway", "ca")]


def choose(folder: Path, names: Sequence[str], base: int | None) -> tuple[dict[str, int], bool]:
    """The ports by name, and whether they were picked freely (then others would do as well).

    Raises:
        PortBusy: a kept or wished port is taken; names it.
        BadPortBase: `base` is out of range.
    """
    if base is not None:
        return _from_base(names, base), False
    try:
        kept = json.loads((folder / "ports.json").read_bytes())
        ports: dict[str, int] = {name: kept[name] for name in names}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return _free_block(names), True
    if not all(type(port) is int and 0 < port < 2**16 for port in ports.values()):
        return _free_block(names), True
    for port in ports.values():
        if not is_free(port):
            raise busy(port)
    return ports, False


def keep(folder: Path, ports: dict[str, int]) -> None:
    """Remembers the ports for the next start."""
    write_atomic(folder / "ports.json", json.dumps(ports, indent=1).encode(), mode=0o600)


def busy(port: int) -> PortBusy:
    """The error for a taken port."""
    return PortBusy(
        f"port {port} is taken by another program",
        next_step="stop that program, or choose other ports with --port-base",
    )


def _from_base(names: Sequence[str], base: int) -> dict[str, int]:
    if not 1024 <= base <= HIGHEST + 1 - len(names):
        raise BadPortBase(
            f"a port base lies between 1024 and {HIGHEST + 1 - len(names)}, {base} does not"
        )
    ports = {name: base + index for index, name in enumerate(names)}
    for port in ports.values():
        if not is_free(port):
            raise busy(port)
    return ports


def _free_block(names: Sequence[str]) -> dict[str, int]:
    source = random.SystemRandom()
    for _ in range(_TRIES):
        base = source.randrange(_LOWEST, HIGHEST - len(names))
        if all(is_free(base + index) for index in range(len(names))):
            return {name: base + index for index, name in enumerate(names)}
    raise PortBusy(f"no {len(names)} free ports in a row between {_LOWEST} and {HIGHEST}")


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now, on loopback or another address of ours."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError:
            return False
    return True


def listen(port: int) -> socket.socket:
    """A listening loopback socket.

    Raises:
        PortBusy: somebody else listens.
    """
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind(("127.0.0.1", port))
    except OSError:
        server.close()
        raise busy(port) from None
    server.listen(128)
    return server
