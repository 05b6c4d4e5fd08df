# SPDX-License-Identifier: Apache-2.0
"""An organisation's services as `pmcb up` runs them, and people who call them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.services.fog.adapter.pump import Pump

from pmcb_apps.organisation._control import Control
from pmcb_apps.organisation._plan import Plan
from pmcb_client.cli import make_root
from pmcb_client.wallet import Wallet, WalletIdentity
from pmcb_network.embedded._ports import _free_block

A, B = "HospitalAMSP", "HospitalBMSP"
STORE, TOKEN, PUMP = "ward", "token-of-a-made-up-pump", f"{B}/pump"
PLAN = f"""
organisation = "{B}"
[network]
embedded = true
[services.content]
[services.cloud]
[services.query-gateway]
[services.publishing]
tables = "tables"
[services.intake]
fields = "fields.yaml"
store = "{STORE}"
[services.verification]
[services.fog]
[services.device-adapter]
devices = "adapter.toml"
port = {{port}}
[services.fog-worker]
server = "ward-1"
speed = 20000.0
devices = "devices.toml"
[services.collector]
fields = "fields.yaml"
tokens = "tokens.toml"
"""
FIELDS = """\
- {name: heart_rate, unit: 1/min, min: 30, max: 220}
- {name: systolic, unit: mmHg, min: 60, max: 260}
"""
ROLES = ("institution", "worker", "receiver", "analyst")


@dataclass(frozen=True)
class Site:
    """Running services by name, and people.

    Attributes:
        folder: with the home, and what its services read.
        people: one of each role, and ``guest``, an institution of the other organisation.
    """

    folder: Path
    urls: dict[str, str]
    people: dict[str, WalletIdentity]

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def log(self, service: str) -> str:
        return (self.home / "services" / f"{service}.log").read_text()

    def pmcb(self, label: str, *words: object) -> Any:
        """What a command says, typed by somebody of the wallet."""
        return typed(self.home, "--as", label, *map(str, words))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """All services, with nothing in them yet."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "fields.yaml").write_text(FIELDS)
    (folder / "tokens.toml").write_text(f'pump = "{TOKEN}"\n')
    (folder / "tables").mkdir()
    port = _free_block(["adapter"])["adapter"]
    Pump(folder, PUMP, TOKEN).connected(f"http://127.0.0.1:{port}")
    (folder / "organisation.toml").write_text(PLAN.format(port=port))
    home = folder / "home"
    control = Control(home)
    try:
        control.up(Plan.load(folder / "organisation.toml"), within_s=200, say=lambda _: None)
        for role in ROLES:
            typed(home, "id", "enroll", role, "--role", role, "--org", B)
        typed(home, "id", "enroll", "guest", "--role", "institution", "--org", A)
        urls = {each["name"]: each["url"] for each in control.state()["services"] if each["url"]}
        wallet = Wallet(home / "wallet")
        yield Site(folder, urls, {label: wallet.get(label) for label in (*ROLES, "guest")})
    finally:
        control.down()


def typed(home: Path, *words: str) -> dict[str, Any]:
    """What a command says."""
    done = CliRunner().invoke(make_root(), ["--home", str(home), "--json", *words])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
