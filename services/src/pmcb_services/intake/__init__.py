# SPDX-License-Identifier: Apache-2.0
"""The institution's intake: accepted answers and observations, in one table of its own."""

from ._app import AUDIENCE, intake_application
from ._export import export
from ._feed import AT, Feed, feeding
from ._feeds import FIRST_NUMBER, Feeds
from ._subjects import Subjects
from ._table import Intake, Record, Source, State, Summary
from ._taking import EVENTS, LeftOut, Taking

__all__ = [
    "AT",
    "AUDIENCE",
    "EVENTS",
    "FIRST_NUMBER",
    "Feed",
    "Feeds",
    "Intake",
    "LeftOut",
    "Record",
    "Source",
    "State",
    "Subjects",
    "Summary",
    "Taking",
    "export",
    "feeding",
    "intake_application",
]
