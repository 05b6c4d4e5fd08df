# SPDX-License-Identifier: Apache-2.0
"""What all published algorithms are given, checked before a table is touched."""

from __future__ import annotations

from fractions import Fraction

from pmcb_services.publishing import RequestError, Schema, parse_epsilon
from pmcb_services.publishing._clusters import MOST_CLUSTERS

__all__ = ["ROUNDS", "checked_epsilon", "whole"]

ROUNDS = 5
"""T of the publication's algorithms."""


def checked_epsilon(schema: object, epsilon: str | int | Fraction, n_clusters: object) -> Fraction:
    """Epsilon, exact, once the schema is one and k lies within its range.

    Raises:
        RequestError: names the parameter.
    """
    if not isinstance(schema, Schema):
        raise RequestError("schema must be a Schema.", field="schema")
    whole("n_clusters", n_clusters, MOST_CLUSTERS)
    return parse_epsilon(epsilon)


def whole(name: str, value: object, most: int) -> None:
    """Refuse what is no whole number from 1 to ``most``.

    Raises:
        RequestError: names the parameter.
    """
    if type(value) is not int or not 1 <= value <= most:
        raise RequestError(f"{name} must be a whole number from 1 to {most}.", field=name)
