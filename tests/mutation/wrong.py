# SPDX-License-Identifier: Apache-2.0
"""Puts one mutant in the place of its module, in this process only; no file is touched.

As a pytest plugin, ``pytest -p tests.mutation.wrong``, it takes the mutant's name, or a part that
only one has, from ``PMCB_MUTANT``.
"""

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from tests.mutation.mutants import Mutant, mutants, mutate


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads the module's file with the wrong in it, and leaves no compiled file behind."""

    def __init__(self, name: str, path: str, number: int) -> None:
        super().__init__(name, path)
        self._number = number

    def get_code(self, fullname: str):
        tree: ast.Module = mutate(Path(self.path).read_text(), self._number)
        return compile(tree, self.path, "exec")


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.rpartition(".")[2] != self._mutant.path.stem or path is None:
            return None
        if str(self._mutant.path.parent) not in path:
            return None
        file = str(self._mutant.path)
        loader = _Loader(fullname, file, self._mutant.number)
        return importlib.util.spec_from_file_location(fullname, file, loader=loader)


def plant(mutant: Mutant) -> None:
    """From now on the mutant is imported. Raises ``RuntimeError`` if its package already was."""
    if any(name.startswith("pmcb_chaincode") for name in sys.modules):
        raise RuntimeError("the package was imported before the mutant")
    sys.meta_path.insert(0, _Finder(mutant))


def named(part: str, paths: Sequence[Path]) -> Mutant:
    """The one mutant whose name contains ``part``."""
    found = [one for path in paths for one in mutants(path) if part in one.name]
    if len(found) != 1:
        raise LookupError(f"{len(found)} mutants are called {part!r}")
    return found[0]


if "PMCB_MUTANT" in os.environ:
    from tests.mutation.targets import TARGETS

    plant(named(os.environ["PMCB_MUTANT"], TARGETS))
