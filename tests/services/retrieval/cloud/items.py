# SPDX-License-Identifier: Apache-2.0
"""Items, log items and labels of stores whose blobs have 8 bytes and log entries 4."""


def label(number):
    """The label of a number: 16 bytes, ascending."""
    return number.to_bytes(16, "big")


def items(*numbers, mark=0):
    """Items whose blobs tell their number."""
    return b"".join(label(n) + bytes([mark]) * 4 + n.to_bytes(4, "big") for n in numbers)


def entries(*numbers):
    """Log items."""
    return b"".join(label(n) + n.to_bytes(4, "big") for n in numbers)


def blobs(*numbers, mark=0):
    """What a fetch of these labels gives."""
    return b"".join(bytes([mark]) * 4 + n.to_bytes(4, "big") for n in numbers)
