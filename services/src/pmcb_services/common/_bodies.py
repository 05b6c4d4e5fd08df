# SPDX-License-Identifier: Apache-2.0
"""What callers send: JSON with each key once, and no key that nobody knows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from .errors import ErrorCode, ServiceError

__all__ = ["Body", "body_of", "read_body"]

_Model = TypeVar("_Model", bound=BaseModel)


class Body(BaseModel):
    """A document in a request's body."""

    model_config = ConfigDict(extra="forbid", strict=True)


def read_body(
    body: bytes, kind: type[_Model], *, parse_float: Callable[[str], object] = float
) -> _Model:
    """The document in a request's body.

    Args:
        body: UTF-8; nothing at all is an empty document.
        kind: of document.
        parse_float: what becomes of numbers with a point; `str` keeps their digits.

    Raises:
        ServiceError: ``BAD_REQUEST``, with the part that is to blame.
    """
    try:
        document = json.loads(
            body.decode() or "{}", parse_float=parse_float, object_pairs_hook=_once
        )
        if b"\\ud" in body.lower():  # half of a pair is no text: no answer could repeat it
            json.dumps(document, ensure_ascii=False, default=str).encode()
        return kind.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        known = {field.alias or name for name, field in kind.model_fields.items()}
        place = str(first["loc"][0]) if first["loc"] else ""
        if place not in known:
            raise _bad(f"There are only {', '.join(sorted(known))}.") from None
        raise _bad(f"'{place}' is missing or malformed.", place) from None
    except (ValueError, RecursionError):
        raise _bad("The body is no JSON of whole characters with each key once.") from None


def body_of(kind: type[BaseModel]) -> dict[str, Any]:
    """A body's part of the OpenAPI document."""
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": kind.model_json_schema()}},
        }
    }


def _bad(message: str, field: str = "") -> ServiceError:
    return ServiceError(ErrorCode.BAD_REQUEST, message, field=field)


def _once(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    listed = list(pairs)
    if len(dict(listed)) != len(listed):
        raise ValueError("a key stands twice")
    return dict(listed)
