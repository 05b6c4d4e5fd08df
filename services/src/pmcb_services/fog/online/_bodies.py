# SPDX-License-Identifier: Apache-2.0
"""What callers send."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from pmcb_services.common._bodies import Body

__all__ = ["Batch", "Drain", "PlanAsked", "Resolve", "Submission"]


class Submission(Body):
    """An order, as it is submitted."""

    id: str = Field(
        pattern=r"^[A-Za-z0-9._-]{1,64}$",
        description="Chosen by the submitter: sent again, it is the same order.",
    )
    kind: str = Field(description="retrieval.query, upload.submission, ...")
    payload: str = Field(default="", description="Base64, at most 8 MiB of bytes.")
    subject: str = Field(
        default="",
        max_length=129,
        description="A data set's id (retrieval.query), or a device's (device.*).",
    )
    command: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9._-]{0,64}$",
        description="For the device; of device.control only.",
    )
    sha256: str = Field(
        default="", pattern="^([0-9a-f]{64})?$", description="Of the payload; needed by uploads."
    )
    length: float | None = Field(default=None, description="MI; else that of the kind.")
    order_class: Literal["control", "retrieval", "upload"] | None = Field(
        default=None, alias="class", description="compute.test chooses it, others have their own."
    )
    deadline_ms: int | None = Field(
        default=None, ge=0, lt=10**13, description="Milliseconds UTC; 0 for none."
    )
    if_late: Literal["accept", "reject"] = Field(
        default="accept", description="What to do where it cannot be over by its deadline."
    )


class Batch(Body):
    """Many of them."""

    orders: list[dict[str, Any]] = Field(min_length=1, max_length=1000)


class Resolve(Body):
    """What an operator decides of an order that is UNKNOWN or DEAD."""

    decision: Literal["confirm", "abandon", "retry"]


class Drain(Body):
    """Whether nothing more is begun there."""

    draining: bool = True


class PlanAsked(Body):
    """A scenario to plan."""

    scenario: dict[str, Any]
    algorithm: str = "pricebat"
    time_s: float = Field(default=0.5, gt=0, le=30)
    seed: int = 0
