# SPDX-License-Identifier: Apache-2.0
"""What a cloud sees of a store, recorded and measured."""

from ._meters import Score, likeness, link, locate
from ._profile import PROFILES, Measured, measure, profile_document
from ._transcript import Event, RecordingCloud, Transcript
from ._workload import Workload

__all__ = [
    "PROFILES",
    "Event",
    "Measured",
    "RecordingCloud",
    "Score",
    "Transcript",
    "Workload",
    "likeness",
    "link",
    "locate",
    "measure",
    "profile_document",
]
