# SPDX-License-Identifier: Apache-2.0
"""From the steps of one classification to the share of the whole work."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Progress", "stretch", "within"]

Progress = Callable[[str, float], None]
"""Told a description and the share of the whole work that is done, 0 .. 1."""

SHARES = {"metrics": 0.75, "similarity graph": 0.05, "partition": 0.13, "quality": 0.07}
"""Of the time that a classification of ego-Facebook takes; of larger graphs, metrics take more."""


def stretch(progress: Progress, begin: float, end: float, *, label: str = "") -> Progress:
    """For a part of the work: its whole is a stretch of the greater whole."""

    def tell(step: str, done: float) -> None:
        progress(f"{label}{step}", begin + (end - begin) * done)

    return tell


def within(progress: Progress, begin: float, end: float, *, label: str = "") -> Progress:
    """For one classification out of several: its steps as a stretch of the whole work.

    >>> within(lambda step, done: print(step, round(done, 3)), 0.5, 1.0)("metrics", 0.2)
    metrics 0.575
    """
    begins, total = {}, 0.0
    for step, share in SHARES.items():
        begins[step], total = total, total + share
    reached, part = 0.0, stretch(progress, begin, end, label=label)

    def tell(step: str, done: float) -> None:
        nonlocal reached
        if step in SHARES:
            reached = begins[step] + done * SHARES[step]
        part(step, reached)

    return tell
