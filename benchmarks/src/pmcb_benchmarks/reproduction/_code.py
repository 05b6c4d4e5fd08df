# SPDX-License-Identifier: Apache-2.0
"""Which of our code a result rests on: a hash over a module and all of ours that it imports."""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

OURS = "pmcb_"


@cache
def code_digest(module: str) -> str:
    """SHA-256 over the names and sources of a module and of what it imports, directly or not.

    Imports inside functions and those for types count, so what is loaded late is there too. Only
    modules of ours are followed; of others, results record the versions.
    """
    digest = hashlib.sha256()
    for name in sorted(imported(module)):
        digest.update(name.encode() + b"\0" + _source(name).encode() + b"\0")
    return digest.hexdigest()


def imported(module: str) -> set[str]:
    """The module, and all modules of ours that it needs."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        waiting += _named(name)
    return found


@cache
def _root(package: str) -> Path | None:
    spec = find_spec(package)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


@cache
def _place(module: str) -> Path | None:
    """The module's file; found without importing it."""
    top, *parts = module.split(".")
    root = _root(top)
    if root is None:
        return None
    place = root.joinpath(*parts)
    files = (place / "__init__.py", place.with_suffix(".py"))
    return next((file for file in files if file.is_file()), None)


def _source(module: str) -> str:
    place = _place(module)
    assert place is not None
    return place.read_text(encoding="utf-8")


@cache
def _named(module: str) -> tuple[str, ...]:
    place = _place(module)
    assert place is not None
    package = module if place.name == "__init__.py" else module.rpartition(".")[0]
    names = _imports(ast.parse(_source(module)), package)
    return tuple(dict.fromkeys(name for name in names if _place(name) is not None))


def _imports(tree: ast.AST, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                yield from _with_parents(each.name)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            whole = ".".join(filter(None, (base, node.module)))
            yield from _with_parents(whole)
            for each in node.names:  # a name may be a module of the package
                yield from _with_parents(f"{whole}.{each.name}")


def _with_parents(name: str) -> Iterator[str]:
    """``a``, ``a.b`` and ``a.b.c``: importing the last runs all."""
    if name.startswith(OURS):
        parts = name.split(".")
        yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))
