# SPDX-License-Identifier: Apache-2.0
"""What can go wrong between a client and the content store.

::

    ClientError (pmcb_client.errors)
    └── ContentError           something between this client and the content store
        ├── ContentUnavailable     exit 3: it does not answer, or fails; try again
        ├── ContentRefused         exit 1, or 2 if malformed: it refused, with a code
        │   └── ContentMissing     no file is kept under a hash
        │       └── ContentForgotten   one of its readers had it deleted
        ├── ContentTampered        exit 1: the bytes do not have the hash; names it
        └── ForeignReceipt         exit 1: a receipt that is not this store's, or not for this file
"""

from pmcb_client.errors import ClientError

__all__ = [
    "ContentError",
    "ContentForgotten",
    "ContentMissing",
    "ContentRefused",
    "ContentTampered",
    "ContentUnavailable",
    "ForeignReceipt",
]


_MALFORMED = {400, 405, 413}


class ContentError(ClientError):
    """Something between this client and the content store."""

    exit_code = 1


class ContentUnavailable(ContentError):
    """It does not answer, or fails; nothing was lost, and the call may be repeated."""

    exit_code = 3


class ContentRefused(ContentError):
    """It refused; ``code`` is the service's, ``field`` the part that is to blame.

    By a rule, or because the request was malformed: then the exit code is 2.
    """

    def __init__(self, code: str, message: str, *, field: str, status: int) -> None:
        super().__init__(f"The content store refused: {message}")
        self.code = code
        self.field = field
        self.exit_code = 2 if status in _MALFORMED else 1  # type: ignore[misc]  # of this one


class ContentMissing(ContentRefused):
    """No file is kept under the hash."""


class ContentForgotten(ContentMissing):
    """One of its readers had the file deleted: whoever sent it is not to blame.

    Whose it was stands in ``field`` (`pmcb_client.sealing.Place.name`): a hash may be copied.
    """


class ContentTampered(ContentError):
    """The bytes do not have the hash under which they were kept."""

    def __init__(self, digest: str) -> None:
        super().__init__(
            f"The content store returned other bytes than {digest}.",
            next_step="Tell its operator; nothing of it was used.",
        )
        self.digest = digest


class ForeignReceipt(ContentError):
    """A receipt that is not this network's store's, or for another file or person."""
