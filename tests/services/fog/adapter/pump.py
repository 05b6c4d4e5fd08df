# SPDX-License-Identifier: Apache-2.0
"""A pump that writes down what it does; what it is told decides how it ends."""

import re
from pathlib import Path

TOKEN = "token-of-a-made-up-worker"
PUMP = "HospitalAMSP/pump-3"

SCRIPT = r"""#!/bin/sh
folder=$1 device=$2 command=$3
note() { printf '%s\n' "$PMCB_ORDER $PMCB_EPOCH $device $command" >> "$folder/effects"; }
case $command in
  dose) said=$(cat); note; printf 'given %s' "$said" ;;
  slow) note; sleep 0.5; printf 'given' ;;
  held) note; until [ -e "$folder/released" ]; do sleep 0.02; done; printf 'given' ;;
  deaf) note ;;
  start) note ;;
  refuse) echo 'cannot: 5 ml' >&2; exit 100 ;;
  crash) note; exit 1 ;;
  die) note; kill -9 $$ ;;
  hang) note; sleep 60 & echo $! > "$folder/child"; wait ;;
  strict) note; set -u; echo "$nothing" ;;
  count) note; sleep 0.5; wc -c >> "$folder/counted" ;;
  flee) note; setsid sleep 2 & ;;
  big) note; head -c 2000000 /dev/zero ;;
  endless) note; cat /dev/zero ;;
esac
"""
COMMANDS = re.findall(r"^  (\w+)\)", SCRIPT, re.MULTILINE)


class Pump:
    """A program that speaks to pumps, and the files of those who start and order it.

    Args:
        folder: for them, and for what happened.
        device: that is there from the start; others of its organisation are added.
        token: of whoever orders it.
    """

    def __init__(self, folder: Path, device: str = PUMP, token: str = TOKEN) -> None:
        self._folder, self._device, self._token = folder, device, token
        self.program = folder / "pump.sh"
        self.program.write_text(SCRIPT)
        self.program.chmod(0o755)
        self.file = folder / "adapter.toml"
        entry = f'run = ["./pump.sh", "{folder}"]\ncommands = {COMMANDS}\n'
        ward = device.partition("/")[0]
        self.file.write_text(f'token = "{token}"\n["{device}"]\n{entry}[{ward}]\n{entry}')

    def connected(self, url: str) -> Path:
        """A fog worker's file of devices, where its adapter answers there."""
        path = self._folder / "devices.toml"
        words = f'url = "{url}/v1/commands"\ntoken = "{self._token}"\ndedup = true\n'
        path.write_text(f'["{self._device}"]\n{words}[{self._device.partition("/")[0]}]\n{words}')
        return path

    def release(self) -> None:
        """What is held ends."""
        (self._folder / "released").touch()

    @property
    def effects(self) -> list[str]:
        """``order epoch device command``, as they happened."""
        noted = self._folder / "effects"
        return noted.read_text().splitlines() if noted.exists() else []
