# SPDX-License-Identifier: Apache-2.0
"""Orders of all five kinds, as those who may submit them make them."""

from __future__ import annotations

import json
import random
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pmcb_client.sealing import Kind, Place, seal
from pmcb_services.fog.client import submission
from pmcb_services.fog.online._inner import InnerRequest
from pmcb_services.retrieval.worker import audience

from ._organisation_people import COMMAND, People
from ._organisation_site import ORGANISATION, STORE, Site

__all__ = ["KINDS", "Made", "Orders"]

LIFETIME_S = 3600
_ANSWER_BYTES = 2_000
_TEST_MI = 100.0  # 5 ms
_WIDTH = 5

KINDS: Mapping[str, str] = {
    "retrieval.query": "doctor",
    "upload.submission": "r0",
    "upload.observation": "institution",
    "device.control": "doctor",
    "compute.test": "institution",
}
"""Whose order it is."""


@dataclass(frozen=True)
class Made:
    """An order that is to be submitted.

    Attributes:
        kind: of it.
        label: who submits it.
        document: what is sent.
        hash: of the sealed file that a submission brings; "" of others.
        at: of the row that an observation brings, milliseconds UTC; 0 of others.
    """

    kind: str
    label: str
    document: dict[str, Any] = field(repr=False)
    hash: str = ""
    at: int = 0

    @property
    def id(self) -> str:
        """Of the order."""
        return str(self.document["id"])


class Orders:
    """Makes them; each observation has a moment of its own.

    Args:
        site: whose services they are for.
        people: who submit them.
        keys: of readers of sealed files, by uid.
        seed: of values.
    """

    def __init__(self, site: Site, people: People, keys: Mapping[str, str], seed: int) -> None:
        self._device, self._people, self._keys = site.device, people, keys
        self._draws = random.Random(f"{seed} orders")
        self._run = secrets.token_hex(4)
        self._institution = people.get("institution").uid
        self._at = time.time_ns() // 1_000_000 - 10**9  # none of another row

    def make(self, kind: str, number: int) -> Made:
        """The order of this number; takes a millisecond or two."""
        name, label = f"{self._run}-{number}", KINDS[kind]
        match kind:
            case "retrieval.query":
                low = self._draws.randint(30, 220 - _WIDTH)
                ranges = {"heart_rate": [low, low + _WIDTH]}
                body = {"ranges": ranges, "minimum": 0, "everything": False}
                payload = self._signed(label, f"/v1/stores/{STORE}/query", body)
                made = submission(name, kind, payload, subject=self._people.dataset)
            case "upload.observation":
                self._at += 1
                values = {"heart_rate": self._draws.randint(30, 220)}
                rows = [{"at": self._at, "values": values}]
                body = {"subject_ref": f"bed {self._draws.randint(1, 20)}", "rows": rows}
                made = submission(name, kind, self._signed(label, "/v1/observations", body))
                return Made(kind, label, made, at=self._at)
            case "upload.submission":
                blob = self._sealed(label)
                made = submission(name, kind, self._put(label, blob.hash, blob.data))
                return Made(kind, label, made, hash=blob.hash)
            case "device.control":
                made = submission(name, kind, b"5 ml", subject=self._device, command=COMMAND)
            case _:
                made = submission(name, kind, length=_TEST_MI)
        return Made(kind, label, made)

    def _signed(self, label: str, target: str, body: object) -> bytes:
        of_gateway = target.startswith("/v1/stores/")
        return InnerRequest.sign(
            "POST",
            target,
            json.dumps(body).encode(),
            self._people.get(label),
            audience=audience(self._institution) if of_gateway else "intake",
            lifetime_s=LIFETIME_S,
            to=ORGANISATION,
        ).encode()

    def _put(self, label: str, digest: str, data: bytes) -> bytes:
        who, target = self._people.get(label), f"/v1/blobs/{digest}"
        return InnerRequest.sign(
            "PUT", target, data, who, audience="content", lifetime_s=LIFETIME_S,
            content_type="application/octet-stream",
        ).encode()  # fmt: skip

    def _sealed(self, label: str) -> Any:
        who = self._people.get(label).uid
        place = Place(secrets.token_hex(16), 0, slot=0, holder=who)
        return seal(Kind.ANSWER, place, bytes(_ANSWER_BYTES), recipients=self._keys)[0]
