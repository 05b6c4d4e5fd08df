# SPDX-License-Identifier: Apache-2.0
"""D3: online articles in 58 columns; of the published 61, address, age and shares are left out."""

import csv
from pathlib import Path

from pmcb_services.publishing import Numeric, Schema

from ._dataset import DataSet, from_files
from ._fetch import content

# The powers of ten that hold the reduced set's values: taken from data, so not truly public, and
# good for reproduction only. What lies beyond them in the full set is clipped.
_BOUNDS = (
    ("n_tokens_title", 0, 100),
    ("n_tokens_content", 0, 10_000),
    ("n_unique_tokens", 0, 1),
    ("n_non_stop_words", 0, 1),
    ("n_non_stop_unique_tokens", 0, 1),
    ("num_hrefs", 0, 1_000),
    ("num_self_hrefs", 0, 100),
    ("num_imgs", 0, 100),
    ("num_videos", 0, 100),
    ("average_token_length", 0, 10),
    ("num_keywords", 0, 10),
    ("data_channel_is_lifestyle", 0, 1),
    ("data_channel_is_entertainment", 0, 1),
    ("data_channel_is_bus", 0, 1),
    ("data_channel_is_socmed", 0, 1),
    ("data_channel_is_tech", 0, 1),
    ("data_channel_is_world", 0, 1),
    ("kw_min_min", -1, 1),
    ("kw_max_min", 0, 100_000),
    ("kw_avg_min", -10_000, 10_000),
    ("kw_min_max", 0, 1_000_000),
    ("kw_max_max", 0, 1_000_000),
    ("kw_avg_max", 0, 1_000_000),
    ("kw_min_avg", -10_000, 10_000),
    ("kw_max_avg", 0, 1_000_000),
    ("kw_avg_avg", 0, 100_000),
    ("self_reference_min_shares", 0, 1_000_000),
    ("self_reference_max_shares", 0, 1_000_000),
    ("self_reference_avg_sharess", 0, 1_000_000),
    ("weekday_is_monday", 0, 1),
    ("weekday_is_tuesday", 0, 1),
    ("weekday_is_wednesday", 0, 1),
    ("weekday_is_thursday", 0, 1),
    ("weekday_is_friday", 0, 1),
    ("weekday_is_saturday", 0, 1),
    ("weekday_is_sunday", 0, 1),
    ("is_weekend", 0, 1),
    ("LDA_00", 0, 1),
    ("LDA_01", 0, 1),
    ("LDA_02", 0, 1),
    ("LDA_03", 0, 1),
    ("LDA_04", 0, 1),
    ("global_subjectivity", 0, 1),
    ("global_sentiment_polarity", -1, 1),
    ("global_rate_positive_words", 0, 1),
    ("global_rate_negative_words", 0, 0.1),
    ("rate_positive_words", 0, 1),
    ("rate_negative_words", 0, 1),
    ("avg_positive_polarity", 0, 1),
    ("min_positive_polarity", 0, 1),
    ("max_positive_polarity", 0, 1),
    ("avg_negative_polarity", -1, 1),
    ("min_negative_polarity", -1, 1),
    ("max_negative_polarity", -1, 1),
    ("title_subjectivity", 0, 1),
    ("title_sentiment_polarity", -1, 1),
    ("abs_title_subjectivity", 0, 1),
    ("abs_title_sentiment_polarity", 0, 1),
)
SCHEMA = Schema([Numeric(name, lower, upper) for name, lower, upper in _BOUNDS])
ROWS = 4_954


def read_news(path: Path) -> DataSet:
    """Read the reduced set of 4,954 articles or the full one of 39,644.

    Raises:
        OSError: the file cannot be read or unpacked.
    """
    held = content(path)
    header, *lines = csv.reader(held.decode().splitlines(), skipinitialspace=True)
    places = [header.index(name) for name, _, _ in _BOUNDS]
    rows = [[float(line[place]) for place in places] for line in lines]
    return from_files("news", SCHEMA, rows, [(path, held)])
