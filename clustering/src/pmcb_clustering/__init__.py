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
    from pmcb_clustering._classes_plot import plot_classes
    from pmcb_clustering._features import scale_features
    from pmcb_clustering._generated import generated_graph
    from pmcb_clustering._graph import SocialGraph
    from pmcb_clustering._influence import influence
    from pmcb_clustering._layout import Layout, graph_layout
    from pmcb_clustering._leakage import (
        Leakage,
        Sharing,
        independent_leakage,
        pool_leakage,
        spread_leakage,
        worst_placement,
    )
    from pmcb_clustering._leakage_fig8 import PaperFig8, full_losses, paper_fig8
    from pmcb_clustering._leakage_gangs import GangLeakage, gang_leakage
    from pmcb_clustering._leakage_intervals import Estimate
    from pmcb_clustering._leakage_plots import plot_fig8, plot_leakage
    from pmcb_clustering._leakage_scenarios import LeakageScenario, leakage_scenarios
    from pmcb_clustering._levels import LevelClustering
    from pmcb_clustering._metrics import receiver_metrics
    from pmcb_clustering._plots import plot_ratio_cut
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
    "Estimate",
    "GangLeakage",
    "GraphError",
    "GraphTooLarge",
    "GraphWarning",
    "Layout",
    "Leakage",
    "LeakageScenario",
    "LevelAssignment",
    "LevelClustering",
    "PaperFig8",
    "ParameterError",
    "PartitionQuality",
    "Quality",
    "ResultError",
    "Sharing",
    "SimilarityGraph",
    "SocialGraph",
    "betweenness",
    "bounded_assignment",
    "full_losses",
    "gang_leakage",
    "generated_graph",
    "graph_layout",
    "independent_leakage",
    "influence",
    "leakage_scenarios",
    "paper_fig8",
    "plot_classes",
    "plot_fig8",
    "plot_leakage",
    "plot_ratio_cut",
    "pool_leakage",
    "read_graph",
    "receiver_metrics",
    "refine",
    "scale_features",
    "similarity_graph",
    "spread_leakage",
    "worst_placement",
]

_HOMES = {
    "Betweenness": "_betweenness",
    "Estimate": "_leakage_intervals",
    "GangLeakage": "_leakage_gangs",
    "Layout": "_layout",
    "Leakage": "_leakage",
    "LeakageScenario": "_leakage_scenarios",
    "LevelAssignment": "_result",
    "LevelClustering": "_levels",
    "PaperFig8": "_leakage_fig8",
    "PartitionQuality": "_quality",
    "Quality": "_quality",
    "Sharing": "_leakage",
    "SimilarityGraph": "_similarity",
    "SocialGraph": "_graph",
    "betweenness": "_betweenness",
    "bounded_assignment": "_assignment",
    "full_losses": "_leakage_fig8",
    "gang_leakage": "_leakage_gangs",
    "generated_graph": "_generated",
    "graph_layout": "_layout",
    "independent_leakage": "_leakage",
    "influence": "_influence",
    "leakage_scenarios": "_leakage_scenarios",
    "paper_fig8": "_leakage_fig8",
    "plot_classes": "_classes_plot",
    "plot_fig8": "_leakage_plots",
    "plot_leakage": "_leakage_plots",
    "plot_ratio_cut": "_plots",
    "pool_leakage": "_leakage",
    "read_graph": "_reading",
    "receiver_metrics": "_metrics",
    "refine": "_refine",
    "scale_features": "_features",
    "similarity_graph": "_similarity",
    "spread_leakage": "_leakage",
    "worst_placement": "_leakage",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
