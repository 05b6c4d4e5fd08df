# SPDX-License-Identifier: Apache-2.0
"""Range search over encrypted records on a cloud that learns neither records nor questions."""

from ._answer import Answer
from ._attribute import Attribute
from ._box import Box
from ._carried import Carried
from ._schema import Schema

__all__ = ["Answer", "Attribute", "Box", "Carried", "Schema"]
