# SPDX-License-Identifier: Apache-2.0
"""The schema: what it refuses, how it encodes, what it is on the ledger."""

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_services.publishing import (
    Nominal,
    Numeric,
    Ordinal,
    Schema,
    SchemaError,
    suggest_bounds,
)
from pmcb_services.publishing._bounds import RANGES

S = 2**16
AGE = Numeric("age", 17, 90, step=1)
SEX = Nominal("sex", ["f", "m"])

COLUMNS = [
    lambda: Numeric("x", 1, 1),
    lambda: Numeric("x", 2, 1),
    lambda: Numeric("x", math.nan, 1),
    lambda: Numeric("x", 0, math.inf),
    lambda: Numeric("x", -1e308, 1e308),
    lambda: Numeric("x", 0, 10**400),
    lambda: Numeric("x", "0", 1),  # type: ignore[arg-type]
    lambda: Numeric("x", False, True),
    lambda: Numeric("x", 0, 1, step=0),
    lambda: Numeric("x", 0, 1, step=2),
    lambda: Numeric("x", 0, 1, missing=2),
    lambda: Numeric("x", 0, 1, unit="mm\nHg"),
    lambda: Numeric("x", 0, 1, unit="m" * 33),
    lambda: Numeric("x", 0, 1, unit=7),  # type: ignore[arg-type]
    lambda: Ordinal("x", []),
    lambda: Ordinal("x", ["a"]),
    lambda: Ordinal("x", ["a", "a"]),
    lambda: Ordinal("x", "ab"),
    lambda: Ordinal("x", ["a", ""]),
    lambda: Ordinal("x", ["a", 1.5]),  # type: ignore[list-item]
    lambda: Ordinal("x", ["a", "b"], missing="c"),
    lambda: Nominal("x", [1, "1"]),
    lambda: Nominal("x", ["a", "b"], weight=0),
    lambda: Nominal("x", ["a", "b"], weight=1.5),
    lambda: Nominal("x", ["a", "b"], weight=math.nan),
]
SCHEMAS = [
    lambda: Schema([]),
    lambda: Schema([AGE, AGE]),
    lambda: Schema([Numeric("", 0, 1)]),
    lambda: Schema([Numeric("a\nb", 0, 1)]),
    lambda: Schema([Numeric("n" * 65, 0, 1)]),
    lambda: Schema([Numeric(7, 0, 1)]),  # type: ignore[arg-type]
    lambda: Schema([Nominal("x", range(129))]),
    lambda: Schema([AGE], subject="age"),
    lambda: Schema([AGE], weigh="row", cap=5),
    lambda: Schema([AGE], subject="id", weigh="row"),
    lambda: Schema([AGE], subject="id", weigh="all"),  # type: ignore[arg-type]
    lambda: Schema([AGE], subject="id", cap=0),
    lambda: Schema([AGE], subject="id", cap=2**20 + 1),
    lambda: Schema([AGE], cap=5),
    lambda: Schema([AGE], expected_size=0),
    lambda: Schema([AGE], expected_size=2.5),  # type: ignore[arg-type]
]
DOCUMENTS = [
    {},
    {"columns": 3},
    {"columns": ["age"]},
    {"columns": [{"kind": "text", "name": "x"}]},
    {"columns": [{"kind": ["numeric"]}]},
    {"columns": [{"kind": "numeric", "name": "x", "lower": "0"}]},
    {"columns": [{"kind": "numeric", "name": "x", "lower": "0", "upper": "much"}]},
    {"columns": [{"kind": "numeric", "name": "x", "lower": "0", "upper": "1e999"}]},
    {"columns": [{"kind": "numeric", "name": "x", "lower": "0", "upper": "1", "unit": ["kg"]}]},
    {"columns": [{"kind": "ordinal", "name": "x", "values": 5}]},
    {"columns": [AGE.document()], "salt": "a"},
]


@pytest.mark.parametrize("make", [*COLUMNS, *SCHEMAS])
def test_what_does_not_fit_together_is_refused(make):
    """Bounds, values, names and units that make no sense end in one class, with exit code 2."""
    with pytest.raises(SchemaError) as caught:
        make()
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_that_is_no_schema_is_refused(document):
    """Whatever arrives as a schema's document, the answer is a `SchemaError`."""
    with pytest.raises(SchemaError):
        Schema.from_document(document)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {name: x, unit: kg, min: 5, max: 1}", "fields.yaml, line 1"),
        ("- {name: x, unit: kg, min: 0, max: 1, missing: 2}", "'missing'"),
        ("- {name: x, values: [a, b], missing: c}", "'missing'"),
        ("- {name: x, unit: kg, min: 0, max: 1, step: 7}", "step"),
        ("nothing", "list"),
    ],
)
def test_fields_that_make_no_schema_are_refused(tmp_path, text, said):
    """A complaint about ``fields.yaml`` names what is to blame."""
    path = tmp_path / "fields.yaml"
    path.write_text(text)
    with pytest.raises(SchemaError, match=said):
        Schema.from_fields(path)


def test_fields_that_are_not_there_are_refused(tmp_path):
    """A missing ``fields.yaml`` is said in words."""
    with pytest.raises(SchemaError, match=r"none\.yaml"):
        Schema.from_fields(tmp_path / "none.yaml")


def test_fields_become_columns(tmp_path):
    """Min and max are the bounds, lists are ordered or not; units and missing are taken along."""
    path = tmp_path / "fields.yaml"
    path.write_text(
        "- {name: pulse, unit: 1/min, min: 30, max: 220, step: 1, missing: 70}\n"
        "- {name: pain, values: [none, some, much], ordered: true, missing: some}\n"
        "- {name: sex, values: [f, m]}\n"
    )
    schema = Schema.from_fields(path, subject="who", cap=5)
    assert schema.columns == (
        Numeric("pulse", 30, 220, step=1, missing=70, unit="1/min"),
        Ordinal("pain", ["none", "some", "much"], missing="some"),
        Nominal("sex", ["f", "m"]),
    )
    assert schema.names == ("pulse", "pain", "sex", "who")
    assert (schema.subject, schema.cap) == ("who", 5)


def test_numbers_are_linear_between_their_bounds():
    """By hand on 0..4: the ends are -S and S, a quarter is -S/2, the missing value the middle."""
    column = Numeric("x", 0, 4)
    cells = [0, 1, 4.0, "3", None, "no", math.nan, math.inf, -math.inf, 5, "-1e400", 10**400]
    expected = [-S, -S / 2, S, S / 2, 0, 0, 0, S, -S, S, -S, S]
    assert column.encode(cells).ravel().tolist() == expected
    assert Numeric("x", 0, 4, missing=1).encode(["?"]).tolist() == [[-S / 2]]


def test_lists_are_encoded_by_place_or_by_coordinate():
    """Codes are linear, nominal values are ``weight`` apart, unknown ones the first or missing."""
    pain = Ordinal("pain", [0, 1, 2], missing=2)
    assert pain.encode(["0", 1, 2.0, "9", None]).ravel().tolist() == [-S, 0, S, S, S]
    blood = Nominal("blood", ["A", "B", "0"], weight=0.5)
    first, second = blood.encode(["A", "B"]) / S
    assert math.isclose(np.linalg.norm(first - second), 0.5, abs_tol=1e-4)
    assert blood.encode(["?"]).tolist() == blood.encode(["A"]).tolist()


def test_points_become_values_of_the_columns():
    """By hand: the middle of 17..90 is 53.5, no whole year; of lists the nearest value."""
    schema = Schema([AGE, Ordinal("pain", ["no", "some", "much"]), SEX])
    points = np.array([[0.0, 0.4, 0.2, 0.1], [2.0, -3.0, -1.0, 0.0]])
    assert schema.decode(points) == [[53.5, "some", "f"], [90, "no", "m"]]
    ages = schema.decode(schema.snap(points))
    assert ages[0][0] in {53, 54}
    assert isinstance(ages[0][0], int)
    assert schema.spans == (slice(0, 1), slice(1, 2), slice(2, 4))


def test_values_of_a_step_are_told_apart_while_the_lattice_can():
    """Eleven values of 0.1 have eleven points; a step finer than the lattice has none to list."""
    column = Numeric("x", 0, 1, step=0.1)
    assert column.count == 11
    assert column.points is not None
    assert len(set(column.points.tolist())) == 11
    fine = Numeric("x", 0, 7e8, step=1)
    assert fine.points is None
    assert fine.count == 2 * S + 1
    assert fine.decode(fine.snap(np.array([[1 / 3]]))) == [466666667]


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**4), st.data())
def test_values_of_a_step_come_back(lower, steps, data):
    """Encoding, snapping and decoding give every value of a step back, tenths too."""
    step = data.draw(st.sampled_from([1, 0.1, 0.25, 5]))
    exact = Fraction(str(step))
    column = Numeric("x", lower, float(lower + steps * exact), step=step)
    value = float(lower + data.draw(st.integers(0, steps)) * exact)
    (found,) = column.decode(column.snap(column.encode([value]) / S))
    assert found == value


@given(st.lists(st.floats() | st.text() | st.none() | st.integers() | st.booleans(), min_size=1))
def test_no_cell_raises_or_leaves_the_box(cells):
    """Whatever stands in a cell, its coordinates are whole numbers within [-S, S]."""
    for column in (AGE, SEX, Ordinal("o", ["a", "b", "c"])):
        x = column.encode(cells)
        assert x.shape == (len(cells), column.width)
        assert np.array_equal(x, np.rint(x))
        assert np.abs(x).max() <= S


def test_the_hash_is_of_the_meaning():
    """10 and 10.0 are one schema; any part that differs gives another hash."""
    base = Schema([Numeric("x", 0, 10), SEX], subject="id")
    assert base.hash == Schema([Numeric("x", 0.0, 10.0), SEX], subject="id", cap=1024).hash
    others = [
        Schema([Numeric("x", 0, 11), SEX], subject="id"),
        Schema([Numeric("x", 0, 10, step=1), SEX], subject="id"),
        Schema([Numeric("x", 0, 10, missing=0), SEX], subject="id"),
        Schema([Numeric("x", 0, 10, unit="kg"), SEX], subject="id"),
        Schema([SEX, Numeric("x", 0, 10)], subject="id"),
        Schema([Numeric("x", 0, 10), SEX], subject="id", cap=3),
        Schema([Numeric("x", 0, 10), SEX], subject="id", weigh="row", cap=1024),
        Schema([Numeric("x", 0, 10), SEX]),
        Schema([Numeric("x", 0, 10), SEX], subject="id", expected_size=9),
    ]
    assert len({base.hash, *(other.hash for other in others)}) == 10


def test_a_schema_comes_back_from_its_document_without_a_float():
    """Through JSON, and with texts in place of numbers that are not whole."""
    number = Numeric("x", -0.5, 1e9, step=0.1, missing=0, unit="mm³")
    lists = Nominal("b", [0, 1], weight=0.3), Ordinal("o", ["a", "b"], missing="b")
    schema = Schema([number, *lists], "id", "row", 7, 500)

    def refuse(digits):
        raise AssertionError(digits)

    text = json.dumps(schema.document())
    assert Schema.from_document(json.loads(text, parse_float=refuse)) == schema


def test_bounds_are_suggested_without_data():
    """Every measure of the table is a column; another one is refused, with the known ones."""
    for measure in RANGES:
        assert suggest_bounds(measure, "x").name == "x"
    with pytest.raises(SchemaError) as caught:
        suggest_bounds("shoe size")
    assert "heart_rate" in caught.value.next_step
