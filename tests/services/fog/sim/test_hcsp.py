# SPDX-License-Identifier: Apache-2.0
"""Published scheduling instances, and their best plans."""

import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

from pmcb_services.fog.errors import HcspError, InvalidInput
from pmcb_services.fog.sim import Scenario, parse_hcsp, read_hcsp, read_hcsp_archive

TINY = "2 3 0\n1\n2.5\n3\n4\n5\n6\n"


@pytest.mark.parametrize(
    ("text", "expected", "found"),
    [
        ("2 3 0\n1 2 3 4 5", 6, 5),
        ("2 3 1 2 3 4 5 6 7 8", 6, 8),
        ("2 3 7 1 2 3 4 5 6", 6, 7),
        ("2", 2, 1),
    ],
    ids=["cut-off-by-one", "too-many", "no-consistency", "no-header"],
)
def test_another_count_of_numbers_is_told(text, expected, found):
    """With both counts, and the file's name without its folder."""
    with pytest.raises(HcspError, match=r"^t holds") as refused:
        parse_hcsp(text, "some/folder/t")
    assert (refused.value.expected, refused.value.found) == (expected, found)


@pytest.mark.parametrize("text", ["a b 0 1", "2 3 0 1 2 x 4 5 6", "-2 3 0", "1.5 2 3"])
def test_what_is_no_number_is_refused(text):
    """In the header and behind it."""
    with pytest.raises(InvalidInput):
        parse_hcsp(text, "t")


@pytest.mark.parametrize("header", ["2 3", "2 3\n", "2 3 0", "2 3 1\n", "\n2 3 2\n"])
def test_the_header_may_name_the_consistency(header):
    """Numbers follow task by task."""
    read = parse_hcsp(f"{header} 1 2.5 3 4 5 6", "t")
    assert read.etc.tolist() == [[1, 2.5, 3], [4, 5, 6]]


def test_a_file_becomes_an_instance_of_makespan_alone(tmp_path):
    """Penalty 1, no watts; the scenario's document says the same."""
    path = tmp_path / "tiny.0"
    path.write_text(TINY)
    read = read_hcsp(path)
    for instance in (read.instance(), Scenario.parse(read.scenario()).instance()):
        found = instance.evaluate([0, 2])
        assert (found.energy, found.makespan, found.cost) == (0, 6, 6)


def archived(path, **texts):
    """An archive of these texts."""
    with tarfile.open(path, "w:xz") as archive:
        for name, text in texts.items():
            info = tarfile.TarInfo(f"set/{name}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def test_an_archive_holds_instances_with_their_published_plans(tmp_path):
    """A plan belongs to the instance whose name it begins with; the comma is decimal."""
    texts = {"a.0": TINY, "a.0_MS_5,5.sol": "1 2", "b.0": TINY}
    found = read_hcsp_archive(archived(tmp_path / "s.tar.xz", **texts))
    assert list(found) == ["a.0", "b.0"]
    assert [(s.makespan, s.assignment.tolist()) for s in found["a.0"].solutions] == [(5.5, [1, 2])]
    assert found["b.0"].solutions == ()


@pytest.mark.parametrize("plan", ["1", "1 2 0", "1 3", "-1 0", "1 x"])
def test_a_plan_that_does_not_fit_is_refused(tmp_path, plan):
    """Another count, or a server that is not there."""
    texts = {"a.0": TINY, "a.0_MS_5,5.sol": plan}
    with pytest.raises(InvalidInput, match="_MS_5,5"):
        read_hcsp_archive(archived(tmp_path / "s.tar.xz", **texts))


@pytest.mark.parametrize("name", ["512x16.tar.xz", "1024x32-A.tar.xz"])
def test_every_published_plan_has_the_makespan_in_its_name(name):
    """Rounded to one decimal there; needs ``PMCB_DATA``."""
    path = Path(os.environ.get("PMCB_DATA", ""), "hcsp", name)
    if not path.is_file():
        pytest.skip("PMCB_DATA names no folder with hcsp/")
    found = read_hcsp_archive(path)
    assert len(found) == 12
    for read in found.values():
        n, m = read.etc.shape
        assert len(read.solutions) >= 1
        for plan in read.solutions:
            times = read.etc[np.arange(n), plan.assignment]
            load = np.bincount(plan.assignment, weights=times, minlength=m)
            assert load.max() == pytest.approx(plan.makespan, abs=0.051)
