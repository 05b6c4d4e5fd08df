# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with the services of an organisation.

::

    AppError (pmcb_apps.errors)
    ├── PlanError         organisation.toml cannot be used; names the key
    ├── StartFailed       a service or the network did not start; names it, and says why
    ├── NotRunning        nothing runs here
    └── AlreadyRunning    the services of another file run here
"""

from typing import ClassVar

from pmcb_apps.errors import AppError

__all__ = ["AlreadyRunning", "NotRunning", "PlanError", "StartFailed"]


class PlanError(AppError):
    """``organisation.toml`` cannot be used; ``key`` is where, dotted."""

    def __init__(self, message: str, *, key: str = "", next_step: str = "") -> None:
        super().__init__(f"{key}: {message}" if key else message, next_step=next_step)
        self.key = key


class StartFailed(AppError):
    """A service, or the network, did not start; nothing that was started is left running."""

    exit_code: ClassVar[int] = 3


class NotRunning(AppError):
    """No services run in this home."""

    exit_code: ClassVar[int] = 3


class AlreadyRunning(AppError):
    """The services of another file run in this home."""
