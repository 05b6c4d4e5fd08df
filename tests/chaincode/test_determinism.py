# SPDX-License-Identifier: Apache-2.0
"""Endorsers must compute the same: contract code reads nothing that differs between two machines.

Banned in ``pmcb_chaincode.contract``:

* every import but those in ``ALLOWED`` (so: time, datetime, random, secrets, uuid, os, sys, io,
  socket, threading, asyncio, ...); ``_governance``, which is read before a contract is served, may
  also read its file;
* calls of the names in ``CALLS`` (open, input, hash, id, eval, exec, float, globals, ...), and the
  attributes in ``ATTRIBUTES`` (environ, now, urandom, ...);
* floats: literals, and true division, which makes them;
* the order of a set: looping over one, unpacking one, or giving one to a call that keeps its order;
* module-level mutables: lists, dicts, sets and comprehensions of them.
"""

import ast
from pathlib import Path

import pytest

import pmcb_chaincode.contract

FOLDER = Path(pmcb_chaincode.contract.__file__).parent
ALLOWED = {
    "base64",
    "binascii",
    "collections.abc",
    "dataclasses",
    "fractions",
    "hashlib",
    "json",
    "math",
    "pmcb_chaincode._codes",
    "pmcb_chaincode.bridge",
    "re",
    "typing",
}
ALLOWED_TO = {"_governance": {"importlib.resources", "pathlib"}}
CALLS = {
    "__import__",
    "breakpoint",
    "compile",
    "eval",
    "exec",
    "float",
    "globals",
    "hash",
    "id",
    "input",
    "locals",
    "open",
    "print",
    "setattr",
}
ATTRIBUTES = {"environ", "getenv", "getpid", "now", "perf_counter", "time", "urandom", "utcnow"}
KEEP_ORDER = {"enumerate", "filter", "iter", "join", "list", "map", "next", "reversed", "tuple"}
KEEP_ORDER |= {"dict", "fromkeys", "zip"}
SETS = {"frozenset", "set"}
MUTABLE = (ast.Dict, ast.DictComp, ast.List, ast.ListComp, ast.Set, ast.SetComp)
MUTABLE_CALLS = {"bytearray", "defaultdict", "deque", "dict", "list", "set"}


def findings(source, module="_module"):
    """What breaks the rules in a module's source, as (line, what)."""
    tree = ast.parse(source)
    names = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign) and _is_set(node.value, set())
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    found = [(node.lineno, what) for node in tree.body for what in _module_level(node)]
    for node in ast.walk(tree):
        found += [(node.lineno, what) for what in _imports(node, module)]  # type: ignore[attr-defined]
        found += [(node.lineno, what) for what in _words(node, module)]  # type: ignore[attr-defined]
        found += [
            (part.lineno, "order of a set") for part in _in_order(node) if _is_set(part, names)
        ]
    return found


def _module_level(node):
    if isinstance(node, ast.Global):
        yield "global"
    if isinstance(node, ast.Assign | ast.AnnAssign):
        value = node.value
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        made = isinstance(value, ast.Call) and _name(value.func) in MUTABLE_CALLS
        if (isinstance(value, MUTABLE) or made) and ast.unparse(target) != "__all__":
            yield "module-level mutable"


def _imports(node, module):
    if isinstance(node, ast.Import):
        wanted = {alias.name for alias in node.names}
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        wanted = {node.module or ""}
    else:
        return
    yield from (f"import {name}" for name in wanted - ALLOWED - ALLOWED_TO.get(module, set()))


def _words(node, module):
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
        yield f"call of {node.func.id}"
    if isinstance(node, ast.Attribute) and node.attr in ATTRIBUTES:
        yield f"attribute {node.attr}"
    if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
        yield "float literal"
    divides = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
    if divides and module not in ALLOWED_TO:  # where paths may be named, "/" joins them
        yield "true division"
    if isinstance(node, ast.Global):
        yield "global"


def _in_order(node):
    """The parts of a node that are read in their order."""
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        yield node.iter
    elif isinstance(node, ast.Starred):
        yield node.value
    elif isinstance(node, ast.Call) and _name(node.func) in KEEP_ORDER:
        yield from node.args
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple | ast.List):
        yield node.value


def _is_set(node, names):
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.BinOp):
        return _is_set(node.left, names) or _is_set(node.right, names)
    called = isinstance(node, ast.Call) and _name(node.func) in SETS
    return isinstance(node, ast.Set | ast.SetComp) or called


def _name(node):
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import time", "import time"),
        ("import os.path", "import os.path"),
        ("from random import choice", "import random"),
        ("def f():\n    import secrets", "import secrets"),
        ("from importlib import resources", "import importlib"),
        ("from pathlib import Path", "import pathlib"),
        ("from asyncio import sleep", "import asyncio"),
        ("open('x')", "call of open"),
        ("hash('x')", "call of hash"),
        ("id(x)", "call of id"),
        ("float('1')", "call of float"),
        ("__import__('os')", "call of __import__"),
        ("x.environ['A']", "attribute environ"),
        ("datetime.now()", "attribute now"),
        ("x = 1.0", "float literal"),
        ("def f(x): return x / 2", "true division"),
        ("def f(x): x /= 2", "true division"),
        ("def f():\n    for x in {1, 2}: pass", "order of a set"),
        ("def f(y): return [x for x in set(y)]", "order of a set"),
        ("def f(y): return list(frozenset(y))", "order of a set"),
        ("def f(y):\n    seen = {*y}\n    return tuple(seen)", "order of a set"),
        ("def f(y):\n    seen = set(y) - {1}\n    return ','.join(seen)", "order of a set"),
        ("def f(y):\n    seen: set = set(y)\n    return [*seen]", "order of a set"),
        ("def f(y):\n    seen = set(y)\n    a, b = seen", "order of a set"),
        ("def f(y): return dict.fromkeys({x for x in y})", "order of a set"),
        ("cache = {}", "module-level mutable"),
        ("cache: dict = dict()", "module-level mutable"),
        ("seen = [x for x in 'ab']", "module-level mutable"),
        ("def f():\n    global x", "global"),
    ],
)
def test_every_rule_bites(source, what):
    """The check itself finds what it bans."""
    assert what in [found for _, found in findings(source)]


@pytest.mark.parametrize(
    "source",
    [
        "x = sorted({1, 2})",
        "x = len(set('ab'))",
        "x = 1 in {1, 2}",
        "_x = frozenset({1, 2})\ny = 1 not in _x",
        "x = sum(1 for y in sorted(set('ab')))",
        "x = {1} <= {1, 2}",
        "x = 7 // 2",
        "def f(y):\n    names = [x for x in y]\n    return {x: 1 for x in names}",
        "__all__ = ['a']",
    ],
)
def test_what_is_the_same_everywhere_passes(source):
    """Sorted sets, membership and lengths do not depend on the order of a set."""
    assert findings(source) == []


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_contract_is_deterministic(path):
    """No module of the contract breaks a rule."""
    assert findings(path.read_text(encoding="utf-8"), path.stem) == []


def test_contract_is_looked_at():
    """The folder holds the contract."""
    assert {"_claims", "_tasks", "_governance"} <= {path.stem for path in FOLDER.glob("*.py")}
