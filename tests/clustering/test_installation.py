# SPDX-License-Identifier: Apache-2.0
import doctest
import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pmcb_clustering

MODULES = [
    module.name for module in pkgutil.iter_modules(pmcb_clustering.__path__, "pmcb_clustering.")
]

SCRIPT = """
import pmcb_clustering
assert pmcb_clustering.__file__.startswith({folder!r}), pmcb_clustering.__file__
pmcb_clustering.LevelClustering  # loads every kernel
graph = pmcb_clustering.SocialGraph.from_edges([("a", "b"), ("b", "c")])
print(pmcb_clustering.receiver_metrics(graph)[:, 0].tolist())
"""


def test_a_read_only_installation_without_a_home_works(tmp_path):
    """Nowhere to keep compiled kernels: they are compiled anew."""
    source = Path(pmcb_clustering.__file__).parent
    folder = tmp_path / "site"
    installed = folder / "pmcb_clustering"
    shutil.copytree(source, installed, ignore=shutil.ignore_patterns("__pycache__"))
    # Root may write anywhere; a file in the place of a folder stops root, too.
    (installed / "__pycache__").write_text("")
    (tmp_path / "home").write_text("")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("NUMBA", "XDG"))
    }
    answer = subprocess.run(
        [sys.executable, "-B", "-W", "ignore", "-c", SCRIPT.format(folder=str(folder))],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**environment, "HOME": str(tmp_path / "home"), "PYTHONPATH": str(folder)},
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == "[1.0, 2.0, 1.0]"


@pytest.mark.parametrize("name", ["pmcb_clustering", *MODULES])
def test_the_examples_in_docstrings_run(name):
    """As shown."""
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.failed == 0
