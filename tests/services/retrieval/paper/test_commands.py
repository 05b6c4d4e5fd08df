# SPDX-License-Identifier: Apache-2.0
"""``pmcb retrieval paper`` and ``attack``: refused unless acknowledged, labelled, exact."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from tests.services.retrieval.gateway.processes import write_csv, write_schema
from tests.services.retrieval.gateway.ward import ROWS, brute_force

from pmcb_client.cli import make_root
from pmcb_services.retrieval import vitals
from pmcb_services.retrieval.paper import LABEL


@pytest.fixture
def ward(tmp_path):
    """Options that name a schema and its records."""
    schema, table = write_schema(tmp_path / "s.yaml"), write_csv(tmp_path / "r.csv", ROWS)
    return ["--schema", schema, "--records", table]


@pytest.fixture
def pmcb(tmp_path):
    """Calls a command; its result. There is no network."""

    def call(*words, people=False):
        start = ["--home", str(tmp_path / "home"), *([] if people else ["--json"]), "retrieval"]
        done = CliRunner().invoke(make_root(), [*start, *map(str, words)], prog_name="pmcb")
        assert "Traceback" not in done.output
        return done

    return call


def told(done):
    """What a command that is done tells."""
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout.splitlines()[-1])


def refused(done, message):
    """It is bad input, and says so."""
    assert done.exit_code == 2, done.output
    assert message in done.stdout


def test_without_insecure_nothing_is_built_or_opened(pmcb, ward, tmp_path):
    """The error names the option and what to use instead."""
    out = tmp_path / "store"
    done = pmcb("paper", "build", *ward, "--out", out)
    refused(done, "broken scheme")
    assert "--insecure" in done.stdout
    assert "oblivious" in done.stdout
    assert not out.exists()
    told(pmcb("paper", "build", *ward, "--out", out, "--insecure"))
    refused(pmcb("paper", "query", "--store", out, "--range", "HR=1:2"), "broken scheme")


def test_what_does_not_fit_is_refused(pmcb, ward, tmp_path):
    """A folder twice, no folder, no range, an attribute that is none."""
    out = tmp_path / "store"
    build = ["paper", "build", *ward, "--out", out, "--insecure"]
    told(pmcb(*build))
    done = pmcb(*build)
    assert (done.exit_code, "already" in done.stdout) == (1, True)
    query = ["paper", "query", "--insecure", "--store"]
    refused(pmcb(*query, tmp_path / "absent", "--range", "HR=1:2"), "no store")
    refused(pmcb(*query, out), "no range")
    refused(pmcb(*query, out, "--range", "Age=1:2"), "'Age'")


def test_a_store_is_built_and_searched(pmcb, ward, tmp_path):
    """As plain comparison says; the label stands in both, for people and for programs."""
    out = tmp_path / "store"
    built = told(pmcb("paper", "build", *ward, "--out", out, "--insecure"))
    assert (built["label"], built["records"], built["store"]) == (LABEL, ROWS, str(out))
    search = ["paper", "query", "--store", out, "--insecure", "--range", "HR=100:"]
    search += ["--range", "SBP=60:120", "--minimum", ROWS]
    found = told(pmcb(*search))
    inside = found["columns"].index("in_range")
    hits = [row[0] for row in found["rows"] if row[inside]]
    assert hits == brute_force({"HR": (100, None), "SBP": (60, 120)})
    assert (found["label"], len(found["rows"])) == (LABEL, ROWS)
    shown = pmcb(*search, people=True)
    assert LABEL in shown.stdout
    assert f"{len(hits)} hits" in shown.stdout


def test_an_attack_needs_records_and_schema_together(pmcb, ward, tmp_path):
    """One alone says nothing; too few known values are named."""
    refused(pmcb("attack", "linear", *ward[:2]), "neither")
    refused(pmcb("attack", "linear", *ward[2:]), "neither")
    refused(pmcb("attack", "linear", *ward, "--known", ROWS), "some must be left")
    refused(pmcb("attack", "query", *ward, "--known", 2), "'HR'")
    assert pmcb("attack", "guess").exit_code == 2


@pytest.mark.parametrize("name", ["linear", "projective", "query", "order"])
def test_an_attack_on_given_records(pmcb, ward, name):
    """It tells what was known and what was read, to programs and to people."""
    found = told(pmcb("attack", name, *ward))
    assert (found["attack"], found["source"], found["label"]) == (name, "r.csv", LABEL)
    assert found["records"] == ROWS // 2
    if name != "order":
        assert found["rate"] == 1.0
    shown = pmcb("attack", name, *ward, people=True).stdout
    assert f"Of {ROWS // 2} records (r.csv)" in shown
    assert "HR" in shown


def test_without_records_vital_signs_are_attacked(pmcb, monkeypatch):
    """Those at hand, or a stand-in, which the answer names and a sentence beside it tells."""
    few, load = vitals.load(3000), vitals.load
    monkeypatch.setattr(vitals, "load", lambda _: load(3000))
    done = pmcb("attack", "projective", "--known", 30)
    found = told(done)
    assert (found["known"], found["source"], found["rate"]) == (30, few.source, 1.0)
    assert list(found["read"]) == ["HR", "SBP", "DBP", "Temp", "Glucose"]
    assert found["records"] < 3000
    assert np.isfinite(found["ms"])
    said = "STAND-IN: the vitals are not at hand; made-up ones take their place.\n"
    assert done.stderr == (said if few.source == vitals.STAND_IN else "")
