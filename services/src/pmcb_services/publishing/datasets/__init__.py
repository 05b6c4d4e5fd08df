# SPDX-License-Identifier: Apache-2.0
"""The tables that figures are measured on: four published ones, a made-up clinic, stand-ins."""

from ._adl import ACTIVITIES, read_adl
from ._adult import read_adult
from ._clinic import make_clinic
from ._csm import read_csm
from ._dataset import DataSet
from ._fetch import FOLDER, PUBLISHED, Part, Published, as_published, find_part
from ._load import NAMES, load
from ._news import read_news
from ._standin import StandInWarning, stand_in

__all__ = [
    "ACTIVITIES",
    "FOLDER",
    "NAMES",
    "PUBLISHED",
    "DataSet",
    "Part",
    "Published",
    "StandInWarning",
    "as_published",
    "find_part",
    "load",
    "make_clinic",
    "read_adl",
    "read_adult",
    "read_csm",
    "read_news",
    "stand_in",
]
