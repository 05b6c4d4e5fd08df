# SPDX-License-Identifier: Apache-2.0
"""Packages whose names are imported once they are asked for: a dozen processes share a machine."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping

__all__ = ["lazily"]


def lazily(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """A package's ``__getattr__`` (PEP 562).

    Args:
        package: its ``__name__``.
        homes: the module of each name, relative to it.

    >>> lazily("pmcb_client", {"Wallet": ".wallet"})("Wallet").__name__
    'Wallet'
    """

    def get(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(homes[name], package), name)

    return get
