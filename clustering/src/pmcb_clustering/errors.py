# SPDX-License-Identifier: Apache-2.0
"""What goes wrong when receivers are classified.

::

    ValueError
    └── ClusteringError            anything this package refuses
        ├── GraphError             the social graph cannot be read or used (file, line)
        │   └── GraphTooLarge      the work would need more memory than allowed
        ├── ParameterError         a parameter outside its range, T among them
        ├── EmptyCluster           a label that no row carries
        └── ResultError            a result file cannot be read, or its hashes do not fit

    UserWarning
    └── GraphWarning               something in the graph was left out, weights for instance

Every error carries ``exit_code`` and ``next_step``, which the ``pmcb`` command shows instead of a
traceback.
"""

from __future__ import annotations

__all__ = [
    "ClusteringError",
    "EmptyCluster",
    "GraphError",
    "GraphTooLarge",
    "GraphWarning",
    "ParameterError",
    "ResultError",
]


class ClusteringError(ValueError):
    """Anything this package refuses; ``next_step`` says what to do about it."""

    exit_code = 2

    def __init__(self, message: str, *, next_step: str | None = None) -> None:
        super().__init__(message)
        self.next_step = next_step


class GraphError(ClusteringError):
    """The social graph cannot be read or used; names the file and the line where known."""

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        line: int | None = None,
        next_step: str | None = None,
    ) -> None:
        place = "" if path is None else f"{path}: " if line is None else f"{path}, line {line}: "
        super().__init__(place + message, next_step=next_step)
        self.path = path
        self.line = line


class GraphTooLarge(GraphError):
    """The work would need more memory than allowed; nothing has been started."""

    def __init__(self, *, estimate_bytes: int, limit_bytes: int, path: str | None = None) -> None:
        super().__init__(
            f"about {estimate_bytes / 2**20:,.0f} MiB of memory would be needed, "
            f"{limit_bytes / 2**20:,.0f} MiB are allowed",
            path=path,
            next_step="Raise memory_limit_bytes (--memory-limit-mib), or use a smaller graph.",
        )
        self.estimate_bytes = estimate_bytes
        self.limit_bytes = limit_bytes


class ParameterError(ClusteringError):
    """A parameter is outside its range; the message gives the range."""


class EmptyCluster(ClusteringError):
    """A label that no row carries: its influence is undefined."""

    def __init__(self, label: int) -> None:
        super().__init__(f"no row carries label {label}")
        self.label = label


class ResultError(ClusteringError):
    """A result file cannot be read, or its hashes do not fit its contents."""


class GraphWarning(UserWarning):
    """Something in the graph was left out: weights are ignored, for instance."""
