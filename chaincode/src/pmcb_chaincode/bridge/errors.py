# SPDX-License-Identifier: Apache-2.0
"""What can go wrong between a contract and its peer.

::

    BridgeError
    ├── ContractError      the contract's own code is not fit to be served, or breaks a rule
    ├── PeerError          the peer answered ERROR to a ledger call
    │   ├── PeerTimeout    the peer did not answer within the limit
    │   └── TooManyRows    a range reached the peer's limit, so its end is unknown
    ├── ProtocolError      a message that no peer sends in this state: the stream is aborted
    ├── SessionClosed      the stream ended while a call waited
    └── ServerConfigError  the server cannot start as configured
    Refusal                what a contract raises to say no: a code and one sentence
"""

from typing import Protocol


class RefusalCode(Protocol):
    """A contract's own codes are an enum whose members have a text and a status, as ``Code``'s."""

    @property
    def value(self) -> str:
        """The code's name on the wire."""
        ...

    @property
    def status(self) -> int:
        """400 to 599: Fabric takes anything below 400 for a success."""
        ...


class BridgeError(Exception):
    """Root of the bridge's own errors."""


class ContractError(BridgeError):
    """A contract that cannot be served, or a call that its kind of function may not make."""


class PeerError(BridgeError):
    """The peer answered a ledger call with ERROR."""


class PeerTimeout(PeerError):
    """The peer did not answer a ledger call in time."""


class TooManyRows(PeerError):
    """The peer ends a range silently at its query limit: nobody may count on what came."""


class ProtocolError(BridgeError):
    """The peer sent a message that has no place in this state of the session."""


class SessionClosed(BridgeError):
    """The stream ended; nothing can be answered any more."""


class ServerConfigError(BridgeError):
    """The chaincode server's settings are wrong; the message names which."""


class Refusal(Exception):
    """A contract says no: the caller gets ``status`` and ``CODE: sentence``.

    >>> from pmcb_chaincode import Code
    >>> str(Refusal(Code.NOT_FOUND, "There is no such note."))
    'NOT_FOUND: There is no such note.'
    """

    def __init__(self, code: RefusalCode, sentence: str) -> None:
        if not 400 <= code.status < 600:
            raise ValueError("a refusal's status lies from 400 to 599")
        super().__init__(f"{code.value}: {sentence}")
        self.code = code
        self.sentence = sentence
