# SPDX-License-Identifier: Apache-2.0
"""What the ``pmcb`` command and the files it reads can complain about.

::

    ClientError (errors.py)
    └── CommandError           anything here: one sentence, an exit code, a next step
        ├── InputError             exit 2: what the user gave cannot be used
        │   ├── AnswerError        an answer or an evidence file cannot be taken
        │   ├── EpochChoice        several epochs wait; one must be named
        │   ├── HomeError          the home folder is not ours or cannot be written
        │   ├── IdentityChoice     no identity of the wallet fits, or several do
        │   ├── LevelsFileError    the result of ``levels classify`` cannot be used
        │   ├── NotOpened          a task's questions were not fetched yet
        │   ├── PeopleError        people.csv cannot be used; names the line
        │   ├── SplitImpossible    the questions cannot be cut as demanded
        │   └── TaskFileError      the task file or a file it names; names the line
        ├── KeyPending             exit 1: the releaser has not delivered a key yet
        ├── Declined               exit 1: the user said no, or answered nothing
        └── PluginError            exit 3: a package's commands cannot be loaded

What the network and the ledger answer stands in ``errors.py``.
"""

from .errors import ClientError


class CommandError(ClientError):
    """Root: ``exit_code`` ends the process, ``next_step`` says what to do."""

    exit_code = 2


class InputError(CommandError):
    """What the user gave cannot be used."""


class AnswerError(InputError):
    """An answer or an evidence file cannot be taken."""


class EpochChoice(InputError):
    """Several epochs wait for approvals, and none was named."""


class HomeError(InputError):
    """The home folder belongs to somebody else or cannot be written."""


class IdentityChoice(InputError):
    """No identity of the wallet fits the command, or several do."""


class LevelsFileError(InputError):
    """The result of ``levels classify`` cannot be used."""


class NotOpened(InputError):
    """A task's questions were not fetched yet, so nothing can be answered."""


class PeopleError(InputError):
    """``people.csv`` cannot be used; the message names the line."""


class SplitImpossible(InputError):
    """The questions cannot be cut as demanded."""


class TaskFileError(InputError):
    """A task file, or a file that it names, cannot be used; the message names the line."""

    def __init__(self, message: str, *, name: str, line: int = 0, next_step: str = "") -> None:
        place = f"{name}, line {line}" if line else name
        super().__init__(f"{place}: {message}", next_step=next_step)
        self.line = line


class KeyPending(CommandError):
    """The releaser has not delivered the key of the questions yet."""

    exit_code = 1


class Declined(CommandError):
    """The user was asked and did not agree; nothing was sent."""

    exit_code = 1


class PluginError(CommandError):
    """The commands of an installed package cannot be loaded."""

    exit_code = 3
