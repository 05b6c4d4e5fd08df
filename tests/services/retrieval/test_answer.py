# SPDX-License-Identifier: Apache-2.0
"""Answers as tables and as JSON."""

import json

import numpy as np

from pmcb_services.retrieval import Answer, Attribute, Carried, Schema

SCHEMA = Schema(
    "s", [Attribute("HR", 0, 255, 1), Attribute("Temp", 30, 42.75, 0.05)], [Carried("p", "uint8")]
)
ANSWER = Answer(
    ids=np.array([7, 3], np.uint32),
    values=np.array([[80, 36.65], [81, np.nan]]),
    carried=np.array([(1,), (2,)], SCHEMA.carried_dtype),
    in_range=np.array([True, False]),
    gap=np.array([0.0, 0.25]),
    rounds=2,
    certified=True,
    schema=SCHEMA,
)


def test_an_answer_becomes_json():
    """Numbers as people write them; what is absent is null."""
    document = json.loads(json.dumps(ANSWER.document(), allow_nan=False))
    assert document["columns"] == ["id", "HR", "Temp", "p", "in_range", "gap"]
    assert document["rows"] == [[7, 80, 36.65, 1, True, 0], [3, 81, None, 2, False, 0.25]]
    assert (document["hits"], document["rounds"], document["certified"]) == (1, 2, True)
    assert len(ANSWER) == 2


def test_an_answer_becomes_columns():
    """One per attribute and field, in the order of the records."""
    frame = ANSWER.frame()
    assert frame["HR"].tolist() == [80.0, 81.0]
    assert frame["p"].tolist() == [1, 2]
