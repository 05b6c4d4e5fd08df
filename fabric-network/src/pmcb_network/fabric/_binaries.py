# SPDX-License-Identifier: Apache-2.0
"""Fabric's programs: found on this machine, and asked for their version before use."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pmcb_network.errors import BinariesMissing, FabricRefused

from ._cache import newest
from ._versions import FABRIC, line_of

PROGRAMS = ("peer", "orderer", "configtxgen", "configtxlator", "fabric-ca-server")
VARIABLE = "PMCB_FABRIC_BIN"
_SAYS = re.compile(r"^\s*Version: v?(\S+)", re.MULTILINE)
_TIMEOUT_S = 60.0
_ANSWER_S = 20.0


@dataclass(frozen=True)
class Binaries:
    """Where each program is; ``warnings`` tells which did not say its version."""

    paths: Mapping[str, Path]
    warnings: tuple[str, ...] = ()

    def __getitem__(self, program: str) -> str:
        return str(self.paths[program])

    def run(
        self, program: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> str:
        """Run a program to its end; what it wrote to standard output.

        Raises:
            FabricRefused: it ended with an error, or did not end.
        """
        environment = {"PATH": "/usr/bin:/bin", **(environment or {})}
        try:
            done = subprocess.run(
                [self[program], *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_S,
                check=False,
                umask=0o077,
            )
        except subprocess.TimeoutExpired:
            raise FabricRefused(f"{program} did not end within {_TIMEOUT_S:g} s") from None
        if done.returncode:
            words = done.stderr.strip().splitlines()[-1:] or ["it gave no reason"]
            raise FabricRefused(f"{program} {' '.join(arguments[:3])}: {words[0]}")
        return done.stdout


def find(environment: Mapping[str, str] = os.environ) -> Binaries:
    """Every program: in ``PMCB_FABRIC_BIN``, else on ``PATH``, else among those that were fetched.

    Raises:
        BinariesMissing: names what is missing or of another version, and how to get it.
    """
    given = environment.get(VARIABLE)
    if given:
        return _all_in(given, given, vouched_for=True)
    try:
        return _all_in(environment.get("PATH", ""), "PATH")
    except BinariesMissing:
        fetched = newest(FABRIC)
        if fetched is None:
            raise
    return in_folder(fetched)


def in_folder(folder: Path) -> Binaries:
    """Every program, in this folder.

    Raises:
        BinariesMissing: names what is missing or of another version.
    """
    return _all_in(str(folder), str(folder))


def _all_in(path: str, name: str, *, vouched_for: bool = False) -> Binaries:
    paths: dict[str, Path] = {}
    for program in PROGRAMS:
        found = shutil.which(program, path=path)
        if found is None:
            raise _missing(f"{program} was not found in {name}")
        paths[program] = Path(found).absolute()
    warnings = [_checked(program, found, vouched_for) for program, found in paths.items()]
    return Binaries(paths, tuple(filter(None, warnings)))


def _checked(program: str, path: Path, vouched_for: bool) -> str:
    """Asks a program for its version; a warning when it does not know and was named outright."""
    wanted = line_of(program)
    try:
        said = version_of(path)
    except OSError:
        said = ""
    if said.startswith(f"{wanted}."):
        return ""
    if vouched_for and said in {"", "latest"}:
        return f"{program} does not say its version; {wanted} is needed"
    raise _missing(f"{path} is version {said or 'unknown'}, and {wanted} is needed")


def version_of(path: Path) -> str:
    """What a program says it is; empty when it does not say.

    Raises:
        OSError: it cannot be run here.
    """
    word = "-version" if path.name == "configtxgen" else "version"
    try:
        done = subprocess.run(
            [str(path), word], capture_output=True, text=True, timeout=_ANSWER_S, check=False,
            stdin=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return ""
    match = _SAYS.search(done.stdout + done.stderr)
    return match[1] if match else ""


def _missing(reason: str) -> BinariesMissing:
    return BinariesMissing(
        f"Fabric's programs are needed: {reason}",
        next_step=(
            f"fetch them with `pmcb network binaries fetch`, name their folder in {VARIABLE}, or "
            "put them on PATH; `pmcb network up --embedded` needs none"
        ),
    )
