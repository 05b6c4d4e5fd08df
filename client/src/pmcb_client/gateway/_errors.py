# SPDX-License-Identifier: Apache-2.0
"""Two more errors of the package's tree.

::

    ClientError
    ├── LedgerError
    │   └── NotSigned                nobody signed it, so it was not sent
    └── CheckpointError              a checkpoint file that cannot be read
"""

from pmcb_client.errors import ClientError, LedgerError


class NotSigned(LedgerError):
    """The identity has no signer here and brought no signature: nothing was sent."""

    exit_code = 2
    next_step = "Sign its digest where the key is, and hand bytes and signature to the gateway."


class CheckpointError(ClientError):
    """A checkpoint file that holds no position."""

    exit_code = 2
    next_step = "Remove the file to start anew, or name another one."
