# SPDX-License-Identifier: Apache-2.0
"""One exception, one exit code, one sentence, one next step."""

import errno
from dataclasses import dataclass

import click

from ._advice import refusal_advice

DEFECT = 70
INTERRUPTED = 130
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
_NO_PLACE = {errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}


@dataclass(frozen=True)
class Failure:
    """What the user is told.

    Attributes:
        exit_code: 1 refused, 2 bad input, 3 unavailable, 70 our defect, 130 interrupted.
        error: a refusal's code, else the class.
        message: one sentence.
        next_step: what to do, or "".
        usage: the command's usage line, or "".
    """

    exit_code: int
    error: str
    message: str
    next_step: str = ""
    usage: str = ""

    def as_document(self) -> dict[str, str]:
        """The failure under ``--json``."""
        return {"error": self.error, "message": self.message, "next_step": self.next_step}


def explain(error: BaseException) -> Failure:
    """What to tell the user about ``error``; of a group, about the first that says most."""
    if isinstance(error, BaseExceptionGroup):
        found = [explain(one) for one in error.exceptions]
        return min(found, key=lambda failure: failure.exit_code == DEFECT)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return Failure(2, "NoCommand", "Name a command.", "", error.format_message())
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return Failure(INTERRUPTED, "Interrupted", "Interrupted.")
    if isinstance(error, click.ClickException):
        return _usage(error)
    if type(getattr(error, "exit_code", None)) is int:
        return _planned(error)
    return (_disk(error) if isinstance(error, OSError) else None) or Failure(
        DEFECT,
        type(error).__name__,
        f"This is a defect of pmcb: {type(error).__name__}.",
        "Run it again with --debug and report what it shows.",
    )


def _planned(error: BaseException) -> Failure:
    """An error of ours, by what it carries: plugins need not share a class with us."""
    exit_code: int = error.exit_code  # type: ignore[attr-defined]  # the caller has looked
    code = getattr(error, "code", None)
    name = str(code) if isinstance(code, str) else type(error).__name__
    advice = getattr(error, "next_step", None) or refusal_advice.get(name, "")
    return Failure(exit_code, name, str(error) or f"{type(error).__name__}.", str(advice))


def _disk(error: OSError) -> Failure | None:
    if error.errno in _FULL:
        advice = "Free some space and run the command again."
        return Failure(3, "DiskFull", "The disk is full.", advice)
    if error.errno in _DENIED and error.filename is not None:
        return Failure(2, "PermissionDenied", f"{error.filename} may not be read or written.")
    if error.errno in _NO_PLACE and error.filename is not None:
        reason = str(error.strerror).lower()
        sentence = f"{error.filename} cannot be used: {reason}."
        return Failure(2, "BadPath", sentence, "Name another place.")
    return None


def _usage(error: click.ClickException) -> Failure:
    usage, advice = "", ""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        usage = error.ctx.get_usage()
        advice = f"See {error.ctx.command_path} --help."
    return Failure(2, type(error).__name__, error.format_message(), advice, usage)
