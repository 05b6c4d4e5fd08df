# SPDX-License-Identifier: Apache-2.0
"""``pmcb fog plan``, ``check``, ``front``, ``simulate``, ``import-hcsp``: bad input, then good."""

import csv
import json

import pytest
from click.testing import CliRunner

from pmcb_client.cli import make_root
from pmcb_services.fog.sim import Draw, PowerState, integral

WARD = {
    "schema": "pmcb-fog/1",
    "servers": [{"id": "a", "speed": 800}, {"id": "b", "speed": 1500}],
    "orders": [{"id": f"o{k}", "length": 1000 + 700 * k} for k in range(12)],
}


@pytest.fixture
def ward(tmp_path):
    """A scenario's file."""
    path = tmp_path / "ward.json"
    path.write_text(json.dumps(WARD))
    return path


@pytest.fixture
def fog(tmp_path):
    """Calls a command; its result. There is no network."""

    def call(*words, people=False):
        start = ["--home", str(tmp_path / "home"), *([] if people else ["--json"]), "fog"]
        done = CliRunner().invoke(make_root(), [*start, *map(str, words)], prog_name="pmcb")
        assert "Traceback" not in done.output
        return done

    return call


def told(done):
    """What a command that is done tells."""
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("plan", "--algorithm", "luck"), "INVALID_INPUT"),
        (("plan", "--time", "0"), "INVALID_INPUT"),
        (("plan", "--effort", "-1"), "BadParameter"),
        (("plan", "--out", "/nowhere/plan.json"), "InputError"),
        (("front", "--points", "1"), "BadParameter"),
        (("simulate", "--policy", "luck"), "BadParameter"),
    ],
)
def test_an_option_out_of_range_is_bad_input(fog, ward, words, error):
    """Exit code 2, with the error's name."""
    done = fog(*words, ward)
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"] == error


@pytest.mark.parametrize("command", ["plan", "front", "simulate"])
def test_a_malformed_scenario_is_pointed_at(fog, ward, command):
    """In words that name the place, with what to do."""
    ward.write_text(json.dumps({**WARD, "servers": [{"id": "a", "speed": 0}]}))
    done = fog(command, ward, people=True)
    assert done.exit_code == 2
    assert "/servers/0/speed" in done.stderr
    assert "docs/fog.md" in done.stderr


def test_an_order_that_no_server_can_run_is_bad_input(fog, ward):
    """It is named."""
    ward.write_text(json.dumps({**WARD, "servers": [{"id": "a", "speed": 1, "kinds": ["scan"]}]}))
    done = fog("plan", ward)
    assert done.exit_code == 2
    assert "o0" in json.loads(done.stdout)["message"]


@pytest.mark.parametrize("change", ["cost", "assignment", "text"])
def test_a_plan_that_was_touched_is_not_accepted(fog, ward, tmp_path, change):
    """Exit code 1: it is not what it says it is."""
    path = tmp_path / "plan.json"
    plan = told(fog("plan", ward, "--out", path))
    if change == "cost":
        plan["cost"] *= 0.99
    elif change == "assignment":
        order, server = next(iter(plan["assignment"].items()))
        plan["assignment"][order] = "a" if server == "b" else "b"
    path.write_text("no plan" if change == "text" else json.dumps(plan))
    done = fog("check", ward, path)
    assert done.exit_code == 1
    assert json.loads(done.stdout)["error"] == "CERTIFICATE_REJECTED"


def test_a_plan_is_written_and_accepted(fog, ward, tmp_path):
    """The same effort, the same plan; people read what it costs."""
    path = tmp_path / "plan.json"
    plan = told(fog("plan", ward, "--out", path, "--seed", "3"))
    assert json.loads(path.read_text()) == plan == told(fog("plan", ward, "--seed", "3"))
    assert told(fog("check", ward, path)) == {"accepted": True}
    shown = fog("plan", ward, people=True).stdout
    assert shown.startswith("12 orders on 2 servers: ")
    assert "too dear" in shown


def test_a_front_trades_energy_for_time(fog, ward, tmp_path):
    """From the thriftiest plan to the quickest, each with a certificate that holds."""
    ward.write_text(json.dumps({**WARD, "model": {"idle": 0.1}}))
    found = told(fog("front", ward, "--points", "6", "--effort", "3000"))
    energies = [plan["energy"] for plan in found["plans"]]
    makespans = [plan["makespan"] for plan in found["plans"]]
    assert len(energies) > 2
    assert energies == sorted(energies)
    assert makespans == sorted(makespans, reverse=True)
    assert "makespan [s]" in fog("front", ward, "--effort", "3000", people=True).stdout


def test_a_simulation_leaves_three_files(fog, ward, tmp_path):
    """The integral of power.csv is the energy that is told."""
    summary = told(fog("simulate", ward, "--policy", "mct", "--out", tmp_path / "run"))
    assert json.loads((tmp_path / "run/summary.json").read_text()) == summary
    assert summary["done"] == 12
    events = (tmp_path / "run/events.jsonl").read_text().splitlines()
    assert [json.loads(line)["seq"] for line in events] == [*range(1, len(events) + 1)]
    with (tmp_path / "run/power.csv").open() as file:
        rows = [*csv.DictReader(file)]
    steps = [
        Draw(float(r["time"]), r["server"], PowerState(r["state"]), float(r["watts"])) for r in rows
    ]
    assert integral(steps) == pytest.approx(summary["energy"], rel=1e-6)
    assert "ran again" in fog("simulate", ward, people=True).stdout


def test_a_published_instance_becomes_a_scenario(fog, tmp_path):
    """Of makespan alone; a file that is cut off does not."""
    path, scenario = tmp_path / "tiny.0", tmp_path / "tiny.json"
    path.write_text("2 2 0 1 3 3 1")
    assert told(fog("import-hcsp", path, "--out", scenario))["orders"] == 2
    plan = told(fog("plan", scenario))
    assert (plan["makespan"], plan["energy"], plan["cost"]) == (1, 0, 1)
    path.write_text("2 2 0\n1 3 3")
    done = fog("import-hcsp", path, "--out", scenario)
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"] == "HCSP_ERROR"
