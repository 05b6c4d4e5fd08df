# SPDX-License-Identifier: Apache-2.0
"""Epsilon as an exact fraction: ten times 0.1 is 1."""

from __future__ import annotations

import re
import warnings
from fractions import Fraction

from .errors import EpsilonError, PrivacyWarning

__all__ = ["LARGEST_DENOMINATOR", "LARGEST_EPSILON", "parse_epsilon"]

LARGEST_DENOMINATOR = 10**9
LARGEST_EPSILON = 1000
LARGE_EPSILON = 10

_DECIMAL = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
_RATIO = re.compile(r"[0-9]{1,20}/[0-9]{1,20}", re.ASCII)


def parse_epsilon(text: str | int | Fraction) -> Fraction:
    """Epsilon from a decimal, a ratio "p/q" or a number that is exact already.

    A number in JSON is handed on as its digits (``parse_float=str``): a float is not exact, and is
    refused.

    Args:
        text: above 0, at most 1000; in lowest terms the denominator is at most 10^9.

    Raises:
        EpsilonError: it is none of these.

    Warns:
        PrivacyWarning: it is above 10, where the promise means little.

    >>> parse_epsilon("0.1") * 10, parse_epsilon("2/6"), parse_epsilon("5e-2")
    (Fraction(1, 1), Fraction(1, 3), Fraction(1, 20))
    """
    epsilon = _fraction(text)
    if epsilon <= 0:
        raise EpsilonError("Epsilon must be greater than 0.")
    if epsilon > LARGEST_EPSILON:
        raise EpsilonError(f"Epsilon must be at most {LARGEST_EPSILON}.")
    if epsilon.denominator > LARGEST_DENOMINATOR:
        raise EpsilonError("Epsilon, as a fraction in lowest terms, has a denominator above 10^9.")
    if epsilon > LARGE_EPSILON:
        message = f"An epsilon above {LARGE_EPSILON} promises the persons in the table very little."
        warnings.warn(message, PrivacyWarning, stacklevel=2)
    return epsilon


def _fraction(text: object) -> Fraction:
    if isinstance(text, str):
        if not (_DECIMAL.fullmatch(text) or _RATIO.fullmatch(text)):
            raise EpsilonError("Epsilon must be a decimal or a ratio of whole numbers.")
        try:
            return Fraction(text)
        except ZeroDivisionError:
            raise EpsilonError("Epsilon must not have the denominator 0.") from None
    if isinstance(text, int | Fraction) and not isinstance(text, bool):
        return Fraction(text)
    raise EpsilonError("Epsilon must be exact: a text, a whole number or a fraction.")
