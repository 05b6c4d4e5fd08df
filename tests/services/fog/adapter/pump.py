# SPDX-License-Identifier: Apache-2.0
"""A pump that writes down what it does; what it is told decides how it ends."""

from pathlib import Path

TOKEN = "token-of-a-made-up-worker"
PUMP, WARD = "HospitalAMSP/pump-3", "HospitalAMSP"
COMMANDS = ("big", "crash", "deaf", "die", "dose", "endless", "flee", "hang", "refuse", "slow")

SCRIPT = r"""#!/bin/sh
folder=$1 device=$2 command=$3
note() { printf '%s\n' "$PMCB_ORDER $PMCB_EPOCH $device $command" >> "$folder/effects"; }
case $command in
  dose) said=$(cat); note; printf 'given %s' "$said" ;;
  slow) note; sleep 0.5; printf 'given' ;;
  deaf) note ;;
  refuse) echo 'cannot: 5 ml' >&2; exit 2 ;;
  crash) note; exit 1 ;;
  die) note; kill -9 $$ ;;
  hang) note; sleep 60 & wait ;;
  flee) note; setsid sleep 2 & ;;
  big) note; head -c 2000000 /dev/zero ;;
  endless) note; cat /dev/zero ;;
esac
"""


class Pump:
    """A program that speaks to pumps, and the file of an adapter that starts it.

    Args:
        folder: for the program, the file ``adapter.toml``, and what happened.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.program = folder / "pump.sh"
        self.program.write_text(SCRIPT)
        self.program.chmod(0o755)
        self.file = folder / "adapter.toml"
        commands = list(COMMANDS)
        entry = f'run = ["./pump.sh", "{folder}"]\ncommands = {commands}\n'
        self.file.write_text(f'token = "{TOKEN}"\n["{PUMP}"]\n{entry}[{WARD}]\n{entry}')

    @property
    def effects(self) -> list[str]:
        """``order epoch device command``, as they happened."""
        noted = self._folder / "effects"
        return noted.read_text().splitlines() if noted.exists() else []
