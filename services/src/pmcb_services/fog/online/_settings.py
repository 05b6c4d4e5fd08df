# SPDX-License-Identifier: Apache-2.0
"""How a gateway is run: the ``[gateway]`` table of ``fog.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from pydantic import TypeAdapter, ValidationError

from pmcb_services.fog.errors import InvalidInput

from ._lease import BEAT_S, LEASE_S

__all__ = ["GatewaySettings"]

_MOST = MappingProxyType({"control": 10_000, "retrieval": 10_000, "upload": 20_000})


@dataclass(frozen=True, kw_only=True)
class GatewaySettings:
    """What may be set; every default is that of the manual.

    Attributes:
        penalty: pi of the model, 0 .. 1: 0 saves energy, 1 is quick.
        lease_s: seconds that a fog worker keeps an order without a sign of life.
        beat_s: seconds between its signs.
        result_ttl_s: seconds that results are kept for their submitters.
        most: orders of each class that may be open; beyond, and beyond their sum's three
            quarters, submitters are told to come again.
        dedup_devices: ids of devices, or of organisations for all theirs, whose adapters drop an
            order that comes twice: their orders run again when nobody knows whether they did, all
            others are held.
    """

    penalty: float = 0.5
    lease_s: float = LEASE_S
    beat_s: float = BEAT_S
    result_ttl_s: float = 3600.0
    most: dict[str, int] = field(default_factory=lambda: dict(_MOST))
    dedup_devices: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._check("penalty", self.penalty, 0.0, 1.0)
        self._check("lease_s", self.lease_s, 0.2, 600.0)
        self._check("beat_s", self.beat_s, 0.05, self.lease_s / 2)
        self._check("result_ttl_s", self.result_ttl_s, 1.0, 30 * 86400.0)
        for name in _MOST:
            if name not in self.most:
                raise InvalidInput(f"'most' lacks the class {name}.", field="most")
            self._check("most", self.most[name], 0, 10**6)
        if len(self.most) != len(_MOST):
            raise InvalidInput(f"'most' has the classes {', '.join(_MOST)} only.", field="most")

    @property
    def most_in_all(self) -> int:
        """Open orders beyond which none is taken."""
        return max(1, 3 * sum(self.most.values()) // 4)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Of a file; a missing table is all defaults.

        Raises:
            InvalidInput: names the entry that cannot be.
        """
        try:
            document = tomllib.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise InvalidInput(
                f"{path.name} cannot be read as TOML ({type(error).__name__}).", field="config"
            ) from error
        table: Any = document.get("gateway", {})
        known = {each.name for each in fields(cls)}
        if not isinstance(table, dict) or (unknown := sorted(set(table) - known)):
            name = "gateway" if not isinstance(table, dict) else unknown[0]
            raise InvalidInput(
                f"'{name}' is no entry of [gateway]: {', '.join(sorted(known))}.", field=name
            )
        try:
            return TypeAdapter(cls).validate_python(table)
        except ValidationError as error:
            place = error.errors(include_input=False, include_url=False)[0]["loc"]
            name = str(place[0]) if place else "gateway"
            raise InvalidInput(f"'{name}' of [gateway] is malformed.", field=name) from None

    @staticmethod
    def _check(name: str, value: float, least: float, most: float) -> None:
        if not least <= value <= most:
            raise InvalidInput(f"'{name}' must be from {least:g} to {most:g}.", field=name)
