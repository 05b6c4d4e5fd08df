# SPDX-License-Identifier: Apache-2.0
"""Listings in pages: a size, and a bookmark that must lie in the listing's own range."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Annotated

from pmcb_chaincode.bridge import (
    KV,
    Code,
    Context,
    Int,
    JsonObject,
    Match,
    Refusal,
    prefix_range,
    split_composite,
)

PageSize = Annotated[int, Int(1, 200)]
Bookmark = Annotated[str, Match("[A-Za-z0-9_-]{0,700}", "empty, or a bookmark of this listing")]


async def read_page(
    ctx: Context, prefix: tuple[str, ...], parts: int, size: int, bookmark: str, *, since: str = ""
) -> tuple[Sequence[KV], str]:
    """The rows of one page and the bookmark of the next, "" at the end.

    Keys of the listing begin with ``prefix`` and have ``parts`` attributes. Rows below ``since``
    are left out, also when the bookmark is older than it.
    """
    start, end = prefix_range(*prefix)
    if bookmark:
        start = _decode(bookmark, start, parts)
    page = await ctx.ledger.page(max(start, since), end, size=size)
    return page.items, _encode(page.bookmark)


def as_page(items: Sequence[JsonObject], bookmark: str) -> JsonObject:
    """A listing's answer."""
    return {"items": items, "bookmark": bookmark}


def _encode(key: str) -> str:
    return urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _decode(bookmark: str, prefix: str, parts: int) -> str:
    """The key that a bookmark names: a whole one, of this listing, in its one spelling."""
    try:
        key = urlsafe_b64decode(bookmark + "=" * (-len(bookmark) % 4)).decode()
    except (binascii.Error, ValueError):
        key = ""
    whole = key.endswith("\0") and len(split_composite(key)) == parts + 1
    if not (whole and key.startswith(prefix) and _encode(key) == bookmark):
        raise Refusal(Code.BAD_ARGUMENT, "bookmark must come from this listing.")
    return key
