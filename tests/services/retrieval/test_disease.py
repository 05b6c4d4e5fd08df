# SPDX-License-Identifier: Apache-2.0
"""Diseases as files of ranges."""

import pytest

from pmcb_services.retrieval import Attribute, Schema, vitals
from pmcb_services.retrieval._disease import SHIPPED, Disease
from pmcb_services.retrieval.errors import SchemaError, UnknownAttribute


@pytest.mark.parametrize(
    "text",
    [
        "name: x\nabout: y\n",
        "name: x\nabout: y\nranges: [1, 2]\n",
        "name: x\nabout: y\nranges: {HR: 3}\n",
        "name: x\nabout: y\nranges: {HR: [1, 2, 3]}\n",
        "name: x\nabout: y\nranges: {HR: [low, 2]}\n",
        "name: x\nabout: y\nranges: {HR: [true, 2]}\n",
        "name: x\nabout: y\nranges: {HR: [1, 2]}\nmore: 1\n",
        "{",
    ],
)
def test_a_file_that_is_no_disease_is_refused(tmp_path, text):
    """By what is wrong with it."""
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(SchemaError):
        Disease.load(str(path))


def test_an_unknown_name_is_told_what_there_is():
    """The names that come along, or a file."""
    with pytest.raises(SchemaError) as caught:
        Disease.load("gout")
    assert "covid-19, sepsis, shock, uraemia" in caught.value.next_step
    with pytest.raises(SchemaError, match="cannot be read"):
        Disease.load("none.yaml")


@pytest.mark.parametrize("name", SHIPPED)
def test_what_comes_along_says_that_it_is_an_example(name):
    """And has ranges of two and more indicators."""
    found = Disease.load(name)
    assert found.name == name
    assert found.about.startswith("An example, not medical advice")
    assert len(found.ranges) >= 2


def test_shock_and_sepsis_are_searched_in_the_vitals():
    """The others belong to stores that hold their indicators."""
    records = vitals.load(20_000)
    for name in ("shock", "sepsis"):
        share = records.schema.box(Disease.load(name).ranges).contains(records.codes).mean()
        assert 0 < share < 0.2
    for name in ("uraemia", "covid-19"):
        with pytest.raises(UnknownAttribute):
            records.schema.box(Disease.load(name).ranges)
    kidneys = Schema("k", [Attribute("GFR", 0, 200, 1), Attribute("Creatinine", 0, 3000, 1),
                           Attribute("Urea", 0, 100, 0.1)])  # fmt: skip
    box = kidneys.box(Disease.load("uraemia").ranges)
    assert box.contains(kidneys.encode([[9, 900, 35], [60, 90, 6]])).tolist() == [True, False]
