# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with something sealed.

::

    ClientError (pmcb_client.errors)
    └── SealingError           exit 2: something sealed cannot be opened, or not be sealed
        ├── Damaged            its bytes are not what was sealed, or no blob at all
        ├── WrongKey           the key is not the one it was sealed with
        ├── WrongPlace         it was sealed for another task, subtask, slot, person or purpose
        ├── NotForYou          it was sealed for others
        ├── BadShare           a share that was not dealt; names its slot
        ├── TooFewShares       fewer shares than the threshold; says how many
        └── SecretMismatch     the shares fit, and do not give the secret that was promised

Messages carry ids and numbers, never a key, a share or a plaintext.
"""

from pmcb_client.errors import ClientError

__all__ = [
    "BadShare",
    "Damaged",
    "NotForYou",
    "SealingError",
    "SecretMismatch",
    "TooFewShares",
    "WrongKey",
    "WrongPlace",
]


class SealingError(ClientError):
    """Root: something sealed cannot be opened, or not be sealed."""

    exit_code = 2


class Damaged(SealingError):
    """The bytes are not what was sealed."""


class WrongKey(SealingError):
    """The key is not the one it was sealed with."""


class WrongPlace(SealingError):
    """It was sealed for another task, subtask, slot, person or purpose."""


class NotForYou(SealingError):
    """It was sealed for others."""


class BadShare(SealingError):
    """A share that was not dealt; ``slot`` says whose."""

    def __init__(self, slot: int) -> None:
        super().__init__(
            f"The share of slot {slot} is not the one that was dealt.",
            next_step="Leave it out: any other shares up to the threshold open the secret.",
        )
        self.slot = slot


class TooFewShares(SealingError):
    """Fewer shares than the threshold."""

    def __init__(self, present: int, threshold: int) -> None:
        super().__init__(
            f"{present} of at least {threshold} shares are here.",
            next_step="Shares are passed on as holders submit their answers; try again later.",
        )
        self.present = present
        self.threshold = threshold


class SecretMismatch(SealingError):
    """The shares fit, and do not give the secret that was promised: the deal was dishonest."""
