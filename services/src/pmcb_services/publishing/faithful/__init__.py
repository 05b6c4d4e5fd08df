# SPDX-License-Identifier: Apache-2.0
"""The algorithms that the publication proposes and compares, as published, for reproduction.

DP k-means and IDP k-means are pure epsilon and may publish. MPDP k-medoids and DP k-medoids are not
private, whatever their noise: their ``release()`` raises `NotPrivate`.
"""

from ._dp_kmeans import DPKMeans
from ._dp_kmedoids import DPKMedoids
from ._idp_kmeans import IDPKMeans
from ._mp_init import Reading
from ._mpdp import MPDPKMedoids
from ._not_private import Noise

__all__ = [
    "DPKMeans",
    "DPKMedoids",
    "IDPKMeans",
    "MPDPKMedoids",
    "Noise",
    "Reading",
]
