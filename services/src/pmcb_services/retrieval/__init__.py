# SPDX-License-Identifier: Apache-2.0
"""Range search over encrypted records on a cloud that learns neither records nor questions."""

import importlib as _importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._answer import Answer
    from ._attribute import Attribute
    from ._box import Box
    from ._carried import Carried
    from ._schema import Schema

__all__ = ["Answer", "Attribute", "Box", "Carried", "Schema"]

_HOME = {
    "Answer": "._answer",
    "Attribute": "._attribute",
    "Box": "._box",
    "Carried": "._carried",
    "Schema": "._schema",
}
"""A cloud keeps bytes and does without numbers: these wait until asked for."""


def __getattr__(name: str) -> object:
    """What `_HOME` names."""
    if name in _HOME:
        return getattr(_importlib.import_module(_HOME[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
