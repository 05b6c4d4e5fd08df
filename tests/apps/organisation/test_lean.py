# SPDX-License-Identifier: Apache-2.0
"""What a service imports it holds for as long as it runs: a dozen of them share a machine."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pmcb_apps.organisation._kinds import KINDS

HEAVY = {"matplotlib", "numba", "pandas", "pyarrow", "pygments", "rich", "scipy", "sklearn"}
WITH_NUMBERS = {"fog", "publishing", "query-gateway"}
WITHOUT_LEDGER = {"cloud", "collector", "content", "device-adapter", "fog-worker"}
ADAPTER = f'token = "{"0" * 32}"\n[MSP]\nrun = ["sh"]\ncommands = ["start"]'
WITHOUT_CALLS = {"cloud", "content", "device-adapter", "fog-worker"}  # its child makes them
FIELDS = "[{name: pulse, unit: /min, min: 30, max: 230, step: 1}]"
MISSES = {
    "device-adapter": "InputError",  # it needs no network, and looks for a port that is not there
    "fog-worker": "UNAVAILABLE",
    "receiver": "IdentityChoice",
}

SCRIPT = """
import json, sys
from pmcb_client.cli import main
try:
    main()
except SystemExit:
    there = {name.partition(".")[0] for name, found in sys.modules.items() if found is not None}
    print(json.dumps(sorted(there)))
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_service_imports_nothing_heavy_that_it_does_not_need(kind: str, tmp_path: Path):
    """Seen where it looks for its network, and finds none: by then it has imported its parts."""
    (tmp_path / "fields.yaml").write_text(FIELDS)
    (tmp_path / "tokens.toml").write_text(f'pump = "{"0" * 32}"')
    files = ["--fields", str(tmp_path / "fields.yaml"), "--tokens", str(tmp_path / "tokens.toml")]
    (tmp_path / "devices.toml").write_text('[MSP]\nurl = "http://127.0.0.1:1"')
    fog = ["--server", "ward-1", "--devices", str(tmp_path / "devices.toml")]
    (tmp_path / "adapter.toml").write_text(ADAPTER)
    adapter = ["--devices", str(tmp_path / "adapter.toml"), "--host", "192.0.2.1"]
    options = {"collector": files, "device-adapter": adapter, "fog-worker": fog}.get(kind, [])
    words = ["--home", str(tmp_path / "home"), "--json", *KINDS[kind].words, *options]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words], check=True, capture_output=True, text=True
    )
    said, imported = map(json.loads, done.stdout.splitlines())
    assert said["error"] == MISSES.get(kind, "NetworkFileError"), said
    spared = HEAVY if kind in WITH_NUMBERS else HEAVY | {"numpy"}
    assert not spared & set(imported)
    assert kind not in WITHOUT_LEDGER or "grpc" not in imported
    assert kind not in WITHOUT_CALLS or "httpx" not in imported


CHILD = """
import sys
import pmcb_services.fog.online._child
assert not {"asyncio", "httpx", "pydantic"} & set(sys.modules)
import pmcb_services.fog.online._device, pmcb_services.fog.online._forward
assert not {"numpy", "pydantic"} & set(sys.modules)
"""


def test_what_runs_the_orders_of_a_fog_worker_is_small():
    """It is started anew whenever a lease is lost: first without HTTP, then without models."""
    subprocess.run([sys.executable, "-c", CHILD], check=True)
