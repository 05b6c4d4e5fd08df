# SPDX-License-Identifier: Apache-2.0
"""From a table to a release that an analyst keeps, through the real application and ledger."""

import json
from fractions import Fraction

import pytest

from pmcb_services.publishing import Release

pytestmark = pytest.mark.anyio


async def test_a_release_is_bought_read_and_proved(house, tmp_path):
    """The analyst gets files and clusters; the ledger has their hash and cost."""
    cohort = await house.cohort("2")
    name = await house.dataset(cohort)
    shown = await house.done(house.analyst, "GET", f"/datasets/{name}")
    (version,) = shown["versions"]
    assert (version["number"], version["epsilon"]) == (1, "1/50")
    assert version["persons"]["low"] < 2000 < version["persons"]["high"]
    answered = await house.ask(name, "0.5", k=2, rows=True)
    assert answered.status_code == 202
    place = answered.headers["Location"]
    assert place == f"/v1/releases/{answered.json()['id']}"
    released = await house.settled(answered)
    assert (released["state"], released["epsilon"], released["k"]) == ("published", "1/2", 2)
    path = place.removeprefix("/v1")
    archive = (await house.call(house.analyst, "GET", f"{path}/files/release.zip")).content
    (tmp_path / "kept.zip").write_bytes(archive)
    release = Release.open(tmp_path / "kept.zip")
    assert release.hash == released["release_hash"]
    assert set(released["files"]) == {*release.files, "release.zip"}
    receipt = json.loads(release.files["receipt.json"])
    assert (receipt["cohort"], receipt["ledger"]) == (cohort, "embedded")
    assert receipt["transaction_id"] == released["transaction_id"]
    entry = await house.analyst.ask("get_release", cohort, released["id"])
    assert (entry["epsilon"], entry["release_hash"]) == ("1/2", release.hash)
    csv = await house.call(house.analyst, "GET", f"{path}/files/rows.csv")
    assert csv.content == release.files["rows.csv"]
    assert csv.headers["content-type"].startswith("text/csv")
    clusters = (await house.done(house.analyst, "GET", f"{path}/clusters?k=2"))["clusters"]
    ages = sorted(each["centre"]["age"] for each in clusters)
    assert abs(ages[0] - 30) < 3
    assert abs(ages[1] - 70) < 3
    medoids = (await house.done(house.analyst, "GET", f"{path}/medoids?k=3"))["medoids"]
    assert len(medoids) == 3
    scores = (await house.done(house.analyst, "GET", f"{path}/scores"))["scores"]
    assert [each["k"] for each in scores] == list(range(2, 11))
    assert await house.budget(cohort) == ("13/25", "37/25")
    left = await house.done(house.analyst, "GET", f"/cohorts/{cohort}?epsilon=0.5")
    assert left["queries_left"] == Fraction(37, 25) // Fraction(1, 2)


@pytest.mark.parametrize("algorithm", ["dp-kmeans", "idp-kmeans"])
async def test_a_baseline_is_bought_by_name(house, tmp_path, algorithm):
    """Its release tells by which it was made; no other release stands in for it, nor it for one."""
    name = await house.dataset(await house.cohort("2"))
    released = await house.settled(await house.ask(name, "0.5", k=2, algorithm=algorithm))
    assert (released["state"], released["algorithm"]) == ("published", algorithm)
    path = f"/releases/{released['id']}/files/release.zip"
    (tmp_path / "kept.zip").write_bytes((await house.call(house.analyst, "GET", path)).content)
    release = Release.open(tmp_path / "kept.zip")
    assert json.loads(release.files["release.json"])["algorithm"] == algorithm
    assert release.measurements.epsilon == Fraction(1, 2)
    again = await house.settled(await house.ask(name, "0.5", k=2))
    assert (again["algorithm"], again["id"] == released["id"]) == ("mpdp-k", False)
