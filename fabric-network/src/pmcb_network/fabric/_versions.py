# SPDX-License-Identifier: Apache-2.0
"""Which versions of Fabric's programs are fit, and for which machine they must be."""

import platform

# What the first two numbers must be, and which release is fetched.
FABRIC, FABRIC_CA = "3.1", "1.5"
VERSION, CA_VERSION = "3.1.5", "1.5.21"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def line_of(program: str) -> str:
    """What the first two numbers of a program's version must be."""
    return FABRIC_CA if program == "fabric-ca-server" else FABRIC


def this_platform() -> str:
    """Operating system and processor, as the official archives' names spell them."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}-{_MACHINES.get(machine, machine)}"
