# SPDX-License-Identifier: Apache-2.0
"""Ranges of parameters: refused with the range, before any work."""

from __future__ import annotations

from pmcb_clustering.errors import ParameterError

__all__ = ["MAX_LEVELS", "check_choice", "check_range"]

MAX_LEVELS = 16


def check_range(name: str, value: float, least: int, most: int) -> None:
    """Raise `ParameterError` for a number outside ``least`` .. ``most``; nan is outside."""
    if not least <= value <= most:
        raise ParameterError(f"{name} is {value}; it must be from {least} to {most:,}")


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise `ParameterError` for a word that is none of ``choices``."""
    if value not in choices:
        raise ParameterError(f"{name} is {value!r}; it must be one of {', '.join(choices)}")
