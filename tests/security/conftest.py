# SPDX-License-Identifier: Apache-2.0
"""An organisation's services as `pmcb up` runs them, and people who call them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from pmcb_apps.organisation._control import Control
from pmcb_apps.organisation._plan import Plan
from pmcb_client.cli import make_root
from pmcb_client.wallet import Wallet, WalletIdentity

PLAN = """
organisation = "HospitalBMSP"
[network]
embedded = true
[services.content]
[services.cloud]
[services.query-gateway]
[services.publishing]
[services.intake]
fields = "fields.yaml"
"""
FIELDS = "- {name: systolic, unit: mmHg, min: 60, max: 260, step: 1}\n"
ROLES = ("institution", "worker", "receiver", "analyst")


@dataclass(frozen=True)
class Site:
    """Running services by name, and one identity of each role."""

    urls: dict[str, str]
    people: dict[str, WalletIdentity]
    logs: Path


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """All services, with nothing in them yet."""
    folder = tmp_path_factory.mktemp("site")
    home = folder / "home"
    (folder / "fields.yaml").write_text(FIELDS)
    (folder / "organisation.toml").write_text(PLAN)
    control = Control(home)
    try:
        control.up(Plan.load(folder / "organisation.toml"), within_s=100, say=lambda _: None)
        for role in ROLES:
            typed(home, "id", "enroll", role, "--role", role, "--org", "HospitalBMSP")
        urls = {each["name"]: each["url"] for each in control.state()["services"] if each["url"]}
        wallet = Wallet(home / "wallet")
        yield Site(urls, {role: wallet.get(role) for role in ROLES}, home / "services")
    finally:
        control.down()


def typed(home: Path, *words: str) -> dict[str, object]:
    """What a command says."""
    done = CliRunner().invoke(make_root(), ["--home", str(home), "--json", *words])
    assert done.exit_code == 0, done.output
    found: dict[str, object] = json.loads(done.stdout)
    return found
