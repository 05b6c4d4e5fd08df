# SPDX-License-Identifier: Apache-2.0
"""Who may read the channel: any member, by a signature over the request."""

from collections.abc import Callable

from ._failures import GatewayError, StatusCode
from ._identity import Directory, InvalidIdentity, UnknownIdentity

_NO_CHANNEL = (
    "Invalid channel ID name during check policy on signed data. Name must be different from nil."
)
_UNSATISFIED = (
    "implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires"
    " 1 of the 'Readers' sub-policies to be satisfied"
)


class Readers:
    """The channel's readers, as its peers' access control knows them."""

    def __init__(self, directory: Directory, *, channel: str, clock: Callable[[], int]) -> None:
        self._directory = directory
        self._clock = clock
        self.channel = channel

    def admits(self, identity: bytes) -> bool:
        """Whether this is a member now: neither expired nor revoked."""
        try:
            self._directory.member(identity, self._clock())
        except (UnknownIdentity, InvalidIdentity):
            return False
        return True

    def signed(self, identity: bytes, signature: bytes, data: bytes) -> bool:
        """Whether a member signed the data."""
        try:
            member = self._directory.member(identity, self._clock())
        except (UnknownIdentity, InvalidIdentity):
            return False
        return member.verifies(signature, data)

    def check(self, channel: str, identity: bytes, signature: bytes, data: bytes) -> None:
        """Raises what a peer's access control says unless a member of the channel signed."""
        if not channel:
            raise GatewayError(StatusCode.PERMISSION_DENIED, _NO_CHANNEL)
        if channel != self.channel:
            raise GatewayError(
                StatusCode.PERMISSION_DENIED,
                f"Failed to get policy manager for channel [{channel}]",
            )
        if not self.signed(identity, signature, data):
            raise GatewayError(
                StatusCode.PERMISSION_DENIED,
                "Failed evaluating policy on signed data during check policy on channel"
                f" [{channel}] with policy [/Channel/Application/Readers]: [{_UNSATISFIED}]",
            )
