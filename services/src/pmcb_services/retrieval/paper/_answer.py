# SPDX-License-Identifier: Apache-2.0
"""An answer of the reproduction, which says what it is."""

from __future__ import annotations

from dataclasses import dataclass

from pmcb_services.retrieval import Answer

__all__ = ["LABEL", "PaperAnswer"]

LABEL = "insecure-reproduction-only"


@dataclass(frozen=True, eq=False)
class PaperAnswer(Answer):
    """An answer of the reproduction, with what the cloud did for it.

    Attributes:
        tests: sign tests.
        nodes: segments of trees that were looked at.
    """

    tests: int
    nodes: int
    label: str = LABEL

    def document(self) -> dict[str, object]:
        """The answer for JSON, labelled."""
        return super().document() | {"label": self.label, "tests": self.tests, "nodes": self.nodes}
