# SPDX-License-Identifier: Apache-2.0
"""``pmcb --help`` imports every command, so commands import nothing heavy."""

import json
import subprocess
import sys

import pytest

HEAVY = [
    "cryptography",
    "grpc",
    "httpx",
    "lmdb",
    "matplotlib",
    "numba",
    "numpy",
    "scipy",
    "sklearn",
]

SCRIPT = """
import json, sys
from importlib.metadata import entry_points
for point in entry_points(group="pmcb.commands"):
    point.load()
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_commands_import_nothing_heavy():
    """Loading all commands brings neither numbers, nor gRPC, nor cryptography."""
    answer = subprocess.run(
        [sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True
    )
    loaded = set(json.loads(answer.stdout))
    assert "click" in loaded
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize(
    "package", ["pmcb_chaincode", "pmcb_client", "pmcb_clustering", "pmcb_network"]
)
def test_importing_a_package_configures_no_logging(package: str):
    """A library leaves handlers and levels to its user."""
    script = f"import logging, {package}; print(len(logging.getLogger().handlers))"
    answer = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert answer.stdout.strip() == "0"
