# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.client.tasks.office import Office
from tests.embedded import patient_network
from tests.scenarios.world import World

TASK = """\
title: Home blood-pressure study
questions:
  - {id: bp, ask: "Systolic and diastolic, seated, 08:00", fields: [systolic, diastolic], sensitivity: 3}
  - {id: hr, ask: Resting heart rate, fields: [heart_rate], sensitivity: 1, shared: true}
  - {id: meds, ask: "Antihypertensive taken today?", fields: [taken], sensitivity: 5, secret: protocol B}
fields: fields.yaml
apart: [[bp, meds]]
plausible: [[diastolic, systolic], [heart_rate, systolic]]
notice: notice.md
receivers: 9
reward: 0
accept_for: 2d
submit_for: 7d
verifiers: [HospitalBMSP/verifier1]
institution: HospitalBMSP/records
results_to: institution
"""  # noqa: E501 - as users write it
FIELDS = """\
- {name: systolic, unit: mmHg, min: 60, max: 260, step: 1}
- {name: diastolic, unit: mmHg, min: 30, max: 160}
- {name: heart_rate, unit: 1/min, min: 30, max: 220}
- {name: taken, values: ["no", "yes"], ordered: false}
"""


@pytest.fixture
def task_path(tmp_path):
    """A task file with the files that it names."""
    (tmp_path / "fields.yaml").write_text(FIELDS)
    (tmp_path / "notice.md").write_text("We measure blood pressure. Two persons read it.\n")
    path = tmp_path / "study.yaml"
    path.write_text(TASK)
    return path


@pytest.fixture(scope="session")
def ground(tmp_path_factory):
    """Where the network keeps its ledger."""
    return tmp_path_factory.mktemp("network")


@pytest.fixture(scope="session")
def place(ground):
    """A ledger of this folder's own: the agent reads it from its beginning."""
    with patient_network(ground) as (made, _):
        yield made


@pytest.fixture
async def office(place, tmp_path):
    """A releaser with a home and a content store; nothing is published yet."""
    async with World(place) as world:
        yield await Office.of(world, tmp_path)
