# SPDX-License-Identifier: Apache-2.0
"""What can go wrong in the applications.

::

    AppError
    ├── UnknownDataSet     no data set of that name
    ├── DataUnavailable    a data set is not at hand and cannot be fetched
    ├── DataMismatch       what was fetched is not what was published
    ├── FolderInUse        a folder holds something that is not ours to replace
    └── StoryStuck         the demo waits for something that does not come
"""

from typing import ClassVar


class AppError(Exception):
    """Root; ``exit_code`` and ``next_step`` tell the command line what to do with it."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.next_step = next_step


class UnknownDataSet(AppError):
    """There is no data set of that name."""


class DataUnavailable(AppError):
    """The source does not answer or does not have it."""

    exit_code = 3


class DataMismatch(AppError):
    """The bytes that came are not the published ones; nothing was kept."""

    exit_code = 3


class FolderInUse(AppError):
    """The folder exists and was not made by this command."""


class StoryStuck(AppError):
    """The demo has not ended in time; nothing of it is left running."""

    exit_code = 3
