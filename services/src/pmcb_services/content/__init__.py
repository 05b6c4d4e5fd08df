# SPDX-License-Identifier: Apache-2.0
"""The crowdsensing server's store: sealed files by hash, which it cannot read."""

from ._app import QUOTA_BYTES, content_application
from ._blobs import Blobs, Stored

__all__ = ["QUOTA_BYTES", "Blobs", "Stored", "content_application"]
