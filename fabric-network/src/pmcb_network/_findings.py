# SPDX-License-Identifier: Apache-2.0
"""What `pmcb network doctor` finds, and the checks that any kind of network can be put to.

Each check is a function of small inputs: what was measured goes in, what to tell comes out.
"""

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography.x509 import load_pem_x509_certificate

from .errors import NetworkError

SOON = timedelta(days=30)
# A peer stops in the middle of a block when its disk is full; BFT orderers fill one the fastest.
LOW_BYTES, SCARCE_BYTES = 2 * 2**30, 256 * 2**20
_UP = "pmcb network up"


class Grade(StrEnum):
    """How something is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One line: which check, how it is, why, and what to do."""

    check: str
    grade: Grade
    what: str
    next_step: str = ""


def guarded(check: str, work: Callable[[], list[Finding]]) -> list[Finding]:
    """What a check finds; that it could not be made is a finding, too: other checks go on."""
    try:
        return work()
    except NetworkError as error:
        return [Finding(check, Grade.FAIL, str(error), error.next_step)]
    except Exception as error:  # noqa: BLE001 - what is broken is what is looked for
        reason = str(error) or type(error).__name__
        return [Finding(check, Grade.FAIL, f"could not be checked: {reason}")]


def check_running(running: Mapping[str, bool]) -> list[Finding]:
    """Which processes run; that none does is no fault: it may be down on purpose."""
    missing = [name for name, runs in running.items() if not runs]
    if not missing:
        return [Finding("processes", Grade.OK, f"{len(running)} of {len(running)} run")]
    if len(missing) == len(running):
        return [Finding("processes", Grade.WARN, "none runs", _UP)]
    return [Finding("processes", Grade.FAIL, f"{name} does not run", _UP) for name in missing]


@dataclass(frozen=True)
class Port:
    """A port and what was seen of it.

    Attributes:
        listening: all ports that its process listens on; None when that does not run.
        free: whether somebody could listen on it now.
    """

    name: str
    number: int
    listening: frozenset[int] | None
    free: bool


def check_ports(ports: Iterable[Port]) -> list[Finding]:
    """Whether who should listens, and nobody else does."""
    found: list[Finding] = []
    count = 0
    for port in ports:
        count += 1
        if port.listening is None and not port.free:
            what = f"{port.number} of {port.name} is taken by another program"
            found.append(Finding("ports", Grade.FAIL, what, "stop that program"))
        elif port.listening is not None and port.number not in port.listening:
            what = f"{port.name} does not listen on {port.number}, though its process runs"
            found.append(Finding("ports", Grade.FAIL, what, "look at its log: pmcb network logs"))
    return found or [Finding("ports", Grade.OK, f"{count} are the network's own, or free for it")]


def check_disk(free_bytes: int) -> list[Finding]:
    """Whether there is room for more blocks."""
    what = f"{free_bytes / 2**30:.1f} GiB are free"
    if free_bytes >= LOW_BYTES:
        return [Finding("disk", Grade.OK, what)]
    grade = Grade.FAIL if free_bytes < SCARCE_BYTES else Grade.WARN
    return [Finding("disk", grade, what, "free some space: nodes end when they cannot write")]


def check_modes(folders: Iterable[Path]) -> list[Finding]:
    """Whether keys and ledgers are their owner's only: the folders themselves and every file."""
    found: list[Finding] = []
    count = 0
    for folder in folders:
        files = (Path(root) / name for root, _, names in os.walk(folder) for name in names)
        for path in (folder, *files):
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue  # a node's own, gone since it was listed
            count += 1
            if stat.S_ISLNK(status.st_mode):
                continue
            if status.st_uid != os.geteuid():
                what = f"{path} belongs to another user"
                found.append(Finding("file modes", Grade.FAIL, what, "make it yours: chown"))
            elif status.st_mode & 0o077:
                what = f"others can use {path}: its mode is {stat.S_IMODE(status.st_mode):04o}"
                found.append(Finding("file modes", Grade.FAIL, what, f"chmod go= {path}"))
    return found or [Finding("file modes", Grade.OK, f"{count:,} files, their owner's only")]


def check_certificates(
    certificates: Mapping[str, bytes], now: datetime, *, advice: str
) -> list[Finding]:
    """Whether each certificate (PEM, by whose it is) is valid now, and for a while."""
    found: list[Finding] = []
    ends: list[datetime] = []
    for name, pem in certificates.items():
        try:
            certificate = load_pem_x509_certificate(pem)
        except ValueError:
            found.append(Finding("certificates", Grade.FAIL, f"{name} is no certificate", advice))
            continue
        end = certificate.not_valid_after_utc
        ends.append(end)
        if certificate.not_valid_before_utc > now:
            what = f"{name} is valid from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} on only"
            found.append(Finding("certificates", Grade.FAIL, what, "check this machine's clock"))
        elif end <= now:
            what = f"{name} ended on {end:%Y-%m-%d}"
            found.append(Finding("certificates", Grade.FAIL, what, advice))
        elif end - now < SOON:
            what = f"{name} ends on {end:%Y-%m-%d}"
            found.append(Finding("certificates", Grade.WARN, what, advice))
    if found:
        return found
    if not ends:
        return [Finding("certificates", Grade.WARN, "none was issued yet", _UP)]
    what = f"none of {len(ends)} ends before {min(ends):%Y-%m-%d}"
    return [Finding("certificates", Grade.OK, what)]
