# SPDX-License-Identifier: Apache-2.0
"""The units of the mechanism: everything that touches data is a whole number of them."""

from __future__ import annotations

__all__ = ["CHUNK", "LATTICE", "MOST_COORDINATES", "UNIT"]

LATTICE = 2**16
"""S: a coordinate in [-1, 1] is a whole number of 1/S."""

UNIT = 2**20
"""U: the weight of one unit of privacy, a row or a person."""

CHUNK = 8192
"""Rows that are in memory at once."""

MOST_COORDINATES = 128
"""Up to here every product of two rows is a whole number below 2^53, exact in float64."""
