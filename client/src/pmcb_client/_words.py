# SPDX-License-Identifier: Apache-2.0
"""What others said, as it may stand in a message of ours."""

_LONGEST = 300


def one_line(words: str) -> str:
    r"""Foreign words in one line of at most 300 characters, without what a terminal would obey.

    >>> one_line("No.\r\n\x1b[2JNever.")
    'No. [2JNever.'
    """
    printable = "".join(each if each.isprintable() else " " for each in words)
    return " ".join(printable.split())[:_LONGEST]
