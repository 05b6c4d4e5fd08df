# SPDX-License-Identifier: Apache-2.0
"""The file of an adapter."""

import pytest
from tests.services.fog.adapter.pump import COMMANDS, PUMP, TOKEN, Pump

from pmcb_services.fog.adapter._devices import Devices
from pmcb_services.fog.errors import InvalidInput

SOUND = f'token = "{TOKEN}"\n'
ENTRY = '["A/pump"]\nrun = ["sh"]\ncommands = ["dose"]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "TOML"),
        ("a = " + "[" * 5000, "TOML"),
        (ENTRY, "'token'"),
        (f'token = "short"\n{ENTRY}', "16 ASCII"),
        (f"token = 1\n{ENTRY}", "'token'"),
        (SOUND, "names no device"),
        (SOUND + ENTRY.replace("A/pump", "A/pump/3"), "MSP/NAME"),
        (SOUND + ENTRY.replace("A/pump", "ward 3"), "MSP/NAME"),
        (f'{SOUND}"A/pump" = 1', "A/pump"),
        (SOUND + ENTRY + "uri = 1", "commands and run"),
        (SOUND + ENTRY.replace('["sh"]', "[]"), "'run'"),
        (SOUND + ENTRY.replace('["sh"]', '"sh"'), "'run'"),
        (SOUND + ENTRY.replace('["sh"]', r'["sh", "a\u0000"]'), "'run'"),
        (SOUND + ENTRY.replace('"sh"', '"no-such-program"'), "program of A/pump"),
        (SOUND + ENTRY.replace('"sh"', '"./adapter.toml"'), "program of A/pump"),
        (SOUND + ENTRY.replace('"dose"', '"5 ml"'), "'commands'"),
        (SOUND + ENTRY.replace('["dose"]', "5"), "'commands'"),
        (SOUND + ENTRY.replace('"dose"', '"add"'), "adapter's own"),
    ],
)
def test_a_file_that_cannot_be_is_refused_by_its_entry(tmp_path, text, said):
    """And no token is repeated in what is said."""
    (tmp_path / "adapter.toml").write_text(text)
    with pytest.raises(InvalidInput, match=said) as caught:
        Devices.read(tmp_path / "adapter.toml")
    assert "short" not in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_device_has_its_own_entry_or_that_of_its_organisation(tmp_path):
    """Programs lie beside the file, whatever the folder that it is read from."""
    pump = Pump(tmp_path)
    devices = Devices.read(pump.file)
    assert devices.token == TOKEN
    assert TOKEN not in repr(devices)
    own = devices.of(PUMP)
    assert own is devices.entries[PUMP]
    assert own.run == (str(tmp_path / "./pump.sh"), str(tmp_path))
    assert own.commands == {*COMMANDS}
    assert devices.of("HospitalAMSP/bed-9") is devices.entries["HospitalAMSP"]
    assert devices.of("HospitalA/bed-9") is None
