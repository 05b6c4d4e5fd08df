# SPDX-License-Identifier: Apache-2.0
"""The fields of a scenario as they stand in its file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pmcb_services.fog.errors import ScenarioError
from pmcb_services.fog.online import COEFFICIENT, IDLE

__all__ = ["Document", "checked"]

OrderClass = Literal["control", "retrieval", "upload"]
_LEAST, _MOST = 1e-9, 1e12
_M = TypeVar("_M", bound=BaseModel)
_SAID = {"extra_forbidden": "there is no such field", "missing": "is missing"}


class _Entry(BaseModel):
    """No number is so small or so large that products of a few of them would be 0 or infinite."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


class Model(_Entry):
    """Weights and powers; see the model in docs/fog.md."""

    penalty: float = Field(0.5, ge=0, le=1)
    idle: float = Field(IDLE, ge=0, le=_MOST)
    coefficient: float = Field(COEFFICIENT, ge=0, le=_MOST)
    normalise: bool = False


class ServerEntry(_Entry):
    """One server; powers that are null follow from its speed."""

    id: str = Field(pattern="^[a-z0-9-]{1,32}$")
    speed: float = Field(ge=_LEAST, le=_MOST)
    bandwidth: float | None = Field(None, ge=_LEAST, le=_MOST)
    memory: float | None = Field(None, ge=0, le=_MOST)
    storage: float | None = Field(None, ge=0, le=_MOST)
    kinds: list[str] | None = None
    busy_w: float | None = Field(None, ge=0, le=_MOST)
    idle_w: float | None = Field(None, ge=0, le=_MOST)
    sleep_w: float | None = Field(None, ge=0, le=_MOST)
    sleep_after: float = Field(0.0, ge=0, le=_MOST)
    wake_s: float = Field(0.0, ge=0, le=_MOST)


class OrderEntry(_Entry):
    """One order; without a kind it is of its class's kind, without a weight of its weight."""

    id: str = Field(min_length=1, max_length=64)
    order_class: OrderClass = Field("upload", alias="class")
    kind: str | None = None
    length: float = Field(ge=_LEAST, le=_MOST)
    size: float = Field(0.0, ge=0, le=_MOST)
    arrival: float = Field(0.0, ge=0, le=_MOST)
    deadline: float | None = Field(None, ge=-_MOST, le=_MOST)
    weight: float | None = Field(None, ge=0, le=_MOST)


class ArrivalsEntry(_Entry):
    """Orders that a random process brings."""

    process: Literal["poisson"] = "poisson"
    rate: float = Field(ge=_LEAST, le=_MOST)
    horizon: float = Field(ge=_LEAST, le=_MOST)
    mix: dict[str, float]


class FailureEntry(_Entry):
    """Something that goes wrong with a server for a while; without an end, for ever."""

    at: float = Field(ge=0, le=_MOST)
    until: float | None = Field(None, le=_MOST)
    server: str
    kind: Literal["crash", "slow", "partition"]
    factor: float | None = Field(None, ge=1, le=_MOST)


class Document(_Entry):
    """A scenario."""

    schema_: Literal["pmcb-fog/1"] = Field(alias="schema")
    seed: int = Field(0, ge=0)
    model: Model = Field(default_factory=lambda: Model.model_validate({}))
    servers: list[ServerEntry] = Field(min_length=1)
    orders: list[OrderEntry] = []
    etc: Any = None  # a matrix or a path: checked where the counts are known
    arrivals: ArrivalsEntry | None = None
    failures: list[FailureEntry] = []
    etc_error: float = Field(0.0, ge=0, le=3)


def checked(kind: type[_M], document: Mapping[str, object]) -> _M:
    """The document as what it should be.

    Raises:
        ScenarioError: points to the first field that is wrong.
    """
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        pointer = "".join(f"/{_escaped(str(part))}" for part in first["loc"])
        said = _SAID.get(first["type"], first["msg"][:1].lower() + first["msg"][1:])
        raise ScenarioError(f"{said}.", pointer=pointer) from None


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
