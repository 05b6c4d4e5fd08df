# SPDX-License-Identifier: Apache-2.0
"""Machines of one network, each a Linux network namespace; nothing outside of them changes."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil
import pytest

# Set aside for tests of networks (RFC 2544); only the namespaces know it.
_SUBNET = "198.18.7"


@dataclass(frozen=True)
class Machine:
    """One of them: its namespace, and its address on the wire between them."""

    namespace: str
    address: str

    def run(self, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """A command on it, to its end."""
        return subprocess.run(
            ["ip", "netns", "exec", self.namespace, *words],
            env={**os.environ, **environment},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def start(self, *words: str, **environment: str) -> "subprocess.Popen[bytes]":
        """A program on it, which the caller ends."""
        return subprocess.Popen(
            ["ip", "netns", "exec", self.namespace, *words],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def processes(self) -> list[int]:
        """What runs on it."""
        return [int(pid) for pid in ip("netns", "pids", self.namespace).split()]


def ip(*words: str) -> str:
    """What `ip` says."""
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.strip())
    return done.stdout


@contextmanager
def machines(count: int) -> Iterator[list[Machine]]:
    """So many machines on one wire; skips with the reason where none can be made.

    Whatever still runs on them at the end is killed, and they are gone.
    """
    if shutil.which("ip") is None:
        pytest.skip("network namespaces are needed: the program ip is not here")
    name = f"pmcb{os.getpid()}"
    hub, made = (
        f"{name}hub",
        [Machine(f"{name}h{n}", f"{_SUBNET}.{n}") for n in range(1, count + 1)],
    )
    try:
        try:
            ip("netns", "add", hub)
            ip("-n", hub, "link", "add", "name", "wire", "type", "bridge")
        except OSError as error:
            pytest.skip(f"network namespaces are needed, with root's rights: {error}")
        ip("-n", hub, "link", "set", "wire", "up")
        for number, machine in enumerate(made):
            _connect(hub, f"to{number}", machine)
        yield made
    finally:
        for machine in made:
            _end(machine.namespace)
        _end(hub)


def _connect(hub: str, plug: str, machine: Machine) -> None:
    own = machine.namespace
    ip("netns", "add", own)
    ip("-n", hub, "link", "add", "name", plug, "type", "veth", "peer", "name", "eth0", "netns", own)
    ip("-n", hub, "link", "set", plug, "master", "wire", "up")
    ip("-n", own, "link", "set", "lo", "up")
    ip("-n", own, "addr", "add", f"{machine.address}/24", "dev", "eth0")
    ip("-n", own, "link", "set", "eth0", "up")


def _end(namespace: str) -> None:
    if namespace not in ip("netns", "list").split():
        return
    for pid in ip("netns", "pids", namespace).split():
        with suppress(psutil.NoSuchProcess):
            psutil.Process(int(pid)).kill()
    ip("netns", "del", namespace)
