# SPDX-License-Identifier: Apache-2.0
"""Notices: what a task is for and who reads its answers, public and in words."""

import re

__all__ = ["MAX_NOTICE_BYTES", "notice_text"]

MAX_NOTICE_BYTES = 1 << 20
_CONTROL = re.compile(r"[^\t\n\r -~\x80-\U0010ffff]|[\x80-\x9f]")  # what moves a terminal's cursor


def notice_text(data: bytes) -> str:
    """The words of a notice, fit for a terminal.

    Raises:
        ValueError: it is empty, larger than 1 MiB, not UTF-8, or has control characters other
            than line ends and tabs.

    >>> notice_text(b"We measure blood pressure.")
    'We measure blood pressure.'
    """
    text = data.decode()
    if not text.strip() or len(data) > MAX_NOTICE_BYTES or _CONTROL.search(text):
        raise ValueError("a notice is text in UTF-8, at most 1 MiB, without control characters")
    return text
