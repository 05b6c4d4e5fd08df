# SPDX-License-Identifier: Apache-2.0
"""Small wrongs that a source file may hold: each one a condition, a bound or a call less.

A condition never met and one always met say more than a negated one, so nothing is negated that
stands alone; operators are shifted by one, operands, words and bare calls dropped.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

SHIFTED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
WORD_LISTS = {"one_of"}
KEYWORDS = {"replace"}
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef

T = TypeVar("T")
Put: TypeAlias = Callable[[ast.AST], None]


@dataclass(frozen=True)
class Mutant:
    """One wrong: where it is, and what it turns into what.

    ``at_import``: it acts when its module is imported, not when a line runs in a test.
    """

    path: Path
    number: int
    scope: str
    at_import: bool
    lines: range
    before: str
    after: str

    @property
    def name(self) -> str:
        """What it is called in lists: stays the same while other lines move."""
        return f"{self.path.name} {self.scope}: {self.before} -> {self.after}"


def mutants(path: Path) -> list[Mutant]:
    """All mutants of a file, in the order of its lines."""
    return [
        Mutant(
            path,
            number,
            site.scope,
            site.at_import,
            range(site.old.lineno, (site.old.end_lineno or site.old.lineno) + 1),
            *site.shown(),
        )
        for number, site in enumerate(_sites(ast.parse(path.read_text())))
    ]


def mutate(source: str, number: int) -> ast.Module:
    """The file's tree with the wrong of this number."""
    tree = ast.parse(source)
    for found, site in enumerate(_sites(tree)):
        if found == number:
            site.put(ast.copy_location(site.new, site.old))
            return ast.fix_missing_locations(tree)
    raise IndexError(number)


@dataclass(frozen=True)
class _Site:
    scope: str
    at_import: bool
    parent: ast.AST
    old: ast.expr | ast.stmt
    new: ast.expr | ast.stmt
    put: Put

    def shown(self) -> tuple[str, str]:
        """Before and after, with what stands around a bare constant."""
        if not isinstance(self.old, ast.Constant | ast.Tuple | ast.Set):
            return _short(self.old), _short(self.new)
        before = _short(self.parent)
        self.put(self.new)
        after = _short(self.parent)
        self.put(self.old)
        return before, after


def _sites(tree: ast.Module) -> Iterator[_Site]:
    for scope, at_import, parent, node, put in _walk(tree, "", at_import=True):
        if isinstance(node, ast.expr | ast.stmt):
            for new in _wrongs(parent, node):
                yield _Site(scope, at_import, parent, node, new, put)


def _walk(
    parent: ast.AST, scope: str, *, at_import: bool
) -> Iterator[tuple[str, bool, ast.AST, ast.AST, Put]]:
    """Every node below, with a way to put another in its place."""
    for name, value in ast.iter_fields(parent):
        in_list = isinstance(value, list)
        runs = at_import and not (isinstance(parent, _FUNCTIONS) and name == "body")
        for place, node in enumerate(value if in_list else [value]):
            if not isinstance(node, ast.AST) or isinstance(node, ast.JoinedStr):
                continue
            yield scope, runs, parent, node, _putter(parent, name, place if in_list else None)
            inner = scope
            if isinstance(node, ast.ClassDef | _FUNCTIONS):
                inner = f"{scope}.{node.name}" if scope else node.name
            yield from _walk(node, inner, at_import=runs)


def _putter(parent: ast.AST, name: str, place: int | None) -> Put:
    def put(new: ast.AST) -> None:
        if place is None:
            setattr(parent, name, new)
        else:
            getattr(parent, name)[place] = new

    return put


def _wrongs(parent: ast.AST, node: ast.expr | ast.stmt) -> Iterator[ast.expr | ast.stmt]:
    yield from _conditions(parent, node)
    match node:
        case ast.Constant(value=int()) if type(node.value) is int:
            if not isinstance(parent, ast.Compare | ast.Dict):
                yield ast.Constant(value=node.value + 1)
                yield ast.Constant(value=node.value - 1)
        case ast.Tuple(elts=elts) | ast.Set(elts=elts) if elts and _constants(elts):
            yield from (_with(node, elts=rest) for rest in _rests(elts))
        case ast.Expr(value=ast.Call() | ast.Await()):
            yield ast.Pass()
        case ast.Call(func=ast.Name(id=name)) if name in WORD_LISTS:
            yield from (_with(node, args=rest) for rest in _rests(node.args))
        case ast.Call(func=ast.Name(id=name)) if name in KEYWORDS:
            yield from (_with(node, keywords=rest) for rest in _rests(node.keywords))
        case _:
            pass


def _conditions(parent: ast.AST, node: ast.AST) -> Iterator[ast.expr]:
    decides = _decides(parent, node)
    if decides:
        yield ast.Constant(value=False)
        if not isinstance(parent, ast.While):
            yield ast.Constant(value=True)
    # Under a condition, "not" and "==" are covered by what never and what always is met.
    covered = decides or isinstance(parent, ast.BoolOp | ast.UnaryOp)
    match node:
        case ast.Compare():
            yield from _shifted(node, covered=covered)
        case ast.BoolOp(values=values):
            for rest in _rests(values):
                yield rest[0] if len(rest) == 1 else ast.BoolOp(op=node.op, values=rest)
        case ast.UnaryOp(op=ast.Not(), operand=operand) if not covered:
            yield operand
        case _:
            pass


def _rests(things: list[T]) -> Iterator[list[T]]:
    """All but one, for each."""
    for place in range(len(things)):
        yield things[:place] + things[place + 1 :]


def _decides(parent: ast.AST, node: ast.AST) -> bool:
    if isinstance(parent, ast.comprehension):
        return node in parent.ifs
    return isinstance(parent, ast.If | ast.IfExp | ast.While) and node is parent.test


def _shifted(node: ast.Compare, *, covered: bool) -> Iterator[ast.Compare]:
    for place, op in enumerate(node.ops):
        if (
            covered
            and len(node.ops) == 1
            and not isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE)
        ):
            continue  # never met or always met is worse
        ops = list(node.ops)
        ops[place] = SHIFTED[type(op)]()
        yield ast.Compare(left=node.left, ops=ops, comparators=node.comparators)


def _constants(nodes: list[ast.expr]) -> bool:
    return all(isinstance(node, ast.Constant) for node in nodes)


def _with(node: ast.Tuple | ast.Set | ast.Call, **fields: object) -> ast.expr:
    made = type(node)(**{**dict(ast.iter_fields(node)), **fields})
    if isinstance(made, ast.Set) and not made.elts:
        return ast.Call(func=ast.Name(id="set", ctx=ast.Load()), args=[], keywords=[])
    return made


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 160 else f"{text[:157]}..."
