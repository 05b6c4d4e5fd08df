# SPDX-License-Identifier: Apache-2.0
"""Range search over encrypted records on a cloud that learns neither records nor questions."""

from typing import TYPE_CHECKING

from pmcb_client._lazy import lazily as _lazily

if TYPE_CHECKING:
    from ._answer import Answer
    from ._attribute import Attribute
    from ._box import Box
    from ._carried import Carried
    from ._schema import Schema

__all__ = ["Answer", "Attribute", "Box", "Carried", "Schema"]

__getattr__ = _lazily(
    __name__,
    {
        "Answer": "._answer",
        "Attribute": "._attribute",
        "Box": "._box",
        "Carried": "._carried",
        "Schema": "._schema",
    },
)
"""A cloud keeps bytes and does without numbers: these wait until asked for."""
