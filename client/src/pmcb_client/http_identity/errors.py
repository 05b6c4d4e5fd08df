# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a request's signature.

::

    ClientError (pmcb_client.errors)
    └── Unauthenticated        exit 1: nobody whom the network knows signed it, now
"""

from pmcb_client.errors import ClientError

__all__ = ["Unauthenticated"]


class Unauthenticated(ClientError):
    """The request was not signed by anybody whom this network knows, now.

    ``reason`` is ``unsigned``, ``organisation``, ``certificate``, ``revoked``, ``signature``,
    ``expired`` or ``nonce``.
    """

    exit_code = 1

    def __init__(self, reason: str, message: str, *, next_step: str | None = None) -> None:
        super().__init__(message, next_step=next_step)
        self.reason = reason
