# SPDX-License-Identifier: Apache-2.0
"""An institution's keys on their way to another gateway of it, for one person's eyes."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pmcb_client._canonical import canonical
from pmcb_client.sealing import Context, unwrap_for, wrap
from pmcb_services.retrieval.errors import AccessError, InputError, KeyMismatch
from pmcb_services.retrieval.keys import StoreKeys

from ._folder import Folder, StoreFolder, Unfinished
from ._store_ledger import Contract, asked

if TYPE_CHECKING:
    from pmcb_client.wallet import WalletIdentity

__all__ = ["import_keys", "share_keys"]

_PURPOSE = "store-keys"
_SIGNED = b"pmcb/store-keys/1\0"
_ROLE = "institution"


async def share_keys(
    folder: Folder, contract: Contract, identity: WalletIdentity, to: str
) -> bytes:
    """Keys and stores of a folder, sealed to another institution of the same organisation.

    With the keys go each store's id on the ledger, the newest root that is known here and the
    terms of grants; the audit trail stays.

    Args:
        folder: with the keys.
        contract: knows the receiver's key.
        identity: signs.
        to: ``msp/name``.

    Returns:
        what `import_keys` takes.

    Raises:
        KeyMismatch: there are no keys here.
        AccessError: the receiver is no institution of the organisation, or announced no key.
        LedgerUnavailable: it does not answer.
    """
    keys = folder.keys()
    point = await _announced(contract, to, identity.msp_id)
    stores = {name: _told(folder.store(name)) for name in folder.names()}
    content = json.dumps({"secret": keys.secret.hex(), "stores": stores}).encode()
    sealed = wrap(content, point, _context(to)).hex()
    letter = {"from": identity.uid, "to": to, "sealed": sealed}
    return canonical({**letter, "signature": identity.signer(_digest(letter)).hex()}) + b"\n"


async def import_keys(
    folder: Folder, contract: Contract, identity: WalletIdentity, shared: bytes
) -> list[str]:
    """Take over what `share_keys` gave; the same again is no change.

    Args:
        folder: gets keys and stores; none that it has is overwritten.
        contract: knows the sender's key.
        identity: to which it was sealed.
        shared: as it came.

    Returns:
        the names of the stores that were shared.

    Raises:
        InputError: these are no shared keys.
        AccessError: they are for somebody else, or not signed by an institution of the
            organisation with the key that it announced.
        SealingError: they do not open.
        KeyMismatch: other keys are here.
        StoreExists: another store of a name is here; the stores before it were taken over.
        LedgerUnavailable: it does not answer.
    """
    letter, signature = _letter(shared)
    if letter["to"] != identity.uid:
        raise AccessError(f"The keys were shared with {letter['to']}.", next_step="")
    point = await _announced(contract, letter["from"], identity.msp_id)
    _check_signature(point, signature, letter)
    content = json.loads(
        unwrap_for(identity, bytes.fromhex(letter["sealed"]), _context(identity.uid))
    )
    keys = StoreKeys(bytes.fromhex(content["secret"]))
    if folder.made_keys(keys).fingerprint != keys.fingerprint:
        raise KeyMismatch("This institution has other keys already.", next_step="")
    for name, told in content["stores"].items():
        _take(folder, name, told)
    return sorted(content["stores"])


def _told(place: StoreFolder) -> dict[str, Any]:
    about = place.about()
    with place.database.open() as database:
        state = database.execute("SELECT version, digest, log_end FROM state").fetchone()
        terms = database.execute("SELECT grant_id, sealed FROM terms").fetchall()
    version, digest, log_end = state or (0, b"", 0)
    return {
        "about": vars(about),
        "state": [version, digest.hex(), log_end],
        "terms": {grant: sealed.hex() for grant, sealed in terms},
    }


def _take(folder: Folder, name: str, told: dict[str, Any]) -> None:
    about = Unfinished(**told["about"])
    if name in folder.names() and folder.store(name).dataset == about.dataset:
        return
    made = folder.adopted(name, about)
    version, digest, log_end = told["state"]
    terms = [(grant, bytes.fromhex(sealed)) for grant, sealed in told["terms"].items()]
    with made.database.open() as database:
        row = (version, bytes.fromhex(digest), log_end)
        database.execute("INSERT OR REPLACE INTO state VALUES (1, ?, ?, ?)", row)
        database.executemany("INSERT OR REPLACE INTO terms VALUES (?, ?)", terms)
    folder.finish(made)


async def _announced(contract: Contract, uid: str, msp_id: str) -> str:
    """The key of an institution of this organisation, a compressed point in hex."""
    msp, _, person = uid.partition("/")
    found = json.loads(await asked(lambda: contract.evaluate("get_key", msp, person)))
    if msp != msp_id or found["role"] != _ROLE:
        raise AccessError(f"{uid} is no {_ROLE} of {msp_id}.", next_step="")
    return str(found["key"])


def _letter(shared: bytes) -> tuple[dict[str, str], bytes]:
    try:
        found = json.loads(shared)
        letter = {name: found[name] for name in ("from", "to", "sealed")}
        if all(isinstance(each, str) for each in letter.values()):
            bytes.fromhex(letter["sealed"])
            return letter, bytes.fromhex(found["signature"])
    except (ValueError, KeyError, TypeError):
        pass
    raise InputError(
        "These are no shared keys.", next_step="`pmcb retrieval share-keys` writes them."
    )


def _check_signature(point: str, signature: bytes, letter: dict[str, str]) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    from cryptography.hazmat.primitives.hashes import SHA256

    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(point))
    try:
        key.verify(signature, _digest(letter), ec.ECDSA(Prehashed(SHA256())))
    except InvalidSignature:
        raise AccessError(
            f"The keys are not signed with the key that {letter['from']} announced.",
            next_step="Have them shared again, and trust no other file.",
        ) from None


def _digest(letter: dict[str, str]) -> bytes:
    return sha256(_SIGNED + canonical(letter)).digest()


def _context(to: str) -> Context:
    """The keys belong to no task."""
    return Context(_PURPOSE, "", 0, to)
