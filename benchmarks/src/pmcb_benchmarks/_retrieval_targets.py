# SPDX-License-Identifier: Apache-2.0
"""What is asked of encrypted retrieval."""

from ._retrieval_names import DUCKDB, MRSE, POSTGRESQL

MEAN = 3.0
"""A query of the mean may take so many times what one of the median may, epoch changes included."""

ANCHORED = 100_000
MILLISECONDS = {  # by records and attributes
    (100_000, 5): 0.5,
    (1_000_000, 5): 1.0,
    (1_000_000, 8): 4.0,
    (10_000_000, 5): 2.5,
}
TIMES = {  # by records and attributes: at most so many times as long as SciPy's tree
    (1_000_000, 5): 8.0,
    (10_000_000, 5): 4.0,
}
FASTER = {  # by records and whom: at least so many times as fast
    (1_000_000, DUCKDB): 8.0,
    (10_000_000, DUCKDB): 18.0,
    (ANCHORED, MRSE): 15.0,
    (447_554, POSTGRESQL): 1.0,
}
ADDED_MS, PER_S = 1.0, 500.0
BYTES, DIRECTORY, ROUND = 40.0, 0.3, 60_000
CHANGE = {False: 180_000, True: 220_000}  # amortised over an epoch's rounds; beyond a million
BUILD_S, FOLD_S, FOLD_FAR_S = 13.0, 1.0, 4.0
BUILT = (1_000_000, 5)
UPDATES = 50_000
PAIR_BYTES, PAIR_MS, PAIR_TESTS = 500.0, 0.05, 5.0
BOXES = 10_000
CAUGHT = 0.99
