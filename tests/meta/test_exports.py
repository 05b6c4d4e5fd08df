# SPDX-License-Identifier: Apache-2.0
"""Public names are listed, sorted, and there."""

import importlib
import inspect

import pytest

PACKAGES = [
    "pmcb_chaincode",
    "pmcb_chaincode.bridge",
    "pmcb_chaincode.contract",
    "pmcb_client.gateway",
    "pmcb_client.receiver",
    "pmcb_client.tasks",
    "pmcb_clustering",
    "pmcb_network",
    "pmcb_network.embedded",
    "pmcb_services.fog",
    "pmcb_services.fog.model",
    "pmcb_services.fog.solve",
    "pmcb_services.publishing",
    "pmcb_services.publishing.audit",
    "pmcb_services.publishing.datasets",
    "pmcb_services.publishing.faithful",
    "pmcb_services.verification",
]


@pytest.mark.parametrize("name", PACKAGES)
def test_public_names_are_listed_sorted_and_there(name: str):
    """``__all__`` is in order, without repeats, and every name of it can be had."""
    package = importlib.import_module(name)
    listed = package.__all__
    assert listed == sorted(set(listed), key=_order)
    assert not [each for each in listed if not hasattr(package, each)]


@pytest.mark.parametrize("name", PACKAGES)
def test_no_public_name_is_left_out(name: str):
    """Whatever a package's ``__init__`` imports without an underscore is meant for users."""
    package = importlib.import_module(name)
    found = {
        each
        for each, value in vars(package).items()
        if not each.startswith("_") and not inspect.ismodule(value)
    }
    assert found <= set(package.__all__) | {"TYPE_CHECKING"}


def _order(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, as the linter sorts them."""
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    return kind, name
