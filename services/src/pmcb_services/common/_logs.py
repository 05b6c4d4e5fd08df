# SPDX-License-Identifier: Apache-2.0
"""Where a running service's log lines go."""

import sys

import structlog

__all__ = ["log_to_stderr", "raised_at"]


def log_to_stderr() -> None:
    """One JSON object a line, on stderr: what a command prints stays alone on stdout."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def raised_at(error: BaseException) -> str:
    """Function and line where it was raised: all that a log says of a defect but its class."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"
