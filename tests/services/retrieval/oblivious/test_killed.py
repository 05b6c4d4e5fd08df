# SPDX-License-Identifier: Apache-2.0
"""kill -9 of a writer, a process of its own: one whole epoch, every acknowledged write."""

import random

import pytest

from pmcb_benchmarks._retrieval_kills import MOMENTS, Drill, kill_writers

CHANGE = ["put_pool", "put_pool", "put_pool", "put_root", "drop_pool", "trim", "append"]
WRONG = (
    "failed",
    "lost",
    "changed",
    "risen",
    "unexplained",
    "fetched_twice",
    "dead_epochs_touched",
)


def assert_whole(found):
    """Nothing is lost, changed or risen, and no label of a dead epoch was fetched again."""
    assert [found[name] for name in WRONG] == [0] * len(WRONG)


@pytest.fixture
def drill(tmp_path):
    """A store to be killed."""
    drill = Drill(tmp_path)
    drill.begin()
    return drill


def test_what_is_wrong_is_counted(drill):
    """What was said and is not there, what was deleted and is, a label fetched by two lives."""
    drill.present[10**6] = [1, 1]
    drill.present[0] = [drill.present[0][0] ^ 1, 0]
    drill.gone = {1}
    del drill.present[2]
    note = '{"turn": %d, "fetched": "p", "labels": ["00"]}\n'
    (drill.folder / "notes").write_text(note % 1 + note % 2)
    found = drill.judged()
    assert [found[name] for name in WRONG] == [0, 1, 1, 1, 1, 1, 1]


def test_a_writer_killed_at_a_change_of_epoch_loses_nothing(drill):
    """Before the root is written and after it, and once under load; the next life goes on."""
    root = CHANGE.index("put_root") + 1
    for moment in MOMENTS:
        assert drill.in_change(root, moment) == []
    drill.under_load(random.Random(3))
    found = drill.judged()
    assert found["kills"] == 3
    assert found["acknowledged"] >= 128
    assert_whole(found)


@pytest.mark.stress
@pytest.mark.timeout(1200)
def test_a_writer_killed_at_every_write_and_a_hundred_random_moments_loses_nothing(tmp_path):
    """Every write of an epoch change, before and after it; then a hundred moments under load."""
    found = kill_writers(tmp_path, kills=100, seed=1)
    assert found["writes_of_a_change"] == CHANGE
    assert found["kills"] == 2 * len(CHANGE) + 100
    assert found["epochs"] > 10
    assert_whole(found)
