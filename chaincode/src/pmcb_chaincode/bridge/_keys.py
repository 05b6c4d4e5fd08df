# SPDX-License-Identifier: Apache-2.0
"""Composite keys: a record type and its attributes in one key that sorts like its parts."""

_MIN = "\x00"
_MAX = "\U0010ffff"


def composite(record_type: str, *attributes: str) -> str:
    r"""The key ``\0type\0attribute\0...``.

    Raises:
        ValueError: a part holds U+0000 or U+10FFFF, which delimit parts and ranges, or a lone
            surrogate, which has no UTF-8.

    >>> composite("LV", "1", "a")
    '\x00LV\x001\x00a\x00'
    """
    parts = (record_type, *attributes)
    for part in parts:
        if _MIN in part or _MAX in part:
            raise ValueError("a key's part holds U+0000 or U+10FFFF")
        check_utf8(part)
    return _MIN + "".join(part + _MIN for part in parts)


def check_utf8(part: str) -> None:
    """Refuse what no peer could be sent.

    Raises:
        ValueError: the text holds a lone surrogate, which has no UTF-8.
    """
    try:
        part.encode()
    except UnicodeEncodeError:
        raise ValueError("a key holds a lone surrogate") from None


def split_composite(key: str) -> tuple[str, ...]:
    """The parts that ``composite`` joined: the record type, then its attributes.

    >>> split_composite(composite("LV", "1", "a"))
    ('LV', '1', 'a')
    """
    return tuple(key[1:-1].split(_MIN))


def prefix_range(record_type: str, *attributes: str) -> tuple[str, str]:
    """Start (inclusive) and end (exclusive) of all keys that begin with these parts."""
    start = composite(record_type, *attributes)
    return start, start + _MAX
