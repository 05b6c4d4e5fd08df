# SPDX-License-Identifier: Apache-2.0
"""The examples in docstrings do what they show."""

import doctest
import importlib
import pkgutil

import pytest

PACKAGES = [
    "pmcb_apps",
    "pmcb_benchmarks",
    "pmcb_chaincode",
    "pmcb_client",
    "pmcb_clustering",
    "pmcb_network",
    "pmcb_services",
]


@pytest.mark.parametrize("package", PACKAGES)
def test_examples_in_docstrings_run(package: str):
    """Every ``>>>`` line prints what stands below it."""
    found = importlib.import_module(package)
    names = [
        module.name
        for module in pkgutil.walk_packages(found.__path__, f"{package}.")
        if not module.name.endswith("__main__")
    ]
    results = [doctest.testmod(importlib.import_module(name)) for name in names]
    assert [result.failed for result in results] == [0] * len(names)
    attempted = sum(result.attempted for result in results)
    assert attempted or package in {"pmcb_apps", "pmcb_benchmarks", "pmcb_network"}
