# SPDX-License-Identifier: Apache-2.0
"""The peers' external builder: three scripts that run with the standard library alone."""

import sys
from importlib.resources import files
from pathlib import Path

SERVERS_VARIABLE = "PMCB_CHAINCODE_SERVERS"
SCRIPTS = ("detect", "build", "release")


def write_builder(folder: Path) -> None:
    """Writes ``bin/detect``, ``bin/build`` and ``bin/release``, for this interpreter.

    A peer runs them with little more than ``PATH``: the first line names Python absolutely.
    """
    shipped = files(__package__) / "builder"
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    for name in SCRIPTS:
        script = folder / "bin" / name
        script.write_text(f"#!{sys.executable} -I\n{(shipped / f'{name}.py').read_text()}")
        script.chmod(0o700)
