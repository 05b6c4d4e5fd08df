# SPDX-License-Identifier: Apache-2.0
"""What fuzz tests ask of a parser: a value or one of its errors, and quiet words."""

import base64
import logging
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import HealthCheck, settings

MARKER = "marker~7f3a91"  # stands where secrets, answers and arguments stand


def examples(number: int) -> settings:
    """So many examples in the usual run, and as much more in a `long` one as other tests get."""
    every = settings.default.max_examples if settings.default else 100
    return settings(
        max_examples=max(1, number * every // 100),
        suppress_health_check=[HealthCheck.too_slow],  # on a machine that does something else too
    )


def attempt(
    errors: type[Exception] | tuple[type[Exception], ...], call: Callable[..., Any], *arguments: Any
) -> tuple[Any, Exception | None]:
    """What the call gives, or which of these errors it raises; any other error is a finding."""
    try:
        return call(*arguments), None
    except errors as error:
        check_words(error)
        return None, error


def check_words(error: BaseException) -> None:
    """An error says something, a user's one in one line, and nothing of what should be secret."""
    assert str(error)
    assert MARKER not in f"{error} {getattr(error, 'next_step', '')}"
    assert "\n" not in str(error) or not hasattr(error, "next_step")


def pem(der: bytes) -> bytes:
    """A certificate's PEM, whatever its bytes."""
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n".encode()


@contextmanager
def logged(name: str) -> Iterator[list[str]]:
    """What is logged under a name, tracebacks included."""
    found: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(self.format(record))

    logger, handler = logging.getLogger(name), Keeping()
    level, passed_on = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield found
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = passed_on
