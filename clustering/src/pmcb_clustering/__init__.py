# SPDX-License-Identifier: Apache-2.0
"""Receivers of a social graph classified into security levels of nearly equal size.

>>> from pmcb_clustering import LevelClustering, generated_graph
>>> levels = LevelClustering(n_levels=3).fit(generated_graph(200, 1500, random_state=1))
>>> levels.quality_["balance"] <= 1.25
True

The file that ``pmcb levels classify`` writes is described at `LevelAssignment`. Names are loaded
when they are first used: the command line imports this package to show its help, and must not
wait for the numerical libraries.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmcb_clustering._assignment import bounded_assignment
    from pmcb_clustering._betweenness import Betweenness, betweenness
    from pmcb_clustering._features import scale_features
    from pmcb_clustering._generated import generated_graph
    from pmcb_clustering._graph import SocialGraph
    from pmcb_clustering._influence import influence
    from pmcb_clustering._levels import LevelClustering
    from pmcb_clustering._metrics import receiver_metrics
    from pmcb_clustering._plots import plot_classes, plot_ratio_cut
    from pmcb_clustering._quality import PartitionQuality, Quality
    from pmcb_clustering._reading import read_graph
    from pmcb_clustering._refine import refine
    from pmcb_clustering._result import LevelAssignment
    from pmcb_clustering._similarity import SimilarityGraph, similarity_graph
    from pmcb_clustering.errors import (
        ClusteringError,
        EmptyCluster,
        GraphError,
        GraphTooLarge,
        GraphWarning,
        ParameterError,
        ResultError,
    )

__all__ = [
    "Betweenness",
    "ClusteringError",
    "EmptyCluster",
    "GraphError",
    "GraphTooLarge",
    "GraphWarning",
    "LevelAssignment",
    "LevelClustering",
    "ParameterError",
    "PartitionQuality",
    "Quality",
    "ResultError",
    "SimilarityGraph",
    "SocialGraph",
    "betweenness",
    "bounded_assignment",
    "generated_graph",
    "influence",
    "plot_classes",
    "plot_ratio_cut",
    "read_graph",
    "receiver_metrics",
    "refine",
    "scale_features",
    "similarity_graph",
]

_HOMES = {
    "Betweenness": "_betweenness",
    "LevelAssignment": "_result",
    "LevelClustering": "_levels",
    "PartitionQuality": "_quality",
    "Quality": "_quality",
    "SimilarityGraph": "_similarity",
    "SocialGraph": "_graph",
    "betweenness": "_betweenness",
    "bounded_assignment": "_assignment",
    "generated_graph": "_generated",
    "influence": "_influence",
    "plot_classes": "_plots",
    "plot_ratio_cut": "_plots",
    "read_graph": "_reading",
    "receiver_metrics": "_metrics",
    "refine": "_refine",
    "scale_features": "_features",
    "similarity_graph": "_similarity",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
