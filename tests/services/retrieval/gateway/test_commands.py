# SPDX-License-Identifier: Apache-2.0
"""``pmcb retrieval`` as institutions and workers call it, against real processes."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.services.retrieval.gateway.processes import write_csv, write_schema
from tests.services.retrieval.gateway.ward import ROWS, STORE, brute_force, records

pytestmark = pytest.mark.timeout(300)


def test_without_what_they_need_commands_say_what_to_start(machines, tmp_path):
    """A cloud, keys, a gateway, a store: in the order in which they are missed."""
    schema, table = write_schema(tmp_path / "s.yaml"), write_csv(tmp_path / "r.csv", 3)
    build = ["build", "--schema", schema, "--records", table]
    assert refused(machines, "institution", *build) == (3, "names no cloud")
    assert refused(machines, "worker", "query", "--range", "HR=1:2") == (2, "no query gateway")
    assert refused(machines, "institution", "audit", "verify") == (2, "no store here")
    machines.start_cloud()
    machines.start_gateway()
    assert refused(machines, "worker", "query", "--range", "HR=1:2") == (2, "There is no store")
    for words, message in (
        (["--range", "HR"], "NAME=LOW:HIGH"),
        (["--range", "HR=low:2"], "'HR' is no number"),
        (["--range", "HR=1:2", "--range", "HR=3:4"], "'HR' is named twice"),
        (["--disease", "shock", "--range", "MAP=1:2"], "'MAP' is named twice"),
        (["--disease", "gout"], "no disease 'gout'"),
    ):
        assert refused(machines, "worker", "query", *words) == (2, message)
    (tmp_path / "bad.yaml").write_text("name: x\nattributes: [{name: HR, min: 9, max: 0, step: 1}]")
    bad = ["schema", "check", tmp_path / "bad.yaml"]
    assert refused(machines, "worker", *bad) == (2, "min < max")
    assert refused(machines, "institution", *build, "--store", "A B") == (2, "A store's name")
    (tmp_path / "r.csv").write_text("HR,SBP,Temp,patient\n300,1,36,1\n")
    assert refused(machines, "institution", *build) == (2, "'HR' is outside")


def test_from_records_to_answers_and_an_audit(machines, starters, tmp_path):
    """Built, granted, searched, changed, coloured, analysed, revoked; the trail holds."""
    machines.start_cloud()
    built = machines.build(ROWS)
    assert (built["store"], built["records"]) == (STORE, ROWS)
    machines.start_gateway()
    search = ["query", "--range", "HR=100:", "--range", "SBP=60:120"]
    assert refused(machines, "worker", *search) == (1, "No grant")
    uid = machines.people["worker"].uid
    granted = grant(machines, uid, "--attribute", "HR", "--attribute", "SBP")
    expected = brute_force({"HR": (100, None), "SBP": (60, 120)})
    found = machines.told("worker", *search, "--minimum", ROWS - 50)
    hits = [row for row in found["rows"] if row[found["columns"].index("in_range")]]
    assert [row[0] for row in hits] == expected
    assert len(found["rows"]) == ROWS - 50
    assert "Temp" not in found["columns"]
    assert refused(machines, "worker", "query", "--range", "Temp=38:") == (1, "does not reach")
    assert refused(machines, "worker", "patient", 31) == (1, "ask for a patient")

    table = write_csv(tmp_path / "more.csv", 2)
    assert machines.told("institution", "insert", "--records", table)["ids"] == [ROWS, ROWS + 1]
    assert machines.told("institution", "delete", ROWS)["deleted"] == 1
    assert refused(machines, "institution", "delete", ROWS) == (2, f"no record {ROWS}")
    assert refused(machines, "worker", "delete", 1) == (2, "")
    mine = machines.told("institution", "patient", 0)
    assert [row[0] for row in mine["rows"]] == [0, 1, 2, ROWS + 1]

    sick = sorted({int(p) for p, t in zip(*_columns("patient", "Temp"), strict=True) if t > 40})
    ill = tmp_path / "ill.txt"
    ill.write_text("\n".join(map(str, sick)))
    coloured = machines.told("institution", "colour", "fever", "--patients", ill)
    assert coloured["patients"] == len(sick)
    inside = machines.told("institution", "analyse", "--range", "Temp=40.05:", "--colour", "fever")
    assert inside["coloured_inside"] == inside["inside"] == len(sick)
    picture = tmp_path / "fever.svg"
    made = machines.told("institution", "profile", "--colour", "fever", "--picture", picture)
    assert made["findings"][0]["attribute"] == "Temp"
    assert ET.parse(picture).getroot().tag.endswith("svg")

    status = machines.told("institution", "status")
    assert (status["live"], status["colours"], status["dataset"]) == (
        ROWS + 1,
        ["fever"],
        built["dataset"],
    )
    assert "live" not in machines.told("worker", "status")
    assert machines.told("worker", "leakage")["mode"] == "oblivious, doubling"
    machines.told("institution", "revoke", granted["grant"])
    assert refused(machines, "worker", *search) == (1, "No grant")

    verified = machines.told("institution", "audit", "verify")["stores"]
    lines = machines.told("institution", "audit", "show")["stores"][STORE]
    assert verified == {STORE: len(lines)}
    asked = [line["asked"] for line in lines if line["event"] == "query" and line["asked"]]
    assert asked[0]["ranges"] == {"HR": [100, None], "SBP": [60, 120]}
    shown = machines.people_read("institution", "audit", "verify")
    assert "as the ledger was told" in shown
    check = ["schema", "check", machines.home / "schema.yaml"]
    for words in (["status"], ["leakage"], ["audit", "show"], check):
        assert machines.people_read("institution", *words)
    shown = machines.told("worker", "schema", "show")
    assert shown == machines.told("institution", *check)
    shown = machines.people_read("institution", *search)
    assert f"{len(expected)} hits" in shown
    clean(starters[2])


def test_keys_are_shared_with_an_institution(machines, tmp_path):
    """Not with a worker; the file is taken with its stores, and again without harm."""
    letter = tmp_path / "keys.json"
    share = ["share-keys", machines.people["institution"].uid, "--out", letter]
    assert refused(machines, "institution", *share) == (1, "cannot be read")
    machines.start_cloud()
    machines.build(5)
    to_worker = ["share-keys", machines.people["worker"].uid, "--out", letter]
    assert refused(machines, "institution", *to_worker) == (1, "is no institution")
    assert not letter.exists()
    assert machines.told("institution", *share)["to"] == machines.people["institution"].uid
    assert letter.stat().st_mode & 0o777 == 0o600
    take = ["gateway", "import-keys", letter]
    assert machines.told("institution", *take) == {"stores": [STORE]}
    assert f"these stores: {STORE}" in machines.people_read("institution", *take)
    letter.write_text("{}")
    assert refused(machines, "institution", *take) == (2, "no shared keys")


def grant(machines, uid, *options):
    """To the worker, for the store."""
    return machines.told("institution", "grant", uid, "--store", STORE, *options)


def refused(machines, label, *words):
    """How a command ends that is refused, and what of its message was expected."""
    done = machines.run(label, *words)
    assert done.exit_code
    for known in MESSAGES:
        if known in done.stdout:
            return done.exit_code, known
    return done.exit_code, ""


MESSAGES = [
    "names no cloud",
    "no query gateway",
    "no store here",
    "There is no store",
    "NAME=LOW:HIGH",
    "'HR' is no number",
    "'HR' is named twice",
    "'MAP' is named twice",
    "no disease 'gout'",
    "min < max",
    "A store's name",
    "'HR' is outside",
    "No grant",
    "does not reach",
    "ask for a patient",
    "cannot be read",
    "is no institution",
    "no shared keys",
    f"no record {ROWS}",
]


def clean(log: Path):
    """What cloud and gateway logged names neither ranges, nor values, nor patients, nor colours."""
    text = log.read_text()
    for secret in ("HR", "SBP", "fever", "patient", "ranges", "records.csv"):
        assert secret not in text


def _columns(*names):
    signs, carried = records()
    return [{**signs, **carried}[name].tolist() for name in names]
