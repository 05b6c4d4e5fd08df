# SPDX-License-Identifier: Apache-2.0
"""What clusterings stand beside each other; imports nothing, as commands must."""

PUBLISHED = "mpdp"
OURS = "mpdp-k"
METHODS = (PUBLISHED, "dp-kmedoids", "dp-kmeans", "idp-kmeans", OURS)
NAMES = {
    "k-means": "k-means, no noise",
    PUBLISHED: "MPDP k-medoids (not private)",
    "dp-kmedoids": "DP k-medoids (not private)",
    "dp-kmeans": "DP k-means",
    "idp-kmeans": "IDP k-means",
    OURS: "mpdp-k",
}
"""How pictures and tables call them."""
