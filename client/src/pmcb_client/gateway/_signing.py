# SPDX-License-Identifier: Apache-2.0
"""What its creator must sign before it is sent: here, or off-line where the key is."""

from hashlib import sha256

from pmcb_client.gateway._calls import Calls


class Signable:
    """Bytes that are sent together with their creator's signature.

    Attributes:
        bytes: exactly what is signed.
    """

    def __init__(self, calls: Calls, message: bytes, signature: bytes | None) -> None:
        self._calls = calls
        self._signature = signature
        self.bytes = message

    @property
    def digest(self) -> bytes:
        """SHA-256 of ``bytes``, 32 bytes: what a signer takes."""
        return sha256(self.bytes).digest()

    def _sign(self) -> bytes:
        """The signature, made once.

        Raises:
            NotSigned: none was given, and the gateway has no signer.
        """
        if not self._signature:
            self._signature = self._calls.sign(self.digest)
        return self._signature
