# SPDX-License-Identifier: Apache-2.0
"""What the two packages export is what they import by name, sorted."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

from pmcb_chaincode.bridge import errors

PACKAGES = ["pmcb_chaincode.bridge", "pmcb_chaincode.contract"]


def order(name):
    """Constants, then classes, then the rest, each in alphabetical order."""
    return (not name.isupper(), not name[0].isupper(), name)


@pytest.mark.parametrize("name", PACKAGES)
def test_exported_members_are_sorted_and_complete(name):
    """``__all__`` lists every public name once."""
    package = import_module(name)
    tree = ast.parse(Path(package.__file__ or "").read_text(encoding="utf-8"))
    imported = [
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    assert package.__all__ == sorted(imported, key=order)
    assert len(set(imported)) == len(imported)
    assert all(hasattr(package, member) for member in package.__all__)


@pytest.mark.parametrize("name", PACKAGES)
def test_public_names_live_in_private_modules(name):
    """Only ``errors`` is a module that users may name."""
    folder = Path(import_module(name).__file__ or "").parent
    public = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    assert public <= {"errors"}


def test_every_error_is_exported():
    """Whoever serves a contract can catch what it raises."""
    made = {
        name
        for name, member in vars(errors).items()
        if isinstance(member, type) and issubclass(member, Exception)
    }
    assert made <= set(import_module("pmcb_chaincode.bridge").__all__)
    drawn = errors.__doc__ or ""
    assert all(name in drawn for name in made)
