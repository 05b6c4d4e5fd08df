# SPDX-License-Identifier: Apache-2.0
"""Fields that come back with a hit."""

import numpy as np
import pytest

from pmcb_services.retrieval import Attribute, Carried, Schema, errors

SCHEMA = Schema(
    "signs",
    [Attribute("HR", 0, 255, 1)],
    [Carried("patient", "uint64"), Carried("hour", "int8"), Carried("dose", "float32")],
)
GOOD = {"patient": [2**64 - 1], "hour": [-128], "dose": [0.5]}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"hour": [128]}, errors.OutOfDomain),
        ({"patient": [-1]}, errors.OutOfDomain),
        ({"patient": [2**64]}, errors.OutOfDomain),
        ({"hour": [1.5]}, errors.NotANumber),
        ({"hour": [True]}, errors.NotANumber),
        ({"hour": ["1"]}, errors.NotANumber),
        ({"dose": [float("nan")]}, errors.NotANumber),
        ({"dose": np.array([np.inf], np.float32)}, errors.NotANumber),
        ({"dose": [1e39]}, errors.OutOfDomain),
        ({"hour": [None]}, errors.MissingValue),
        ({"hour": [1, 2]}, errors.WrongAttributeCount),
        ({"ward": [1]}, errors.UnknownAttribute),
    ],
)
def test_what_does_not_fit_its_type_is_refused(change, error):
    """No carried number is wrapped, rounded or dropped."""
    with pytest.raises(error):
        SCHEMA.encode_carried({**GOOD, **change}, 1)


def test_every_field_is_needed_by_name():
    """A field that is absent, or a table without names, is no row of carried fields."""
    with pytest.raises(errors.MissingValue, match="dose"):
        SCHEMA.encode_carried({"patient": [1], "hour": [1]}, 1)
    with pytest.raises(errors.MissingValue):
        SCHEMA.encode_carried(None, 1)
    with pytest.raises(errors.WrongAttributeCount):
        SCHEMA.encode_carried(np.zeros((1, 3)), 1)  # type: ignore[arg-type]


def test_whole_numbers_of_64_bits_keep_every_bit():
    """They do not pass through a float."""
    packed = SCHEMA.encode_carried(GOOD, 1)
    assert packed["patient"][0] == 2**64 - 1
    assert packed["hour"][0] == -128
    assert packed.dtype.itemsize == 13
    again = SCHEMA.encode_carried(packed, 1)
    assert again.tobytes() == packed.tobytes()


def test_a_schema_may_carry_nothing():
    """Then rows take no bytes."""
    bare = Schema("bare", [Attribute("HR", 0, 255, 1)])
    assert bare.encode_carried(None, 3).shape == (3,)
    assert bare.carried_dtype.itemsize == 0
