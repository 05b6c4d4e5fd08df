# SPDX-License-Identifier: Apache-2.0
"""The first eigenvectors of the similarity graph's Laplacian."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg, sparse
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh, splu

from pmcb_clustering.errors import ClusteringError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pmcb_clustering._similarity import SimilarityGraph

__all__ = ["spectral_embedding"]

DENSE_LIMIT = 200  # below this many points the dense solver is both faster and exact
SHIFT = -1e-4  # of the median degree: below the zero eigenvalue, so that factors exist
ROUNDS = 1_000


def spectral_embedding(graph: SimilarityGraph, n_vectors: int) -> NDArray[np.float64]:
    """Eigenvectors of the T smallest eigenvalues: L y = lambda C y, C = diag(multiplicity).

    With C = I this is the relaxed RatioCut of the paper; min RatioCut = sum of the lambdas is
    only a lower bound. C counts users of equal features as often as they occur. The pencil is
    solved as C^-1/2 L C^-1/2 z = lambda z by shift-invert on a sparse factorisation, with a fixed
    start (and fixed new ones, where the graph is so regular that the first spans too little) and
    with the largest entry of every vector positive.

    Args:
        graph: p connected points.
        n_vectors: T, 1 .. p.

    Returns:
        shape (p, T); the first column is constant.

    Raises:
        ClusteringError: the solver did not converge.
    """
    weights, multiplicity = graph.weights, graph.multiplicity
    root = 1.0 / np.sqrt(multiplicity)
    half = sparse.diags_array(root)
    degree = weights.sum(axis=1)
    laplacian = half @ (sparse.diags_array(degree) - weights) @ half
    if len(multiplicity) <= max(DENSE_LIMIT, 2 * n_vectors):
        _, vectors = linalg.eigh(laplacian.toarray(), subset_by_index=[0, n_vectors - 1])
    else:
        shift = SHIFT * float(np.median(degree / multiplicity))
        shifted = sparse.csc_array(laplacian - shift * sparse.eye_array(len(root)))
        factors = splu(
            shifted,
            permc_spec="MMD_AT_PLUS_A",  # a symmetric order: far less fill than the default
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        inverse = LinearOperator(shifted.shape, matvec=factors.solve, dtype=np.float64)
        rng = np.random.default_rng(0)
        start = rng.random(len(root))
        try:
            values, vectors = eigsh(
                laplacian, n_vectors, sigma=shift, OPinv=inverse, v0=start, maxiter=ROUNDS, rng=rng
            )
        except ArpackNoConvergence as error:
            raise ClusteringError(
                "the eigenvectors of the similarity graph did not converge",
                next_step="Use mode 'balanced', which needs none.",
            ) from error
        vectors = vectors[:, np.argsort(values)]
    rows = vectors * root[:, None]
    peak = np.abs(rows).argmax(axis=0)
    signed: NDArray[np.float64] = rows * np.sign(rows[peak, np.arange(n_vectors)])
    return signed
