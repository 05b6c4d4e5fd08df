# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL of this run's own, on a socket in a folder that is removed at the end."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["absent", "postgres"]

WITHIN_S = 60


def absent() -> str:
    """Why none can run here; "" where one can."""
    if importlib.util.find_spec("psycopg") is None:
        return "psycopg is not installed"
    if _programs() is None:
        return "PostgreSQL's programs are not installed"
    if _user() is None:
        return "PostgreSQL does not run as root, and there is nobody else"
    return ""


@contextmanager
def postgres() -> Iterator[str]:
    """Its address, while it runs."""
    programs, user = _programs(), _user()
    assert programs is not None
    assert user is not None
    folder = Path(tempfile.mkdtemp(prefix="pmcb-pg-"))  # short: sockets have short paths
    if user:
        shutil.chown(folder, user)

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(folder / "data"), *arguments]
        subprocess.run(
            command,
            check=True,
            cwd=folder,
            timeout=WITHIN_S,
            stdout=subprocess.DEVNULL,
            user=user or None,
        )

    try:
        run("initdb", "-A", "trust", "-U", "pmcb", "--no-sync", "--no-instructions")
        # nothing here outlives the run, so nothing waits for the disk
        settings = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", settings, "start")
        try:
            yield f"postgresql://pmcb@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _programs() -> Path | None:
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    both = (
        place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists()
    )
    return next(both, None)


def _user() -> str | None:
    """Whose it is; "" for one's own, None where root finds nobody else."""
    if os.geteuid() != 0:
        return ""
    known = {each.pw_name for each in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None)
