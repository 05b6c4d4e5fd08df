# SPDX-License-Identifier: Apache-2.0
"""What sealing and opening an answer costs, on one core."""

import secrets
import statistics
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pmcb_client.sealing import Blob, Kind, Place, seal

SIZE_BYTES = 64 * 1024
RECIPIENTS = 3


def sealing_speed(rounds: int) -> dict[str, object]:
    """CPU milliseconds, the median of many, for an answer of 64 KiB and three recipients."""
    keys = {
        f"HospitalBMSP/p{number}": ec.generate_private_key(ec.SECP256R1())
        for number in range(RECIPIENTS)
    }
    points = {uid: _point(key) for uid, key in keys.items()}
    place = Place("0" * 32, 0, slot=0, holder="HospitalAMSP/p0")
    content = secrets.token_bytes(SIZE_BYTES)
    blob, _ = seal(Kind.ANSWER, place, content, recipients=points)
    uid, key = next(iter(keys.items()))

    def opened() -> bytes:
        found = Blob.parse(blob.data)
        return found.open(found.key_for(uid, key), kind=Kind.ANSWER, place=place)

    assert opened() == content
    return {
        "size_bytes": SIZE_BYTES,
        "recipients": RECIPIENTS,
        "rounds": rounds,
        "sealed_bytes": len(blob.data),
        "seal_ms": _median_ms(lambda: seal(Kind.ANSWER, place, content, recipients=points), rounds),
        "open_ms": _median_ms(opened, rounds),
    }


def _median_ms(work: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        taken.append(1000 * (time.process_time() - started))
    return round(statistics.median(taken), 3)


def _point(key: ec.EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint).hex()
