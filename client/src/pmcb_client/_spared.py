# SPDX-License-Identifier: Apache-2.0
"""What libraries import for a terminal, spared: an organisation runs a dozen processes without one.

``None`` in `sys.modules` is Python's own word for a module that is absent.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["spare_httpx_its_command", "without_rich"]


def spare_httpx_its_command() -> None:
    """Have httpx, imported later, leave out its command line, with rich and pygments: 5 MiB."""
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]


@contextmanager
def without_rich() -> Iterator[None]:
    """Import structlog herein, without the colours of a developer's console: 6 MiB."""
    is_spared = "rich" not in sys.modules
    if is_spared:
        sys.modules["rich"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if is_spared:
            del sys.modules["rich"]  # tables of commands need it
