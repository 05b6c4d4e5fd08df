# SPDX-License-Identifier: Apache-2.0
"""From the lattice on nothing is a pseudo-random number, and nothing becomes a float by hand."""

import ast
from pathlib import Path

import pytest

from pmcb_services import publishing

FOLDER = Path(publishing.__file__).parent
MODULES = ["_subject", "_partition", "_measure", "_noise", "_marginals"]


def offences(source):
    """What a module must not contain."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Attribute):
            names = [ast.unparse(node).replace("np.", "numpy.")]
        elif isinstance(node, ast.Call):
            names = ["float()"] if ast.unparse(node.func) == "float" else []
        else:
            continue
        yield from (
            name for name in names if name.split(".random")[0] in {"", "numpy"} and ".r" in name
        )
        yield from (name for name in names if name in {"random", "float()"})


@pytest.mark.parametrize("source", ["import random", "from numpy import random", "float(2)"])
def test_offences_are_found(source):
    """The search finds each of the ways."""
    assert list(offences(source))


@pytest.mark.parametrize("name", MODULES)
def test_no_pseudo_random_number_and_no_float(name):
    """Neither ``random`` nor ``numpy.random`` is used, and ``float`` is not called."""
    assert list(offences((FOLDER / f"{name}.py").read_text())) == []
