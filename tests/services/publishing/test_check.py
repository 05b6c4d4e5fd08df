# SPDX-License-Identifier: Apache-2.0
"""The institution sees what a fit would silently do."""

import numpy as np
import pytest

from pmcb_services.publishing import (
    ColumnCheck,
    Nominal,
    Numeric,
    Schema,
    TableUnreadable,
    check_table,
)

AGE = Numeric("age", 0, 100)


def test_a_table_that_does_not_fit_is_refused():
    """As in a fit."""
    with pytest.raises(TableUnreadable):
        check_table(np.zeros((2, 2)), Schema([AGE]))


def test_missing_clipped_and_unknown_cells_are_counted():
    """By hand, one of each kind in each column."""
    rows = [
        (50, "f"),
        (None, None),
        ("", " "),
        (np.nan, np.nan),
        ("nan", "nan"),
        ("1,5", "x"),
        (101, "m"),
        (-np.inf, "M"),
        (b"7", "f"),
        ([1], "f"),
    ]
    array = np.empty((len(rows), 2), dtype=object)
    for at, row in enumerate(rows):
        array[at] = row
    found = check_table(array, Schema([AGE, Nominal("sex", ["f", "m"])]))
    assert found.rows == found.persons == 10
    assert found.columns == (ColumnCheck("age", 5, 2, 1), ColumnCheck("sex", 3, 0, 3))


def test_persons_and_what_is_beyond_the_cap_are_counted():
    """Three rows of a, one of b, one of nobody, and a cap of two."""
    array = np.array([[1, "a"], [1, "a"], [1, "a"], [1, "b"], [1, None]], dtype=object)
    found = check_table(array, Schema([AGE], subject="who", cap=2))
    assert (found.rows, found.untagged, found.persons, found.beyond_cap) == (5, 1, 2, 1)
