# SPDX-License-Identifier: Apache-2.0
"""A cloud over HTTP; apart from the clouds, whose users need no web server."""

from ._application import cloud_application

__all__ = ["cloud_application"]
