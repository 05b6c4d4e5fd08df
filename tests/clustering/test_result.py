# SPDX-License-Identifier: Apache-2.0
import hashlib
import json
from dataclasses import replace
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest

from pmcb_clustering import LevelAssignment, LevelClustering, ResultError, plot_classes


@pytest.fixture(scope="module")
def assignment(small) -> LevelAssignment:
    """Three levels of a small graph."""
    return LevelClustering(3).fit(small).assignment_


def edit(path, **changes):
    document = json.loads(path.read_text())
    document.update(changes)
    path.write_text(json.dumps({k: v for k, v in document.items() if v is not None}))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"version": 2}, "not a result of version 1"),
        ({"level": None}, "not a result of this package: 'level'"),
        ({"level": ["a"]}, "not a result of this package"),
        ({"level": []}, "not a result of this package"),
        ({"level": [1, 2, 3]}, "was changed"),
        ({"levels": 4}, "was changed"),
        ({"users": ["1"]}, "was changed"),
        ({"graph_hash": "0" * 64}, "was changed"),
        ({"params": {}}, "was changed"),
        ({"result_hash": "0" * 64}, "was changed"),
        ({"metrics": {}}, "not a result of this package: 'degree'"),
    ],
)
def test_a_result_that_was_changed_is_refused(assignment, tmp_path, changes, complaint):
    """Its hashes are checked, and nothing but our own error is raised."""
    path = tmp_path / "levels.json"
    assignment.to_json(path)
    edit(path, **changes)
    with pytest.raises(ResultError, match=complaint):
        LevelAssignment.from_json(path)


@pytest.mark.parametrize("text", ["", "[]", "3", "null", "{", "[" * 100_000, "\xff"])
def test_what_is_no_result_is_refused(tmp_path, text):
    """No JSON, or JSON of something else."""
    path = tmp_path / "a.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ResultError, match=r"a\.json"):
        LevelAssignment.from_json(path)
    with pytest.raises(ResultError, match="none cannot be read: No such file"):
        LevelAssignment.from_json(tmp_path / "none")


def test_a_failed_write_leaves_nothing(assignment, tmp_path):
    """No half file, no temporary one; what stood there stays."""
    path = tmp_path / "levels.json"
    path.write_text("before")
    broken = replace(assignment, influence=(float("nan"),))
    with pytest.raises(ValueError, match="JSON"):
        broken.to_json(path)
    assert [file.name for file in tmp_path.iterdir()] == ["levels.json"]
    assert path.read_text() == "before"


def test_drawing_needs_metrics(assignment):
    """A result may come without."""
    with pytest.raises(ResultError, match="carries no metrics"):
        plot_classes(replace(assignment, metrics=None))


def test_a_result_comes_back_as_it_was(assignment, tmp_path):
    """Users, levels, hashes, figures; metrics to nine digits."""
    path = tmp_path / "levels.json"
    assignment.to_json(path)
    back = LevelAssignment.from_json(path)
    assert back.users == assignment.users
    assert np.array_equal(back.level, assignment.level)
    assert back.as_document() == assignment.as_document()
    assert path.stat().st_mode & 0o077 == 0
    assert back.metrics is not None
    assert np.allclose(back.metrics, assignment.metrics, rtol=1e-8)


def test_awkward_names_survive(tmp_path):
    """Commas, quotes, line ends and letters of any script."""
    names = ['a,"b"', "line\nend", "# é", "漢 字", " x "]
    graph = nx.Graph(list(pairwise(names)))
    assignment = LevelClustering(2).fit(graph).assignment_
    path = tmp_path / "levels"
    assignment.to_json(path)
    assert LevelAssignment.from_json(path).users == assignment.users


def test_the_document_has_what_others_read(assignment, tmp_path):
    """Members, ranges, and hashes that anybody can check."""
    path = tmp_path / "levels.json"
    assignment.to_json(path)
    document = json.loads(path.read_text())
    assert list(document) == [
        "version", "levels", "mode", "seed", "graph_hash", "params_hash", "result_hash",
        "params", "quality", "influence", "users", "level", "metrics",
    ]  # fmt: skip
    assert (document["version"], document["levels"], document["mode"]) == (1, 3, "balanced")
    assert len(document["users"]) == len(document["level"]) == 300
    assert set(document["level"]) == {1, 2, 3}
    assert document["influence"] == sorted(document["influence"])
    assert sum(document["quality"]["sizes"]) == 300
    covered = ("version", "levels", "graph_hash", "params_hash", "users", "level")
    text = json.dumps(
        {name: document[name] for name in covered},
        sort_keys=True, separators=(",", ":"), ensure_ascii=False,
    )  # fmt: skip
    assert document["result_hash"] == hashlib.sha256(text.encode()).hexdigest()
