# SPDX-License-Identifier: Apache-2.0
"""Opening what was sealed to a person, whichever of the person's keys it was sealed to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from ._blob import Blob, Kind, Place
from ._wrap import Context, unwrap
from .errors import WrongPlace

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

    from pmcb_client.wallet import WalletIdentity

__all__ = ["open_for", "unwrap_for"]

_T = TypeVar("_T")


def open_for(identity: WalletIdentity, blob: Blob, *, kind: Kind, place: Place) -> bytes:
    """The plaintext of a blob whose key was wrapped for this person.

    Raises:
        SealingError: as `Blob.key_for` and `Blob.open` say.
    """
    if (blob.kind, blob.place) != (kind, place):
        raise WrongPlace("The sealed file belongs to another task, slot or purpose.")
    key = _with_some_key(identity, lambda private: blob.key_for(identity.uid, private))
    return blob.open(key, kind=kind, place=place)


def unwrap_for(identity: WalletIdentity, wrapped: bytes, context: Context) -> bytes:
    """What was wrapped for this person.

    Raises:
        SealingError: as `unwrap` says.
    """
    return _with_some_key(identity, lambda private: unwrap(wrapped, private, context))


def _with_some_key(
    identity: WalletIdentity, attempt: Callable[[ec.EllipticCurvePrivateKey], _T]
) -> _T:
    """A renewed certificate has another key; what was sealed before opens with the one before."""
    wrong: WrongPlace | None = None
    for private in _keys(identity):
        try:
            return attempt(private)
        except WrongPlace as error:
            wrong = wrong or error
    assert wrong is not None
    raise wrong


def _keys(identity: WalletIdentity) -> Iterator[ec.EllipticCurvePrivateKey]:
    yield identity.private_key
    for pair in identity.earlier:
        yield pair.private_key
