# SPDX-License-Identifier: Apache-2.0
"""What can be searched, and what is refused."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_services.retrieval import Attribute, Carried, Schema, errors

HR = Attribute("HR", 0, 255, 1, "bpm")
TEMP = Attribute("Temp", 30, 42.75, 0.05, "degC")
SCHEMA = Schema(
    "signs",
    [HR, TEMP],
    [Carried("patient", "uint32"), Carried("hour", "uint8")],
    patient="patient",
)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (float("nan"), errors.NotANumber),
        (float("inf"), errors.NotANumber),
        (float("-inf"), errors.NotANumber),
        ("80", errors.NotANumber),
        (True, errors.NotANumber),
        (np.True_, errors.NotANumber),
        ([80], errors.NotANumber),
        (-1, errors.OutOfDomain),
        (256, errors.OutOfDomain),
        (10**400, errors.OutOfDomain),
        (80.5, errors.OffGrid),
        (None, errors.MissingValue),
    ],
)
def test_a_record_that_does_not_fit_is_refused_without_its_value(value, error):
    """The error names attribute and row; nothing is clipped, wrapped or guessed."""
    with pytest.raises(error, match="HR") as refused:
        SCHEMA.encode({"HR": [80, value], "Temp": [36.6, 36.6]})
    assert "row 1" in str(refused.value) or error is errors.OutOfDomain
    assert refused.value.field == "HR"
    assert refused.value.exit_code == 2
    assert "80.5" not in str(refused.value)


def test_numeric_arrays_are_held_to_the_same_rules():
    """An array of floats hides neither NaN nor negatives."""
    rows = np.array([[80.0, 36.6], [np.nan, 36.6]])
    with pytest.raises(errors.NotANumber):
        SCHEMA.encode(rows)
    with pytest.raises(errors.OutOfDomain):
        SCHEMA.encode(np.array([[-1, 36]]))
    with pytest.raises(errors.NotANumber):
        SCHEMA.encode({"HR": np.array([True]), "Temp": [36.6]})


def test_off_the_grid_both_neighbours_are_told_beside_the_message():
    """Whoever holds the record may round it; a log that holds the message learns nothing."""
    with pytest.raises(errors.OffGrid) as refused:
        SCHEMA.encode([[80, 36.63]])
    assert refused.value.neighbours == (36.6, 36.65)
    assert "36.6" not in str(refused.value)


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([[80]], errors.WrongAttributeCount),
        ([[80, 36.6, 1]], errors.WrongAttributeCount),
        ([80, 36.6], errors.WrongAttributeCount),
        (np.zeros(2), errors.WrongAttributeCount),
        (np.zeros((2, 3)), errors.WrongAttributeCount),
        ({"HR": [80], "Temp": []}, errors.WrongAttributeCount),
        ({"HR": [80]}, errors.MissingValue),
        ({"HR": [80], "Temp": [36.6], "SBP": [1]}, errors.UnknownAttribute),
        ({"HR": "80", "Temp": [36.6]}, errors.NotANumber),
        ({"HR": np.ones((1, 2)), "Temp": [36.6]}, errors.NotANumber),
        ((row for row in [[80, 36.6]]), errors.WrongAttributeCount),
        (None, errors.WrongAttributeCount),
    ],
)
def test_tables_of_the_wrong_shape_are_refused(rows, error):
    """Too few, too many and unknown columns each have their error."""
    with pytest.raises(error):
        SCHEMA.encode(rows)


@pytest.mark.parametrize(
    ("ranges", "error"),
    [
        ({"HR": (90, 60)}, errors.EmptyRange),
        ({"HR": (256, None)}, errors.EmptyRange),
        ({"HR": (None, -0.5)}, errors.EmptyRange),
        ({"Temp": (36.61, 36.64)}, errors.EmptyRange),
        ({"HR": (float("nan"), None)}, errors.NotANumber),
        ({"HR": (None, float("inf"))}, errors.NotANumber),
        ({"HR": ("60", 90)}, errors.NotANumber),
        ({"HR": (True, 90)}, errors.NotANumber),
        ({"HR": 90}, errors.NotANumber),
        ({"HR": "69"}, errors.NotANumber),
        ({"SBP": (60, 90)}, errors.UnknownAttribute),
        ([("HR", (60, 90)), ("HR", (70, 80))], errors.UnknownAttribute),
        ({60: (60, 90)}, errors.UnknownAttribute),
        ([(["HR"], (60, 90))], errors.UnknownAttribute),
        (None, errors.InputError),
        (60, errors.InputError),
        ("HR", errors.InputError),
        ([(60, 90, 1)], errors.InputError),
        ({}, errors.NoRange),
        ({"HR": (None, None)}, errors.NoRange),
    ],
)
def test_a_query_that_cannot_be_is_refused(ranges, error):
    """Never an empty answer where the question is wrong."""
    with pytest.raises(error):
        SCHEMA.box(ranges)


@pytest.mark.parametrize(
    ("pair", "codes"),
    [
        ((60, 90), (60, 90)),
        ((59.5, 90.5), (60, 90)),
        ((None, 90), (0, 90)),
        ((-10, 300), (0, 255)),
        ((60, 10**400), (60, 255)),
        ((60, 60), (60, 60)),
        ((np.float32(60), np.int64(90)), (60, 90)),
    ],
)
def test_bounds_snap_inward_and_clamp_to_the_scale(pair, codes):
    """What cannot change the answer is no error."""
    box = SCHEMA.box({"HR": pair})
    assert (box.lo[0], box.hi[0]) == codes
    assert box.ranged.tolist() == [True, False]


def test_a_bound_between_two_values_is_no_error():
    """36.63 is no value of the grid, and a query may say it."""
    box = SCHEMA.box({"Temp": (36.63, 37)})
    assert SCHEMA.attributes[1].values[box.lo[1]] == 36.65


@given(st.integers(0, 255), st.integers(0, 255))
def test_codes_and_values_are_one(low, high):
    """Decoded values encode to themselves, and are the decimals that people write."""
    codes = np.array([[low, high]], np.uint16)
    values = SCHEMA.decode(codes)
    assert SCHEMA.encode(values).tolist() == codes.tolist()
    assert values[0, 1] == float(Fraction(30) + high * Fraction(1, 20))


def test_absent_values_have_a_code_that_only_wildcards_match():
    """One extra level, above every range."""
    schema = replace(SCHEMA, missing="code")
    codes = schema.encode([[None, 36.6], [255, 36.6]])
    assert codes[:, 0].tolist() == [256, 255]
    assert np.isnan(schema.decode(codes)[0, 0])
    assert schema.box({"HR": (None, 255)}).contains(codes).tolist() == [False, True]
    assert schema.box({"Temp": (36, 37)}).contains(codes).tolist() == [True, True]


def test_records_may_be_rounded_to_the_nearest_value():
    """Only if the schema says so; beyond half a step outside it is still outside."""
    schema = replace(SCHEMA, rounding="nearest")
    assert schema.encode([[80.4, 36.63], [255.4, 42.75]]).tolist() == [[80, 133], [255, 255]]
    with pytest.raises(errors.OutOfDomain):
        schema.encode([[255.6, 36.6]])


@pytest.mark.parametrize(
    ("low", "high", "step"),
    [
        (0, 0, 1),
        (5, 0, 1),
        (0, 1, 0),
        (0, 1, -1),
        (0, 1, 0.3),
        (0, 65_536, 1),
        (0, 1, 2),
        (-1e308, 1e308, 1),
    ],
)
def test_scales_that_contradict_themselves_are_refused(low, high, step):
    """2 to 65,536 levels, the last of which is max."""
    with pytest.raises(errors.SchemaError, match="HR"):
        Attribute("HR", low, high, step)


@pytest.mark.parametrize("bound", ["0", None, True, float("inf"), float("nan")])
def test_bounds_of_a_scale_are_numbers(bound):
    """Text, absence, truth and infinity are none."""
    with pytest.raises(errors.SchemaError, match="max"):
        Attribute("HR", 0, bound, 1)


def test_a_scale_has_65536_levels_at_most_and_one_less_with_absent_values():
    """Codes are 16 bits."""
    full = Attribute("x", 0, 65_535, 1)
    assert full.levels == 65_536
    with pytest.raises(errors.SchemaError, match="absent"):
        Schema("s", [full], missing="code")


@pytest.mark.parametrize(
    "parts",
    [
        {"attributes": []},
        {"attributes": [Attribute(f"a{i}", 0, 1, 1) for i in range(33)]},
        {"attributes": [HR, HR]},
        {"carried": [Carried("HR", "uint8")]},
        {"attributes": [HR, Attribute("gap", 0, 1, 1)]},
        {"carried": [Carried("id", "uint8")], "patient": None},
        {"carried": [Carried("note", "text")]},
        {"carried": [Carried(f"c{i}", "uint64") for i in range(9)], "patient": None},
        {"patient": "nobody"},
        {"patient": "weight", "carried": [Carried("weight", "float32")]},
        {"missing": "guess"},
        {"rounding": "up"},
        {"name": ""},
        {"name": "a\nb"},
    ],
)
def test_schemas_that_contradict_themselves_are_refused(parts):
    """Names once, 1 to 32 attributes, known types, 64 carried bytes, a patient to count."""
    with pytest.raises(errors.SchemaError):
        replace(SCHEMA, **parts)


def test_a_schema_is_read_back_from_its_file(tmp_path):
    """The example of the documentation is the same schema."""
    path = tmp_path / "signs.yaml"
    path.write_text(
        "name: signs\n"
        "attributes:\n"
        "  - {name: HR, unit: bpm, min: 0, max: 255, step: 1}\n"
        "  - {name: Temp, unit: degC, min: 30.0, max: 42.75, step: 0.05}\n"
        "carried: [{name: patient, type: uint32}, {name: hour, type: uint8}]\n"
        "patient: patient\nmissing: refuse\nrounding: refuse\n"
    )
    loaded = Schema.load(path)
    assert loaded == SCHEMA
    assert loaded.digest == SCHEMA.digest == Schema.from_document(SCHEMA.document()).digest
    assert replace(SCHEMA, rounding="nearest").digest != SCHEMA.digest


@pytest.mark.parametrize(
    "text",
    ["", "[]", "a: [", "name: x", "name: x\nattributes: 3", "name: x\nattributes: [3]",
     "name: x\nattributes: [{name: HR, min: 0, max: 1, step: 1, colour: red}]",
     "name: x\nattributes: [{name: HR, min: 0, max: 1, step: 1}]\nextra: 1"],
)  # fmt: skip
def test_files_that_hold_no_schema_are_refused(tmp_path, text):
    """An error that names the next step, never a traceback of the parser."""
    path = tmp_path / "signs.yaml"
    path.write_text(text)
    with pytest.raises(errors.SchemaError) as refused:
        Schema.load(path)
    assert refused.value.next_step
    with pytest.raises(errors.SchemaError, match="cannot be read"):
        Schema.load(tmp_path / "none.yaml")
