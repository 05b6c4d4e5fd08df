# SPDX-License-Identifier: Apache-2.0
"""The kinds of orders: who may submit them, what is checked, and how long they take by default."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ._order import OnUnknown

__all__ = ["DEVICE_KINDS", "KINDS", "OPERATORS", "Kind"]

OPERATORS = frozenset({"authority", "institution"})


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind.

    Attributes:
        order_class: its class.
        roles: who may submit it.
        subject: what its ``subject`` is: a data set's id, a device's, the SHA-256 of its payload
            (which the gateway fills in), or nothing.
        command: what the device is told; "" where the submitter says it.
        length: [MI] where the submitter says nothing; within its class.
        due_s: seconds until its deadline where the submitter says nothing.
        on_unknown: what happens when nobody knows whether it was done.
        is_forwarded: whether its payload is the submitter's own signed request to a service; its
            deadline is at most when that expires.
    """

    order_class: str
    roles: frozenset[str]
    subject: Literal["dataset", "device", "hash", ""]
    length: float
    due_s: float
    command: str = ""
    on_unknown: OnUnknown = "rerun"
    is_forwarded: bool = False


_DEVICE = Kind(
    order_class="control",
    roles=frozenset({"worker"}),
    subject="device",
    length=250.0,
    due_s=5.0,
    on_unknown="hold",
)

KINDS = {
    "retrieval.query": Kind(
        order_class="retrieval",
        roles=frozenset({"worker"}),
        subject="dataset",
        length=2500.0,
        due_s=60.0,
        is_forwarded=True,
    ),
    "upload.submission": Kind(
        order_class="upload",
        roles=frozenset({"receiver"}),
        subject="hash",
        length=10_000.0,
        due_s=600.0,
        is_forwarded=True,
    ),
    "upload.observation": Kind(
        order_class="upload",
        roles=frozenset({"institution"}),
        subject="hash",
        length=10_000.0,
        due_s=600.0,
        is_forwarded=True,
    ),
    "device.control": _DEVICE,
    "device.add": replace(_DEVICE, command="add"),
    "device.remove": replace(_DEVICE, command="remove"),
    "compute.test": Kind(
        order_class="upload", roles=OPERATORS, subject="", length=1000.0, due_s=60.0
    ),
}

DEVICE_KINDS = {name: kind for name, kind in KINDS.items() if kind.subject == "device"}
"""What a device's adapter does."""
