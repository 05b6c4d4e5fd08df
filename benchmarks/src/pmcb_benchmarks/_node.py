# SPDX-License-Identifier: Apache-2.0
"""What npm gives, installed once per user and lock file, outside the repository."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent / "node"
INSTALL_S = 300.0
_FIXED_BY = ("package.json", "package-lock.json")


class NodeUnavailable(Exception):
    """Node, npm or the packages of a lock file are not to be had."""

    exit_code = 3

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.next_step = next_step


def modules(folder: Path, *, within_s: float = INSTALL_S) -> Path:
    """The ``node_modules`` of a folder's lock file; the first time they are installed.

    No script of a package is run for it.

    Raises:
        NodeUnavailable: Node is missing, or npm cannot install them.
    """
    import platformdirs

    from pmcb_network._files import locked

    program("node")
    npm = program("npm")
    digest = hashlib.sha256(b"".join((folder / name).read_bytes() for name in _FIXED_BY))
    cache = platformdirs.user_cache_path("pmcb") / "node"
    cache.mkdir(parents=True, exist_ok=True)
    installed = cache / digest.hexdigest()[:16]
    with locked(cache / "lock", wait_s=within_s):
        if not installed.exists():
            _install(npm, folder, cache, installed, within_s)
    return installed / "node_modules"


def program(name: str) -> str:
    """Where Node or npm is.

    Raises:
        NodeUnavailable: it is not on PATH.
    """
    found = shutil.which(name)
    if found is None:
        raise NodeUnavailable(
            f"{name} is not installed", next_step="install Node.js 20 or later with npm"
        )
    return found


def version_of(name: str) -> str:
    """What a program says it is.

    Raises:
        NodeUnavailable: it is not on PATH.
    """
    said = subprocess.run(
        [program(name), "--version"], capture_output=True, text=True, timeout=30, check=True
    )
    return said.stdout.strip().removeprefix("v")


def version_in(node_modules: Path, package: str) -> str:
    """The version of an installed package."""
    return str(json.loads((node_modules / package / "package.json").read_text())["version"])


def environment(node_modules: Path) -> Mapping[str, str]:
    """The variables of a Node process that uses these packages; none of the user's others."""
    return {"PATH": os.environ["PATH"], "NODE_PATH": str(node_modules)}


def _install(npm: str, folder: Path, cache: Path, installed: Path, within_s: float) -> None:
    with tempfile.TemporaryDirectory(dir=cache) as name:
        new = Path(name) / "new"
        new.mkdir()
        for fixed in _FIXED_BY:
            shutil.copy(folder / fixed, new)
        try:
            done = subprocess.run(
                [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
                cwd=new, capture_output=True, text=True, timeout=within_s, check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise NodeUnavailable(f"npm did not end within {within_s:g} s") from None
        if done.returncode:
            said = (done.stderr.strip() or "it gave no reason").splitlines()[-1]
            raise NodeUnavailable(
                f"npm could not install the packages: {said}",
                next_step="let npm reach a package index",
            )
        new.rename(installed)
