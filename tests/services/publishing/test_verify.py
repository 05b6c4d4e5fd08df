# SPDX-License-Identifier: Apache-2.0
"""verify.py: alone, without packages, it finds whatever does not fit together."""

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from tests.services.publishing.releases import KINDS, released

from pmcb_services.publishing._clusters import coreset
from pmcb_services.publishing._measurements import Step
from pmcb_services.publishing._release_files import as_json, measurements_table
from pmcb_services.publishing._verify import Mismatch, _coreset, check, read_stages


def rehashed(files, **changed):
    """Files with some changed, by somebody who brings all hashes up to date."""
    files = {**files, **{name.replace("_", "."): data for name, data in changed.items()}}
    document = json.loads(files["release.json"])
    document["files"] = {
        name: sha256(data).hexdigest()
        for name, data in sorted(files.items())
        if name not in {"release.json", "receipt.json"}
    }
    files["release.json"] = as_json(document)
    if "receipt.json" in files:
        receipt = json.loads(files["receipt.json"])
        receipt["release_hash"] = sha256(files["release.json"]).hexdigest()
        files["receipt.json"] = as_json(receipt)
    return files


def table(data):
    return list(csv.reader(data.decode().splitlines()))


def untabled(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", [1, -1])
def test_a_point_that_does_not_follow_is_found(kind, place):
    """Moved by 10^-8 with all hashes brought up to date: the first point and the last."""
    files = released(kind).files
    rows = table(files["coreset.csv"])
    rows[place][-1] = str(float(rows[place][-1]) + 1e-8)
    with pytest.raises(Mismatch, match=r"coreset\.csv: it does not follow"):
        check(rehashed(files, coreset_csv=untabled(rows)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_point_too_few_or_too_many_is_found(kind):
    """Cells are kept by rule, not by choice."""
    files = released(kind).files
    rows = table(files["coreset.csv"])
    for changed in (rows[:-1], [*rows, rows[-1]]):
        with pytest.raises(Mismatch, match=r"coreset\.csv"):
            check(rehashed(files, coreset_csv=untabled(changed)))


def test_a_part_that_cost_more_is_found():
    """Epsilon told too low, or one stage's share changed."""
    files = released("one").files
    rows = table(files["measurements.csv"])
    rows[1][2] = "1/3"
    with pytest.raises(Mismatch, match="do not cost"):
        check(rehashed(files, measurements_csv=untabled(rows)))
    document = json.loads(files["release.json"])
    with pytest.raises(Mismatch, match="do not cost"):
        check(rehashed({**files, "release.json": as_json({**document, "epsilon": "1/4"})}))


@pytest.mark.parametrize("kind", ["dp-kmeans", "idp-kmeans"])
def test_rounds_that_do_not_follow_from_each_other_are_found(kind):
    """A centre moved by one step of the lattice, or one noisy number of a round before."""
    files = released(kind).files
    for line, column in ((-1, 5), (1, 7)):
        rows = table(files["measurements.csv"])
        numbers = rows[line][column].split()
        change = 1 if column == 5 else 2**20 * 50
        rows[line][column] = " ".join([*numbers[:-1], str(int(numbers[-1]) + change)])
        with pytest.raises(Mismatch, match="do not follow from each other"):
            check(rehashed(files, measurements_csv=untabled(rows)))


@pytest.mark.parametrize("kind", ["grid", "dp-kmeans", "idp-kmeans"])
def test_another_algorithm_s_name_is_found(kind):
    """What the stages are tells by which they were measured."""
    files = released(kind).files
    for name in {"mpdp-k", "dp-kmeans", "idp-kmeans", "other"} - {
        json.loads(files["release.json"])["algorithm"]
    }:
        document = json.loads(files["release.json"]) | {"algorithm": name}
        with pytest.raises(Mismatch):
            check(rehashed({**files, "release.json": as_json(document)}))


@pytest.mark.parametrize(
    "damage",
    [
        lambda rows: rows[1:],
        lambda rows: rows[:1],
        lambda rows: [*rows[:3], rows[3][:-1], *rows[4:]],
        lambda rows: [*rows[:2], [*rows[2][:2], "-1/3", *rows[2][3:]], *rows[3:]],
        lambda rows: [*rows[:2], [*rows[2][:7], "1 2 x"], *rows[3:]],
        lambda rows: [*rows[:4], *rows[5:]],
    ],
    ids=["no header", "no cells", "a short line", "a negative share", "a letter", "a cell less"],
)
def test_measurements_that_cannot_be_read_are_found(damage):
    """As what they are, whatever the hashes say."""
    files = released("grid").files
    data = untabled(damage(table(files["measurements.csv"])))
    with pytest.raises(Mismatch):
        check(rehashed(files, measurements_csv=data))


def test_another_entry_of_the_ledger_is_found():
    """Cohort, request, hash and epsilon must all be the release's."""
    release = released("one")
    entry = {
        "cohort": "ward7",
        "request_hash": "ab" * 32,
        "epsilon": "1/2",
        "release_hash": release.hash,
        "state": "published",
    }
    assert check(release.files, entry)[-1].startswith("The ledger's entry")
    for key in ("cohort", "request_hash", "epsilon", "release_hash"):
        with pytest.raises(Mismatch, match="another release"):
            check(release.files, {**entry, key: "other"})
        with pytest.raises(Mismatch, match="another release"):
            check(release.files, {name: value for name, value in entry.items() if name != key})


@pytest.mark.parametrize("kind", KINDS)
def test_it_agrees_with_the_program_that_wrote_the_release(kind):
    """On every route: one partition or two, a grid, a probe, columns that have no cells."""
    found = check(released(kind).files)
    points = len(table(released(kind).files["coreset.csv"])) - 1
    assert f"The {points} points of coreset.csv follow from measurements.csv." in found


@pytest.mark.parametrize("kind", ["mixed", "grid"])
def test_it_runs_where_nothing_is_installed(kind, tmp_path):
    """Python's isolated mode without site-packages; exit code 1 when a byte is changed."""
    released(kind).save(tmp_path / "out")

    def run(*more):
        words = [sys.executable, "-I", "-S", "verify.py", ".", *more]
        return subprocess.run(
            words, cwd=tmp_path / "out", capture_output=True, text=True, check=False
        )

    answer = run()
    assert answer.returncode == 0, answer.stderr
    assert "The stages cost 1 in all, exactly." in answer.stdout
    assert run("--entry", "nowhere.json").returncode == 2
    page = tmp_path / "out" / "index.html"
    page.write_bytes(page.read_bytes().replace(b"noise", b"Noise"))
    answer = run()
    assert answer.returncode == 1
    assert "index.html" in answer.stderr


@pytest.mark.parametrize(
    ("kind", "draws"), [("mixed", 40), ("grid", 100), ("one", 10), ("many", 2)]
)
def test_both_keep_the_same_cells_and_move_points_alike(kind, draws):
    """Whatever the counts: here about the threshold, up to two deviations on both sides of 0."""
    release = released(kind)
    rng = np.random.default_rng(6)

    def redrawn(stage):
        noise = rng.uniform(-2, 2, stage.values.shape) * stage.noise * 2**20
        return replace(stage, values=noise.astype(np.int64))

    steps = {Step.FIRST, Step.SECOND, Step.GRID, Step.LOCAL}
    for _ in range(draws):
        stages = [redrawn(s) if s.step in steps else s for s in release.measurements.stages]
        drawn = replace(release.measurements, stages=tuple(stages))
        found = coreset(drawn)
        read = read_stages(measurements_table(drawn))
        points = np.array(_coreset(read, release.schema.width))
        assert np.array_equal(points[:, 0], found.cells)
        assert np.allclose(points[:, 1], found.weights, rtol=1e-12)
        assert np.allclose(points[:, 2:], found.points, rtol=0, atol=1e-12)
