# SPDX-License-Identifier: Apache-2.0
"""``pmcb publishing``: what needs no service, as its users call it."""

import json
import re

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from tests.services.publishing.releases import released

from pmcb_client.cli import make_root
from pmcb_services.publishing import Release, zipped
from pmcb_services.publishing.datasets import make_clinic

FIELDS = """\
- {name: age, unit: years, min: 18, max: 80}
- {name: weight, unit: kg, min: 30, max: 200}
- {name: systolic, unit: mmHg, min: 60, max: 240}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A table of 2,000 patients, its fields, and a release that was made before."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "fields.yaml").write_text(FIELDS)
    clinic = make_clinic(2000)
    names = [column.name for column in clinic.schema.columns]
    lines = [",".join(names), *(",".join(map(str, row)) for row in clinic.rows.tolist())]
    (folder / "table.csv").write_text("\n".join(lines))
    released("mixed").save(folder / "mixed")
    released("grid").save(folder / "grid")
    return folder


@pytest.fixture
def pmcb(place, monkeypatch, tmp_path):
    monkeypatch.chdir(place)

    def run(*words):
        given = ["--home", str(tmp_path), "publishing", *map(str, words)]
        return CliRunner().invoke(make_root(), given)

    return run


@pytest.fixture
def fit(pmcb, tmp_path):
    """A fit into a new folder; later options replace earlier ones."""

    def run(*words):
        usual = ["--fields", "fields.yaml", "--epsilon", "1", "--out", tmp_path / "out"]
        kept = ["--budget", tmp_path / "budget.json", "--total", "2"]
        return pmcb("fit", "table.csv", *usual, *kept, *words)

    return run


def spent(tmp_path):
    document = json.loads((tmp_path / "budget.json").read_bytes())
    return [entry["epsilon"] for entry in document["spent"]]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--epsilon", "-1"], 2, "greater than 0|decimal"),
        (["--epsilon", "2000"], 2, "at most 1000"),
        (["--k", "65"], 2, "1<=x<=64"),
        (["--algorithm", "k-means"], 2, "there are mpdp-k, dp-kmeans, idp-kmeans"),
        (["--algorithm", "dp-kmeans"], 2, "needs a number of clusters"),
        (["--algorithm", "idp-kmeans", "--k", "2", "--rows"], 2, "no synthetic rows"),
        (["--algorithm", "mpdp-k-medoids", "--k", "2"], 1, "not differentially private"),
        (["--fields", "table.csv"], 2, "table.csv"),
        (["--weigh", "row"], 2, "cap"),
        (["--subject", "nobody"], 2, "'nobody'"),
        (["--total", "many"], 2, "Epsilon"),
        (["--out", "mixed"], 2, "new folder"),
        (["--out", "nowhere/out"], 2, "new folder"),
        (["--budget", "fields.yaml"], 2, "no budget"),
        (["--epsilon", "5"], 1, "has 2 left"),
    ],
)
def test_a_fit_that_cannot_be_is_refused_before_anything_is_spent(fit, tmp_path, words, code, said):
    """With the exit code of its kind, and no folder."""
    done = fit(*words)
    assert done.exit_code == code
    assert re.search(said, done.output)
    assert "Traceback" not in done.output
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "budget.json").exists() or spent(tmp_path) == []


def test_too_few_persons_cost_only_their_count(fit, tmp_path):
    """The refusal names an epsilon that would do."""
    done = fit("--epsilon", "0.001")
    assert done.exit_code == 1
    assert "too small" in done.output
    assert spent(tmp_path) == ["1/4000"]  # a quarter: the most that counting persons may cost


def test_a_fit_writes_a_release_and_spends(fit, pmcb, tmp_path):
    """The folder opens, names the budget file, and the next fit finds less left."""
    done = fit("--k", "3", "--rows")
    assert done.exit_code == 0, done.output
    assert "1 is left" in done.output
    release = Release.open(tmp_path / "out")
    assert release.n_clusters == 3
    assert release.origin.ledger == "budget-file"
    assert spent(tmp_path) == ["1"]
    assert json.loads((tmp_path / "budget.json").read_bytes())["spent"][0]["request_hash"] == (
        release.origin.request_hash
    )
    assert fit("--epsilon", "3/2", "--out", tmp_path / "two").exit_code == 1
    assert pmcb("verify", tmp_path / "out").exit_code == 0


def test_units_of_the_fields_are_told(fit, tmp_path):
    """Where centres are told for reading, and in the schema that the release carries."""
    shown = fit("--k", 3)
    assert re.search(r"^age \[years\] .*\nweight \[kg\] ", shown.output, re.MULTILINE)
    page = (tmp_path / "out" / "index.html").read_text()
    assert "<th>systolic [mmHg]</th>" in page
    columns = json.loads((tmp_path / "out" / "release.json").read_bytes())["schema"]["columns"]
    assert [column["unit"] for column in columns] == ["years", "kg", "mmHg"]


@pytest.mark.parametrize("algorithm", ["dp-kmeans", "idp-kmeans"])
def test_a_baseline_is_released_in_the_same_way(fit, pmcb, tmp_path, algorithm):
    """By name; its folder opens, shows its clusters and is verified."""
    done = fit("--algorithm", algorithm, "--k", "3")
    assert done.exit_code == 0, done.output
    document = json.loads(pmcb("show", tmp_path / "out", "--json").output)
    assert (document["algorithm"], len(document["clusters"])) == (algorithm, 3)
    assert any("to compare mpdp-k with" in limit for limit in document["limits"])
    assert "3 points of coreset.csv" in pmcb("verify", tmp_path / "out").output
    assert spent(tmp_path) == ["1"]


def test_a_large_epsilon_is_warned_of(fit):
    """In a sentence, not with a file and line."""
    done = fit("--epsilon", "12", "--total", "20", "--json")
    assert done.stderr.count("Warning: ") >= 1
    assert ".py" not in done.stderr
    assert json.loads(done.stdout)["left"] == "8"


@pytest.mark.parametrize("command", ["show", "clusters", "medoids", "scores", "rows", "verify"])
def test_what_is_no_release_is_refused(pmcb, place, command):
    """A changed file is named, exit 1; a folder that is none, exit 1; nothing there, exit 2."""
    more = ["--k", "2"] if command in {"clusters", "medoids"} else []
    files = {**released("grid").files, "README.txt": b"changed"}
    (place / "bad.zip").write_bytes(zipped(files))
    done = pmcb(command, "bad.zip", *more)
    assert done.exit_code == 1
    assert "README.txt is not what was published" in done.output
    assert pmcb(command, ".", *more).exit_code == 1
    assert pmcb(command, "nowhere", *more).exit_code == 2


def test_show_says_what_it_cost_and_what_is_not_promised(pmcb):
    """For people and for programs."""
    done = pmcb("show", "mixed")
    assert done.exit_code == 0, done.output
    size = released("mixed").size
    assert size.low <= 3000 <= size.high
    assert f"About {round(size.persons):,} persons ({round(size.low):,} to" in done.output
    assert "Adding or removing one person" in done.output
    document = json.loads(pmcb("show", "mixed", "--json").output)
    assert document["release_hash"] == released("mixed").hash
    assert document["epsilon"] == "1"


def test_any_number_of_clusters_follows(pmcb):
    """Their centres are in the columns' units; medoids are values a record can have."""
    document = json.loads(pmcb("clusters", "mixed", "--k", "5", "--json").output)
    assert len(document["clusters"]) == 5
    assert document["unit"] == "persons"
    means = sorted(
        (cluster["centre"]["age"], cluster["centre"]["pain"])
        for cluster in json.loads(pmcb("clusters", "mixed", "--k", "3", "--json").output)[
            "clusters"
        ]
    )
    assert [pain for _, pain in means] == ["none", "some", "much"]
    assert all(abs(age - true) < 2 for (age, _), true in zip(means, (40, 55, 70), strict=True))
    medoids = json.loads(pmcb("medoids", "mixed", "--k", "3", "--json").output)["clusters"]
    assert all(type(medoid["centre"]["age"]) is int for medoid in medoids)
    assert all(set(medoid["shares"]["sex"].values()) == {0.0, 1.0} for medoid in medoids)
    assert "higher pain, much" in pmcb("clusters", "mixed", "--k", "3").output


def test_scores_compare_numbers_of_clusters(pmcb):
    """Three groups were made, and three fit best, as far as the coreset's points can tell."""
    document = json.loads(pmcb("scores", "grid", "--json").output)
    assert [score["k"] for score in document["scores"]] == list(range(2, 11))
    told = [score for score in document["scores"] if score["k"] ** 2 <= document["points"]]
    best = max(told, key=lambda score: score["calinski_harabasz"])
    assert best["k"] == released("grid").n_clusters == 3
    document = json.loads(pmcb("scores", "grid", "--k", "1", "--json").output)
    assert document["scores"][0]["calinski_harabasz"] is None


def test_rows_are_shown_and_written(pmcb, tmp_path):
    """As CSV and as Parquet; a release without rows says so."""
    assert "none is anybody's" in pmcb("rows", "mixed").output
    for name in ("rows.csv", "rows.parquet"):
        done = pmcb("rows", "mixed", "--out", tmp_path / name)
        assert done.exit_code == 0, done.output
    assert (tmp_path / "rows.csv").read_bytes() == released("mixed").files["rows.csv"]
    table = pq.read_table(tmp_path / "rows.parquet")
    assert table.column_names == ["age", "sex", "pain", "crp, mg/l"]
    assert table.num_rows == len(released("mixed").rows())
    assert pmcb("rows", "grid").exit_code == 2
    assert pmcb("rows", "mixed", "--out", tmp_path / "no" / "rows.csv").exit_code == 2


def test_verify_says_what_holds(pmcb, tmp_path):
    """And compares the ledger's entry where one is given."""
    assert "follow from measurements.csv" in pmcb("verify", "grid").output
    (tmp_path / "entry.json").write_text('{"cohort": "other"}')
    done = pmcb("verify", "grid", "--entry", tmp_path / "entry.json")
    assert done.exit_code == 1
    assert "release.json is not what was published" in done.output
    (tmp_path / "entry.json").write_text("[1]")
    assert pmcb("verify", "grid", "--entry", tmp_path / "entry.json").exit_code == 2


def test_dataset_check_finds_decimal_commas(pmcb, place):
    """The banner stands above: what it counts is exact."""
    (place / "commas.csv").write_text('age,weight,systolic\n40,"80,5",\n41,"70,5",999\n')
    done = pmcb("dataset", "check", "commas.csv", "--fields", "fields.yaml")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("INTERNAL")
    document = json.loads(
        pmcb("dataset", "check", "commas.csv", "--fields", "fields.yaml", "--json").output
    )
    assert document["internal"] is True
    assert document["columns"] == [
        {"name": "age", "missing": 0, "clipped": 0, "unknown": 0},
        {"name": "weight", "missing": 0, "clipped": 0, "unknown": 2},
        {"name": "systolic", "missing": 1, "clipped": 1, "unknown": 0},
    ]


def test_evaluate_compares_with_the_table_itself(fit, pmcb, tmp_path):
    """Its banner says that the figures are exact; the release costs little more than k-means."""
    assert fit("--k", "3").exit_code == 0
    done = pmcb("evaluate", tmp_path / "out", "table.csv", "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.output)
    assert document["internal"] is True
    assert document["banner"].startswith("INTERNAL")
    assert 1 <= document["cost_ratio"] < 1.5
    assert pmcb("evaluate", "grid", "table.csv").exit_code == 2


def test_no_error_shows_a_cell(pmcb, place, tmp_path):
    """A table full of nonsense gives a fit, or an error about columns; never one about cells."""
    (place / "odd.csv").write_text("age,weight,systolic\n1234567890123456,x7777777777777777,\n\x00")
    usual = ["--fields", "fields.yaml", "--epsilon", "1", "--out", tmp_path / "out"]
    kept = ["--budget", tmp_path / "budget.json", "--total", "2", "--debug"]
    done = pmcb("fit", "odd.csv", *usual, *kept)
    assert done.exit_code in {0, 1}  # as the noise falls: too few persons, or not
    assert not re.search(r"\d{16}", done.output)
