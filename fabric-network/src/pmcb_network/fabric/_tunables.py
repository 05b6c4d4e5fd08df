# SPDX-License-Identifier: Apache-2.0
"""Settings that a measurement or a test changes; they are kept with the network."""

from dataclasses import dataclass

# At warn these tell what contracts read and wrote: keys of transactions that conflict; answers
# and values of endorsers that are a block apart.
_QUIET = "gateway.responsechecker=error:validation=error"


@dataclass(frozen=True)
class Tunables:
    """How the nodes of a network behave.

    Attributes:
        time_window: how far a proposal's time may lie from a peer's clock, as ``2m``.
        execute_timeout: how long a contract may take.
        concurrency: calls that a peer serves at once; Fabric's own 500 turn clients away early.
        write_batch: whether peers offer batches of reads and writes.
        chaincode_keepalive_s: how often peers send KEEPALIVE on a chaincode stream; 0: never, for
            Node's shim, which ends its process at one (measured with 2.5.8).
        logging: the level of nodes' logs; at ``debug`` peers log keys, values and private data.
    """

    time_window: str = "2m"
    execute_timeout: str = "10s"
    concurrency: int = 5000
    write_batch: bool = True
    chaincode_keepalive_s: int = 60
    logging: str = "warn"

    @property
    def logging_spec(self) -> str:
        """``FABRIC_LOGGING_SPEC``."""
        return f"{_QUIET}:{self.logging}"
