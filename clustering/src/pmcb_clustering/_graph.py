# SPDX-License-Identifier: Apache-2.0
"""The social graph as arrays: who knows whom, without loops and repeats."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from pmcb_clustering.errors import GraphError, GraphTooLarge, GraphWarning

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import networkx as nx
    from numpy.typing import NDArray

__all__ = ["SocialGraph", "check_memory", "sorted_distinct"]


SHORT = 18  # digits that fit into int64


def _user_key(user: str) -> tuple[int, int, str, str]:
    """Numbers before words, numbers by value: 2 stands before 10."""
    if user.isascii() and user.isdecimal():
        digits = user.lstrip("0")
        return (0, len(digits), digits, user)
    return (1, 0, "", user)


def _order(users: Sequence[str]) -> NDArray[np.int64]:
    """Places of ``users`` in the order of their ids; a million numbers take a second less so."""
    text = "".join(users)
    lengths = set(map(len, users)) if text.isascii() and text.isdecimal() else {0}
    if 0 < min(lengths) <= max(lengths) <= SHORT:
        values = np.fromiter(map(int, users), np.int64, len(users))
        order = np.argsort(values, kind="stable")
        if (np.diff(values[order]) > 0).all():
            return order
    return np.array(sorted(range(len(users)), key=lambda node: _user_key(users[node])), np.int64)


def sorted_distinct(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The different values, ascending; ``values`` is sorted in place.

    ``np.unique`` goes through a hash table since numpy 2.3 and takes forty times as long.
    """
    values.sort()
    first = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=first[1:])
    return values[first]


def _check_text(users: Sequence[str]) -> None:
    try:
        "".join(users).encode()
    except UnicodeEncodeError as error:
        message = "a user id cannot be written in UTF-8: it holds half a character"
        raise GraphError(message) from error


@dataclass(frozen=True, eq=False)
class SocialGraph:
    """An undirected, unweighted social graph in compressed rows.

    Attributes:
        users: node ids, written as text, in node order.
        indptr: shape (n + 1,), int64; the neighbours of node v stand at
            ``indices[indptr[v]:indptr[v + 1]]``, ascending.
        indices: shape (2m,), int32; every tie stands twice.
        self_loops: how many ties of a user with itself were dropped.
        repeats: how many ties were dropped because they stood there already, in either direction.

    >>> graph = SocialGraph.from_edges([("ann", "bob"), ("bob", "cem"), ("bob", "ann")])
    >>> graph.users, graph.n_ties, graph.repeats
    (('ann', 'bob', 'cem'), 2, 1)
    >>> graph.degrees.tolist()
    [1, 2, 1]
    """

    users: tuple[str, ...]
    indptr: NDArray[np.int64] = field(repr=False)
    indices: NDArray[np.int32] = field(repr=False)
    self_loops: int = 0
    repeats: int = 0

    @classmethod
    def from_edges(cls, edges: Sequence[tuple[str, str]], users: Sequence[str] = ()) -> SocialGraph:
        """Build the graph from ties; node order is that of the ids, numbers by value.

        Args:
            edges: pairs of user ids, in any order and direction.
            users: further users, who may have no tie.

        Raises:
            GraphError: there is no tie between two different users.
        """
        number: dict[str, int] = {}
        for user in users:
            number.setdefault(user, len(number))
        numbers = (number.setdefault(user, len(number)) for edge in edges for user in edge)
        ends = np.fromiter(numbers, np.int64)
        return cls.from_numbers(list(number), ends.reshape(-1, 2))

    @classmethod
    def from_numbers(cls, users: Sequence[str], ends: NDArray[np.int64]) -> SocialGraph:
        """Build the graph from users in any order and ties between them by place, (edges, 2)."""
        order = _order(users)
        place = np.empty(len(users), np.int64)
        place[order] = np.arange(len(users))
        return cls.from_arrays([users[node] for node in order.tolist()], place[ends])

    @classmethod
    def from_arrays(cls, users: Sequence[str], ends: NDArray[np.int64]) -> SocialGraph:
        """Build the graph from node numbers, (edges, 2), in the given node order."""
        n = len(users)
        _check_text(users)
        left, right = ends[:, 0], ends[:, 1]
        keys = (np.minimum(left, right) * n + np.maximum(left, right))[left != right]
        if not keys.size:
            message = "the graph has no tie between two users; at least one edge is needed"
            raise GraphError(message)
        n_proper = len(keys)
        keys = sorted_distinct(keys)
        low, high = np.divmod(keys, n)
        start = np.zeros(n + 1, np.int64)
        np.cumsum(np.bincount(low, minlength=n), out=start[1:])
        upper = sparse.csr_array((np.ones(len(keys), np.int8), high, start), shape=(n, n))
        both = sparse.csr_array(upper + upper.T)
        return cls(
            users=tuple(users),
            indptr=both.indptr.astype(np.int64),
            indices=both.indices.astype(np.int32),
            self_loops=len(ends) - n_proper,
            repeats=n_proper - len(keys),
        )

    @classmethod
    def from_networkx(cls, graph: nx.Graph[Any]) -> SocialGraph:
        """Take over a ``networkx`` graph, its node order included; node ids become text.

        Raises:
            GraphError: the graph is directed or empty, or two nodes are written alike.

        Warns:
            GraphWarning: edges carry weights, which do not count.
        """
        if graph.is_directed():
            message = "the graph is directed; ties between receivers are mutual"
            step = "Symmetrise it first: graph.to_undirected(), or to_undirected(reciprocal=True)."
            raise GraphError(message, next_step=step)
        nodes: list[Hashable] = list(graph)
        users = [str(node) for node in nodes]
        if len(set(users)) < len(users):
            message = "two nodes are written alike, such as 1 and '1'; ids must differ as text"
            raise GraphError(message)
        if any("weight" in attributes for _, _, attributes in graph.edges(data=True)):
            warnings.warn("edge weights are ignored: a tie counts once", GraphWarning, stacklevel=2)
        place = {node: index for index, node in enumerate(nodes)}
        ends = np.fromiter((place[node] for edge in graph.edges() for node in edge), np.int64)
        return cls.from_arrays(users, ends.reshape(-1, 2))

    @property
    def n_users(self) -> int:
        """How many users, isolated ones included."""
        return len(self.users)

    @property
    def n_ties(self) -> int:
        """How many ties between two different users."""
        return len(self.indices) // 2

    @property
    def degrees(self) -> NDArray[np.int64]:
        """Shape (n,): number of neighbours."""
        return np.diff(self.indptr)

    @property
    def ties(self) -> NDArray[np.int64]:
        """Shape (m, 2): every tie once, by place, the lower one first."""
        rows = np.repeat(np.arange(self.n_users), self.degrees)
        once = rows < self.indices
        return np.column_stack([rows[once], self.indices[once].astype(np.int64)])

    @cached_property
    def canonical_order(self) -> NDArray[np.int64]:
        """Shape (n,): node numbers in the order of user ids, the same for every node order."""
        return _order(self.users)

    def canonical(self) -> SocialGraph:
        """The same graph with its nodes in the order of user ids."""
        order = self.canonical_order
        if np.array_equal(order, np.arange(self.n_users)):
            return self
        place = np.empty(self.n_users, np.int64)
        place[order] = np.arange(self.n_users)
        users = [self.users[node] for node in order.tolist()]
        same = SocialGraph.from_arrays(users, place[self.ties])
        return replace(same, self_loops=self.self_loops, repeats=self.repeats)

    @cached_property
    def graph_hash(self) -> str:
        """SHA-256 over users and ties, whatever order they came in."""
        graph = self.canonical()
        digest = hashlib.sha256(b"pmcb social graph 1\n")
        digest.update("".join(f"{len(user)}:{user}" for user in graph.users).encode())
        digest.update(graph.indptr.astype("<i8").tobytes())
        digest.update(graph.indices.astype("<i4").tobytes())
        return digest.hexdigest()


def check_memory(estimate_bytes: int, limit_bytes: int, path: str | None = None) -> None:
    """Refuse work whose estimate is over the limit, before it starts."""
    if estimate_bytes > limit_bytes:
        raise GraphTooLarge(estimate_bytes=estimate_bytes, limit_bytes=limit_bytes, path=path)
