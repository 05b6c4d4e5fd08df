# SPDX-License-Identifier: Apache-2.0
"""The peer's side of the chaincode stream: one session per organisation and contract."""

from ._address import BadAddress, check_address
from ._dialled import Dialled
from ._in_process import InProcess
from ._session import Completed, ExecutionFailed, Host, PeerSession, StreamBroken

__all__ = [
    "BadAddress",
    "Completed",
    "Dialled",
    "ExecutionFailed",
    "Host",
    "InProcess",
    "PeerSession",
    "StreamBroken",
    "check_address",
]
