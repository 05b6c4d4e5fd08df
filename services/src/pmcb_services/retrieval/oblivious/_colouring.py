# SPDX-License-Identifier: Apache-2.0
"""Colours of a store: kept in its root, joined with answers in the fog."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval._box import Box
from pmcb_services.retrieval._colours import Analysis, Finding, analysed, profiled
from pmcb_services.retrieval._schema import Schema
from pmcb_services.retrieval.errors import SchemaError, UnknownAttribute

from ._held import Held
from ._query import Limits, query

__all__ = ["analyse", "counted", "paint", "profile"]


def paint(held: Held, name: str, patients: NDArray[np.generic]) -> None:
    """Name a set of patients, or forget the name of an empty one: one root write."""
    colours = {**held.contents.colours, name: patients}
    if not len(patients):
        del colours[name]
    held.put_root(replace(held.contents, colours=colours), lambda: None)


def analyse(held: Held, box: Box, colour: str, limits: Limits) -> Analysis:
    """The patients inside a box against a colour: one ordinary query.

    Raises:
        SchemaError, UnknownAttribute: there is no patient to count, or no such colour.
    """
    name, coloured = _coloured(held, colour)
    answer = query(held, box, 0, limits)
    return analysed(answer.carried[name], coloured, held.patients)


def profile(held: Held, colour: str, bins: int, limits: Limits) -> list[Finding]:
    """Every attribute against a colour: one query of everything.

    Raises:
        SchemaError, UnknownAttribute: there is no patient to count, or no such colour.
    """
    name, coloured = _coloured(held, colour)
    schema = held.contents.build.schema
    answer = query(held, schema.box({}, everything=True), 0, limits)
    return profiled(schema.names, answer.values, answer.carried[name], coloured, bins)


def counted(schema: Schema) -> str:
    """The carried field that says whose record it is.

    Raises:
        SchemaError: there is none.
    """
    if schema.patient is None:
        raise SchemaError("The schema names no patient.", field="patient")
    return schema.patient


def _coloured(held: Held, colour: str) -> tuple[str, NDArray[np.generic]]:
    patient = counted(held.contents.build.schema)
    if colour not in held.contents.colours:
        raise UnknownAttribute("There is no such colour.", field="colour")
    return patient, held.contents.colours[colour]
