# SPDX-License-Identifier: Apache-2.0
"""``organisation.toml`` is read whole, or refused with the key that is wrong."""

from pathlib import Path

import pytest

from pmcb_apps.organisation._plan import Plan
from pmcb_apps.organisation._units import example
from pmcb_apps.organisation.errors import PlanError


@pytest.fixture
def load(tmp_path: Path):
    """Reads a text as the file."""

    def loaded(text: str) -> Plan:
        path = tmp_path / "organisation.toml"
        path.write_text(text)
        return Plan.load(path)

    return loaded


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "services: Services are tables"),
        ("[services]", "services: No service is named."),
        ("services = 3", "services: Services are tables"),
        ("service = 3", "service: There is no such key."),
        ("[services.content", "organisation.toml is no TOML"),
        ("organisation = 3\n[services.content]", "organisation: An MSP id is a text."),
        ("[services]\ncontent = 3", "services.content: A service is a table."),
        ("[services.other]", "services.other: There is no such kind."),
        ("[services.Content]\nkind = 'content'", "services.Content: A name is"),
        ("[services.content]\nas = 3", "services.content.as: A label"),
        ("[services.content]\nquota = 3", "services.content.quota: `pmcb content serve` has no"),
        ("[services.content]\nhome = '/'", "services.content.home: `pmcb content serve` has no"),
        ("[services.content]\nquota_mib = 0", "services.content: Invalid value for '--quota-mib'"),
        ("[services.content]\nquota_mib = [1, 2]", "quota_mib: This takes one value."),
        ("[services.content]\nquota_mib = true", "quota_mib: This is a text or a number."),
        ("[services.content]\ntls_cert = 'x.pem'", "File '"),
        ("network = 3\n[services.content]", "network: This is a table."),
        ("[network]\nembedded = 1\n[services.content]", "embedded: This is true or false."),
        ("[network]\npreset = 'x'\n[services.content]", "network: Invalid value for '--preset'"),
    ],
)
def test_a_wrong_file_is_refused_with_its_key(load, text: str, said: str):
    """Before anything starts."""
    with pytest.raises(PlanError) as refused:
        load(text)
    assert said in str(refused.value)
    assert refused.value.exit_code == 2


def test_a_missing_file_is_refused_with_an_example(tmp_path: Path):
    """Nobody has to guess what belongs into it."""
    with pytest.raises(PlanError) as refused:
        Plan.load(tmp_path / "organisation.toml")
    assert "--print example" in refused.value.next_step


def test_the_example_can_be_started(load):
    """What is needed by others comes first, and the network with its options."""
    plan = load(example())
    names = [service.name for service in plan.services]
    assert plan.network == ("--embedded",)
    assert names.index("cloud") < names.index("query-gateway") < names.index("intake")
    gateway = next(each for each in plan.services if each.name == "query-gateway")
    assert [each.name for each in plan.needed_by(gateway)] == ["cloud"]


def test_options_are_those_of_the_command_and_paths_lie_beside_the_file(load, tmp_path: Path):
    """A repeated option is a list, a flag is true or false, a kind may stand twice."""
    (tmp_path / "tables").mkdir()
    plan = load(
        "[services.a]\nkind = 'publishing'\nas = 'records'\ntables = ['tables', 'tables']\n"
        "[services.b]\nkind = 'releaser'\nallow_small = true\n"
        "[services.c]\nkind = 'releaser'\nallow-small = false\n"
    )
    assert plan.network is None
    a, b, c = plan.services
    folder = str(tmp_path / "tables")
    assert a.options == ("--tables", folder, "--tables", folder)
    words = ["--json", "--as", "records", "publishing", "serve", *a.options]
    assert a.words() == words
    assert a.words(port=7000) == [*words, "--port", "7000"]
    assert (b.options, b.label, b.words(port=7000)[-1]) == (
        ("--allow-small",),
        "releaser",
        "--allow-small",
    )
    assert c.options == ()
    assert plan.needed_by(b) == ()


def test_a_chosen_port_is_left_alone(load):
    """Only a port that may be chosen is asked for again."""
    (service,) = load("[services.content]\nport = 7001\n").services
    assert service.words(port=7000)[-2:] == ["--port", "7001"]
